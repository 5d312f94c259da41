//! The real window in a host under Xvfb, with mouse input. A child process that has the right DISPLAY does it:
//! this program again, as one of its tests.

use end_to_end::load;
use rig::desktop::{DesktopError, Display, FakeInput, InputAction, Screenshot};
use rig::hosts::RequestedSize;
use rig::{Bundle, Instance, Mode, PluginFormat, RecordedNote, Session, Setup};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

/// The variable that marks the child process.
const RUN: &str = "BEATFIELD_WINDOW";
const SIZE: (u32, u32) = (960, 860);
const RATE: f64 = 48_000.0;
/// Two bars take two seconds.
const TEMPO: f64 = 240.0;
const CYCLE_BEATS: f64 = 8.0;
/// How long the window and the result of a drag may take on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

#[test]
fn a_puck_dragged_in_the_real_window_changes_the_notes() {
    let display = match Display::start(1280, 1024) {
        Ok(display) => display,
        Err(DesktopError::NoServer) => {
            println!("window tests: not run ({})", DesktopError::NoServer);
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let this = std::env::current_exe().expect("the path of this program");
    let output = Command::new(this)
        .args(["window::a_drag_in_a_process_of_its_own", "--exact", "--nocapture"])
        .env(RUN, "1")
        .env("DISPLAY", display.name())
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .expect("this program starts again");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{errors}", output.status);
}

#[test]
fn a_drag_in_a_process_of_its_own() {
    if std::env::var_os(RUN).is_none() {
        return; // run by the test above only
    }
    let Bundle::Clap(bundle) = load(PluginFormat::Clap) else { panic!("a .clap file is a CLAP bundle") };
    let mut instance = bundle.create().expect("the plugin starts");
    let size = RequestedSize { pixels: Some(SIZE), scale: None };
    instance.open_window("Beatfield", size).expect("the window opens");
    let x = instance.parameter("X").expect("the plugin has an X");
    let mut session =
        Session::start(&mut instance, Setup { rate: RATE, ..Setup::new(Mode::Realtime) }, TEMPO)
            .expect("the plugin activates");
    // Without a drag every cycle is the same.
    for (name, value) in [("Temperature", "0"), ("Variation", "1"), ("X", "0.5"), ("Y", "0.5")] {
        session.set_text(name, value).expect("the plugin has this parameter");
    }
    until(&mut session, "the window shows something", |_| {
        Screenshot::take(SIZE.0, SIZE.1).expect("the screen can be seen").shows_something()
    });
    roll(&mut session, 4.0);
    session.transport().play();
    roll(&mut session, 2.0 * CYCLE_BEATS);

    let input = FakeInput::new().expect("the server accepts test input");
    let drag = "move 283 283; press; move 200 360; move 120 440; move 90 470; release";
    for action in InputAction::parse_all(drag).expect("a valid script") {
        action.perform(&input).expect("the server accepts it");
        roll(&mut session, 0.5);
    }
    until(&mut session, "the drag reaches the host", |session| {
        session.instance().value(x).is_ok_and(|value| value < 0.2)
    });
    // From the next cycle on, all notes are of the new position.
    let now = session.transport().beats();
    let first = (now / CYCLE_BEATS).ceil() + 1.0;
    roll(&mut session, (first + 1.0) * CYCLE_BEATS - now + 1.0);
    session.transport().stop();
    roll(&mut session, 0.5);
    let recording = session.finish().expect("the plugin deactivates");
    let (before, after) = (cycle(&recording.notes, 1.0), cycle(&recording.notes, first));
    assert!(before.len() > 4 && after.len() > 4, "{} and {} notes", before.len(), after.len());
    assert_eq!(cycle(&recording.notes, 0.0), before, "nothing changes without a drag");
    assert_ne!(before, after);
}

/// Step and note of what plays in one cycle.
fn cycle(notes: &[RecordedNote], number: f64) -> BTreeSet<(i64, u8)> {
    let step = |note: &RecordedNote| ((note.start_beats - number * CYCLE_BEATS) * 4.0).round() as i64;
    notes.iter().map(|note| (step(note), note.note)).filter(|(step, _)| (0..32).contains(step)).collect()
}

/// Plays in real time.
fn roll(session: &mut Session<'_>, beats: f64) {
    session.render_realtime(beats, 480).expect("the plugin plays");
}

/// Plays until a condition holds.
fn until(session: &mut Session<'_>, what: &str, condition: impl Fn(&mut Session<'_>) -> bool) {
    let start = Instant::now();
    while !condition(session) {
        assert!(start.elapsed() < TIMEOUT, "{what}: not within {} s", TIMEOUT.as_secs());
        roll(session, 0.5);
    }
}
