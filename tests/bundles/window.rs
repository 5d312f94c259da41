//! The real window, once: under Xvfb, in a host, with a hand on the mouse. A program that is born with the
//! right DISPLAY does it: this one again, as one test of it.

use end_to_end::load;
use rig::desktop::{Act, DesktopError, Display, Hand, Picture};
use rig::hosts::clap::WindowSize;
use rig::{Bundle, Format, Instance, Mode, Note, Session, Setup};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

/// Says to the program that it is the run under the display.
const RUN: &str = "BEATFIELD_WINDOW";
const SIZE: (u32, u32) = (960, 860);
const RATE: f64 = 48_000.0;
/// Two bars take two seconds.
const TEMPO: f64 = 240.0;
const CYCLE_BEATS: f64 = 8.0;
/// How long the window and what was dragged in it may take to arrive on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

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
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}", output.status);
}

#[test]
fn a_drag_in_a_process_of_its_own() {
    if std::env::var_os(RUN).is_none() {
        return; // run by the test above only
    }
    let Bundle::Clap(bundle) = load(Format::Clap) else { panic!("a .clap file is a CLAP bundle") };
    let mut instance = bundle.create().expect("the plugin starts");
    let size = WindowSize { pixels: Some(SIZE), scale: None };
    instance.open_window("Beatfield", size).expect("the window opens");
    let x = instance.parameter("X").expect("the plugin has an X");
    let mut session =
        Session::start(&mut instance, Setup { rate: RATE, ..Setup::new(Mode::Realtime) }, TEMPO)
            .expect("the plugin activates");
    // Every cycle is the same as long as nothing is moved.
    for (name, value) in [("Temperature", "0"), ("Variation", "1"), ("X", "0.5"), ("Y", "0.5")] {
        session.set_text(name, value).expect("the plugin has this parameter");
    }
    until(&mut session, "the window shows something", |_| {
        Picture::take(SIZE.0, SIZE.1).expect("the screen can be seen").shows_something()
    });
    roll(&mut session, 4.0);
    session.transport().play();
    roll(&mut session, 2.0 * CYCLE_BEATS);

    let hand = Hand::new().expect("a hand on the mouse");
    let drag = "move 283 283; press; move 200 360; move 120 440; move 90 470; release";
    for act in Act::parse_all(drag).expect("a hand can do all this") {
        act.perform(&hand).expect("the server lets it");
        roll(&mut session, 0.5);
    }
    until(&mut session, "the drag reaches the host", |session| {
        session.instance().value(x).is_ok_and(|value| value < 0.2)
    });
    // From the next cycle on, everything is of the new place.
    let now = session.transport().beats();
    let first = (now / CYCLE_BEATS).ceil() + 1.0;
    roll(&mut session, (first + 1.0) * CYCLE_BEATS - now + 1.0);
    session.transport().stop();
    roll(&mut session, 0.5);
    let recording = session.finish().expect("the plugin deactivates");
    let (before, after) = (cycle(&recording.notes, 1.0), cycle(&recording.notes, first));
    assert!(before.len() > 4 && after.len() > 4, "{} and {} notes", before.len(), after.len());
    assert_eq!(cycle(&recording.notes, 0.0), before, "nothing changes while nobody drags");
    assert_ne!(before, after);
}

/// Step and note of everything in one pass through the pattern.
fn cycle(notes: &[Note], number: f64) -> BTreeSet<(i64, u8)> {
    let step = |note: &Note| ((note.start_beats - number * CYCLE_BEATS) * 4.0).round() as i64;
    notes.iter().map(|note| (step(note), note.note)).filter(|(step, _)| (0..32).contains(step)).collect()
}

/// Plays in real time, as a host does while somebody watches.
fn roll(session: &mut Session<'_>, beats: f64) {
    const FRAMES: u32 = 480;
    let (start, blocks) = (Instant::now(), (beats * 60.0 / TEMPO * RATE / f64::from(FRAMES)).ceil() as u32);
    for block in 1..=blocks {
        session.render(FRAMES).expect("the plugin plays");
        let due = Duration::from_secs_f64(f64::from(block * FRAMES) / RATE);
        std::thread::sleep(due.saturating_sub(start.elapsed()));
    }
}

/// Rolls on until something is so.
fn until(session: &mut Session<'_>, what: &str, so: impl Fn(&mut Session<'_>) -> bool) {
    let start = Instant::now();
    while !so(session) {
        assert!(start.elapsed() < PATIENCE, "{what}: not within {} s", PATIENCE.as_secs());
        roll(session, 0.5);
    }
}
