//! The real window in a host under Xvfb, with mouse and keyboard input. A child process that has the right
//! DISPLAY does it: this program again, as one of its tests, which plain `cargo test` leaves out.

use crate::sessions::display;
use end_to_end::load;
use rig::desktop::{FakeInput, InputAction, ScreenChanges, Screenshot};
use rig::hosts::RequestedSize;
use rig::{Instance, Mode, PluginFormat, RecordedNote, Session, Setup};
use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The variable that marks the child process.
const RUN: &str = "BEATFIELD_WINDOW";
const SIZE: (u32, u32) = (960, 860);
const RATE: f64 = 48_000.0;
/// Two bars take two seconds.
const TEMPO: f64 = 240.0;
const CYCLE_BEATS: f64 = 8.0;
/// How long a child may take on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Runs the test `name` of this file under an X server of its own. The child waits for events without a limit
/// of its own: after [`TIMEOUT`] the server ends, and then every wait does.
#[track_caller]
fn run_under_display(name: &str) {
    let Some(display) = display() else { return };
    let this = std::env::current_exe().expect("the path of this program");
    let child = Command::new(this)
        .args([&format!("window::{name}"), "--exact", "--ignored", "--nocapture"])
        .env(RUN, "1")
        .env("DISPLAY", display.name())
        .env_remove("WAYLAND_DISPLAY")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this program starts again");
    let (ended, end) = mpsc::channel();
    let wait = std::thread::spawn(move || {
        let output = child.wait_with_output();
        // Without a receiver the time was over.
        let _in_time = ended.send(()).is_ok();
        output
    });
    let in_time = end.recv_timeout(TIMEOUT).is_ok();
    drop(display);
    let output = wait.join().expect("a thread that only waits").expect("the output of the child");
    let [printed, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(in_time, "not within {} s\n{printed}{errors}", TIMEOUT.as_secs());
    assert!(output.status.success(), "{}\n{printed}{errors}", output.status);
    assert!(printed.contains("1 passed"), "the child ran no test\n{printed}");
}

/// Fails where a child's test is not run by its parent, so that it never passes without having done anything.
fn require_parent() {
    assert!(std::env::var_os(RUN).is_some(), "another test starts this one with {RUN} and a display");
}

#[test]
fn a_puck_dragged_in_the_real_window_changes_the_notes() {
    run_under_display("a_drag_in_a_process_of_its_own");
}

#[test]
#[ignore = "a_puck_dragged_in_the_real_window_changes_the_notes runs it"]
fn a_drag_in_a_process_of_its_own() {
    require_parent();
    let bundle = load(PluginFormat::Clap);
    let mut instance = bundle.create().expect("the plugin starts");
    open_and_wait(&mut instance);
    let x = instance.parameter("X").expect("the plugin has an X");
    let still = [("Temperature", "0"), ("Variation", "1"), ("X", "0.5"), ("Y", "0.5")];
    let before = bounce(&mut instance, &still);
    assert_eq!(bounce(&mut instance, &[]), before, "nothing changes without a drag");

    // Blocks hand the host what the window has set.
    let setup = Setup { rate: RATE, ..Setup::new(Mode::Realtime) };
    let mut session = Session::start(&mut instance, setup, TEMPO).expect("the plugin activates");
    let input = FakeInput::new().expect("the server accepts test input");
    for action in "move 283 283; press; move 200 360; move 120 440; move 90 470; release".split(';') {
        perform(&input, action);
        roll(&mut session, 0.5);
    }
    // The window gets the release some frames after the server has sent it. Input fails once the server has ended.
    while session.instance().value(x).expect("X has a value") >= 0.2 {
        perform(&input, "move 90 470");
        roll(&mut session, 0.1);
    }
    session.finish().expect("the plugin deactivates");
    let after = bounce(&mut instance, &[]);
    assert!(before.len() > 4 && after.len() > 4, "{} and {} notes", before.len(), after.len());
    assert_ne!(before, after);
}

/// Step and note of what plays in the first cycle of an offline render, which waits for the decode thread.
fn bounce(instance: &mut Instance, settings: &[(&str, &str)]) -> BTreeSet<(i64, u8)> {
    let mut session =
        Session::start(instance, Setup::new(Mode::Offline), TEMPO).expect("the plugin activates");
    for (name, value) in settings {
        session.set_text(name, value).expect("the plugin has this parameter");
    }
    session.transport().play();
    session.render_beats(CYCLE_BEATS, std::iter::repeat(512)).expect("the plugin plays");
    session.transport().stop();
    session.render(64).expect("the plugin plays");
    let notes = session.finish().expect("the plugin deactivates").notes;
    let step = |note: &RecordedNote| (note.start_beats * 4.0).round() as i64;
    notes.iter().map(|note| (step(note), note.note)).filter(|(step, _)| (0..32).contains(step)).collect()
}

/// Plays in real time.
fn roll(session: &mut Session<'_>, beats: f64) {
    session.render_realtime(beats, 480).expect("the plugin plays");
}

/// Opens the window and waits until it is drawn.
fn open_and_wait(instance: &mut Instance) {
    open_late_and_wait(instance, Duration::ZERO);
}

fn open_late_and_wait(instance: &mut Instance, shown_after: Duration) {
    let changes = ScreenChanges::watch().expect("the server reports what is drawn");
    let size = RequestedSize { pixels: Some(SIZE), shown_after, ..RequestedSize::default() };
    instance.open_window("Beatfield", size).expect("the window opens");
    while !Screenshot::take(SIZE.0, SIZE.1).expect("the screen can be seen").shows_something() {
        changes.next().expect("the window is drawn");
    }
}

fn perform(input: &FakeInput, script: &str) {
    for action in InputAction::parse_all(script).expect("a valid script") {
        action.perform(input).expect("the server accepts it");
    }
}

#[test]
fn space_and_other_keys_that_the_window_does_not_need_go_to_the_host() {
    run_under_display("keys_in_a_process_of_its_own");
}

#[test]
#[ignore = "space_and_other_keys_that_the_window_does_not_need_go_to_the_host runs it"]
fn keys_in_a_process_of_its_own() {
    const SPACE: u32 = 0x20;
    const F5: u32 = 0xffc2;
    require_parent();
    for format in PluginFormat::ALL {
        let bundle = load(format);
        let mut instance = bundle.create().expect("the plugin starts");
        open_and_wait(&mut instance);
        let input = FakeInput::new().expect("the server accepts test input");
        let next = |instance: &Instance| {
            instance.host_window().expect("an open window").next_key().expect("a key arrives")
        };
        let changes = ScreenChanges::watch().expect("the server reports what is drawn");
        // On the map and on the pattern, which take the arrow keys themselves, and on a knob.
        for (place, arrow) in [("283 283", "key Left;"), ("400 720", "key Left;"), ("648 105", "")] {
            // Keys come to the plugin on a way of their own, so it has to have seen the click before.
            for step in [format!("move {place}"), "press".to_owned(), "release".to_owned()] {
                perform(&input, &step);
                changes.next().expect("what the pointer does is drawn");
            }
            perform(&input, &format!("{arrow} key space; key F5"));
            assert_eq!([next(&instance), next(&instance)], [SPACE, F5], "{format:?} at {place}");
        }
        instance.close_window();
    }
}

/// The toolkit's timer fired before the window was shown, and the window stayed blank: on a busy machine in one
/// run of ten.
#[test]
fn a_window_that_the_host_shows_late_is_drawn() {
    run_under_display("a_late_window_in_a_process_of_its_own");
}

#[test]
#[ignore = "a_window_that_the_host_shows_late_is_drawn runs it"]
fn a_late_window_in_a_process_of_its_own() {
    require_parent();
    let bundle = load(PluginFormat::Clap);
    let mut instance = bundle.create().expect("the plugin starts");
    open_late_and_wait(&mut instance, Duration::from_millis(200));
}

/// The toolkit did not wait for the threads of a window that it closed; the host crashed where it ended at the same
/// time, in one run of twenty.
#[test]
fn a_closed_window_leaves_no_thread() {
    run_under_display("threads_of_a_window_in_a_process_of_its_own");
}

#[test]
#[ignore = "a_closed_window_leaves_no_thread runs it"]
fn threads_of_a_window_in_a_process_of_its_own() {
    require_parent();
    let threads = || std::fs::read_dir("/proc/self/task").expect("the system lists them").count();
    let bundle = load(PluginFormat::Clap);
    for _ in 0..5 {
        let before = threads();
        let mut instance = bundle.create().expect("the plugin starts");
        open_and_wait(&mut instance);
        drop(instance);
        assert_eq!(threads(), before);
    }
}
