//! What a user sees of an error.

use std::process::Command;

#[test]
fn an_error_is_one_sentence_also_where_backtraces_are_on() {
    let mut lab = Command::new(env!("CARGO_BIN_EXE_lab"));
    lab.args(["sample", "--model", "no such file", "--out", "nowhere"]).env("RUST_BACKTRACE", "1");
    let output = lab.output().expect("the lab runs");
    let printed = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.starts_with("lab: ") && printed.contains("no such file"), "{printed}");
    assert_eq!(printed.trim_end().lines().count(), 1, "{printed}");
}
