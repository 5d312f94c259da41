//! Checks that may abort or that change the process for good, each in a child process: this program again, as
//! one of its tests, which plain `cargo test` leaves out.

use end_to_end::load;
use rig::checks::realtime::{faults, run as watch};
use rig::checks::{lifecycle, states};
use rig::watch::WatchError;
use rig::{Bundle, PluginFormat};
use std::process::Command;

/// The variable that names the format of a child process.
const FORMAT: &str = "BEATFIELD_CHILD_FORMAT";

/// Runs the test `name` of this file in a child process for each format; returns what they print. They must
/// succeed, and no thread may panic, not even where the framework catches the panic.
#[track_caller]
fn run_children(name: &str) -> Vec<String> {
    let program = std::env::current_exe().expect("the path of this program");
    let run = |format: PluginFormat| {
        let output = Command::new(&program)
            .args([&format!("child_processes::{name}"), "--exact", "--ignored", "--nocapture"])
            .env(FORMAT, format!("{format:?}"))
            .output()
            .expect("this program starts again");
        let errors = String::from_utf8_lossy(&output.stderr);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{format:?}: {}\n{printed}{errors}", output.status);
        assert!(!errors.contains("panicked at"), "{format:?}: {errors}");
        assert!(printed.contains("1 passed"), "the child ran no test\n{printed}");
        printed
    };
    PluginFormat::ALL.map(run).into()
}

/// The bundle of the format of this child process. Fails where another started it than the test above it, so
/// that it never passes without having done anything.
fn child_bundle() -> (PluginFormat, Bundle) {
    let name = std::env::var(FORMAT).expect("another test starts this one, with a format");
    let format = PluginFormat::ALL.into_iter().find(|format| format!("{format:?}") == name);
    let format = format.expect("a format of ours");
    (format, load(format))
}

// The framework's shared worker can abort a process when an instance is destroyed while work is pending.
#[test]
fn instances_come_and_go_without_an_abort() {
    for _ in 0..2 {
        run_children("child_of_cycles");
    }
}

#[test]
#[ignore = "the test above runs it in a process of its own"]
fn child_of_cycles() {
    let (_, bundle) = child_bundle();
    lifecycle::cycles(&bundle, 60).expect("the plugin plays");
}

#[test]
fn every_order_of_calls_ends_well_and_leaves_no_thread() {
    run_children("child_of_orders");
}

#[test]
#[ignore = "the test above runs it in a process of its own"]
fn child_of_orders() {
    let (_, bundle) = child_bundle();
    // Up to 4 calls, which are 97 orders. `cargo xtask realtime` goes up to 6.
    let done = lifecycle::run(&bundle, &lifecycle::orders(4));
    assert_eq!(done.map(|done| done.groups).map_err(|error| format!("{error:#}")), Ok(13));
}

/// `cargo xtask states` tries a hundred thousand.
#[test]
fn whatever_stands_in_a_project_plays_notes_that_are_notes_and_saves_what_it_understands() {
    println!("{:?}", run_children("child_of_states"));
}

#[test]
#[ignore = "the test above runs it in a process of its own"]
fn child_of_states() {
    const STATES: u64 = 400;
    let (_, bundle) = child_bundle();
    let tally = states::run(&bundle, 1, 0, STATES).unwrap_or_else(|failed| {
        panic!("{failed}\n{}", String::from_utf8_lossy(&failed.state));
    });
    println!("{tally:?}");
    assert!(
        tally.accepted > STATES / 4 && tally.notes > STATES,
        "most of it was refused or silent: {tally:?}"
    );
}

/// Counted while eight instances play live. `cargo xtask realtime` does the same to the release, for longer.
#[test]
fn the_audio_thread_allocates_nothing_locks_nothing_and_makes_no_system_call() {
    for printed in run_children("child_of_realtime") {
        if let Some(line) = printed.lines().find(|line| line.starts_with("real time: not run")) {
            println!("{line}");
        }
    }
}

#[test]
#[ignore = "the test above runs it in a process of its own"]
fn child_of_realtime() {
    let (format, bundle) = child_bundle();
    match watch(&bundle, 0.3) {
        Err(reason) if reason.is::<WatchError>() => println!("real time: not run (1): {reason}"),
        activities => {
            let activities = activities.expect("the plugin plays");
            assert_eq!(faults(&activities, format), [""; 0], "{activities:#?}");
        }
    }
}
