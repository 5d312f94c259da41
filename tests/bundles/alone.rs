//! This program again, as one of its tests: for what may abort, or changes the process for good.

use rig::Format;
use std::process::Command;

/// Runs the test called `name` in a process of its own, once a format, told through the variable `wish`, and
/// returns what it printed. It must end well, and no thread may panic, not even one that keeps it to itself.
#[track_caller]
pub(crate) fn alone(name: &str, wish: &str, format: Format) -> String {
    let this = std::env::current_exe().expect("the path of this program");
    let output = Command::new(this)
        .args([name, "--exact", "--nocapture"])
        .env(wish, format!("{format:?}"))
        .output()
        .expect("this program starts again");
    let wrong = String::from_utf8_lossy(&output.stderr);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{format:?}: {}\n{said}{wrong}", output.status);
    assert!(!wrong.contains("panicked at"), "{format:?}: {wrong}");
    said
}

/// The format that `wish` names, where this is such a process.
pub(crate) fn wished(wish: &str) -> Option<Format> {
    let wanted = std::env::var(wish).ok()?;
    Format::ALL.into_iter().find(|format| format!("{format:?}") == wanted)
}
