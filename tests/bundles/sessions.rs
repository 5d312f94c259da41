//! Sessions and checks that the tests share.

use end_to_end::create;
#[cfg(target_os = "linux")]
use rig::desktop::{Display, NoServer};
use rig::{HostError, Instance, Mode, NoteFault, PluginFormat, RecordedNote, Recording, Session, Setup};

/// Runs `test` with a fresh instance of every format.
pub(crate) fn each_format(test: impl Fn(&mut Instance)) {
    for format in PluginFormat::ALL {
        println!("{format:?}");
        test(&mut create(format));
    }
}

/// Runs `test` once for every format.
pub(crate) fn each(test: impl Fn(PluginFormat)) {
    for format in PluginFormat::ALL {
        println!("{format:?}");
        test(format);
    }
}

/// An X server for windows; none, which is said, where the machine has no Xvfb.
#[cfg(target_os = "linux")]
#[track_caller]
pub(crate) fn display() -> Option<Display> {
    match Display::start(1280, 1024) {
        Err(error) if error.is::<NoServer>() => println!("window tests: not run ({error})"),
        started => return Some(started.expect("an X server")),
    }
    None
}

/// What a session with this script records offline; the transport starts stopped at bar 1 with 120 BPM.
pub(crate) fn bounce(
    instance: &mut Instance,
    script: impl FnOnce(&mut Session<'_>) -> Result<(), HostError>,
) -> Recording {
    perform(instance, Setup::new(Mode::Offline), script)
}

/// What a session with this script records.
pub(crate) fn perform(
    instance: &mut Instance,
    setup: Setup,
    script: impl FnOnce(&mut Session<'_>) -> Result<(), HostError>,
) -> Recording {
    let mut session = Session::start(instance, setup, 120.0).expect("the plugin activates");
    session.set_bounce(setup.mode).expect("the plugin has a Bounce parameter");
    script(&mut session).expect("the plugin plays");
    session.finish().expect("the plugin deactivates")
}

/// Plays the script live and expects the notes of `expected`: what its settings ask for is there before the first
/// block, as an activation waits for it.
pub(crate) fn plays_live(
    instance: &mut Instance,
    script: impl Fn(&mut Session<'_>) -> Result<(), HostError>,
    expected: &Recording,
) {
    let live = perform(instance, Setup::new(Mode::Realtime), &script);
    assert_no_faults(&live);
    assert_eq!(note_list(&live), note_list(expected), "live play differs from the offline render");
}

/// Plays `beats` quarter notes in blocks of these sizes, and stops.
pub(crate) fn play(
    session: &mut Session<'_>,
    beats: f64,
    sizes: impl IntoIterator<Item = u32>,
) -> Result<(), HostError> {
    session.transport().play();
    session.render_beats(beats, sizes)?;
    session.transport().stop();
    session.render(64)
}

/// A temperature, density and seed with many notes in any model.
pub(crate) fn play_busily(session: &mut Session<'_>) -> Result<(), HostError> {
    session.set_text("Temperature", "0.9")?;
    session.set_text("Density", "0.6")?;
    session.set_text("Seed", "7")
}

/// Blocks of this size without end.
pub(crate) fn blocks(size: u32) -> impl Iterator<Item = u32> {
    std::iter::repeat(size)
}

/// Blocks of changing sizes, 1 to `most`, from a fixed stream.
pub(crate) fn odd_blocks(seed: u32, most: u32) -> impl Iterator<Item = u32> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        // The linear congruential generator of Numerical Recipes; its high bits suffice.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        1 + (state >> 16) % most
    })
}

/// Start, end, note and velocity of every note.
pub(crate) fn note_list(recording: &Recording) -> Vec<(u64, u64, u8, u8)> {
    recording.notes.iter().map(|note| (note.start, note.end, note.note, note.velocity)).collect()
}

/// Step and note of what starts between these beats of the song, in steps from the first.
pub(crate) fn steps(recording: &Recording, from: f64, to: f64) -> Vec<(i64, u8)> {
    let inside = recording.notes.iter().filter(|note| (from - 0.05..to - 0.05).contains(&note.start_beats));
    let steps = inside.map(|note| (((note.start_beats - from) * 4.0).round() as i64, note.note));
    let mut steps: Vec<_> = steps.collect();
    steps.sort_unstable();
    steps
}

/// Asserts no fault and at least `fewest` notes.
#[track_caller]
pub(crate) fn assert_clean(recording: &Recording, fewest: usize) {
    assert_no_faults(recording);
    assert!(recording.notes.len() >= fewest, "{} notes, expected {fewest}", recording.notes.len());
}

/// Asserts that no note is doubled, lost, hanging or out of order.
#[track_caller]
pub(crate) fn assert_no_faults(recording: &Recording) {
    let first: Vec<&(u64, NoteFault, beat::NoteEvent)> = recording.faults.iter().take(5).collect();
    assert!(first.is_empty(), "{} faults, first {first:?}", recording.faults.len());
}

/// The distance of a note's start from the nearest step of the straight grid, in samples.
pub(crate) fn samples_off_grid(note: &RecordedNote, samples_a_beat: f64) -> f64 {
    let step = beat::Grid::FOUR_FOUR.step_beats();
    let steps = note.start_beats / step;
    (steps - steps.round()).abs() * samples_a_beat * step
}
