//! `test`: format, lints, bundles, tests and docs. The continuous integration runs the same.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::{bundle, child, machine};

/// Everything that the tests need, built at once and with one set of features, so that the framework and the
/// networks compile a single time. Without xtask: Windows does not replace a program that runs. Without the
/// proof: its feature `faults` would be compiled into the plugin under test.
pub(crate) const ALL_FOR_TESTS: [&str; 6] =
    ["--workspace", "--exclude=xtask", "--exclude=proof", "--lib", "--bins", "--tests"];

/// Runs all stages even when one fails, and sums up in the last line. A stage that fails for another reason
/// than its tests counts as one failure.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    machine::require_test_tools()?;
    let mut counts = TestCounts::default();

    let formatted =
        stage("format", || child::run(child::cargo().args(["fmt", "--all", "--check"]), "cargo fmt"));
    let linted = stage("lints", lints);
    let bundles = stage("bundles", || {
        bundle::build_debug(&ALL_FOR_TESTS)?;
        bundle::bundle_debug()
    });
    let tested = bundles.as_ref().and_then(|bundles| stage("tests", || tests(bundles, &mut counts)));
    let documented = stage("docs", docs);

    let mut failed = counts.failed;
    failed +=
        [formatted, linted, bundles.map(drop), documented].iter().filter(|stage| stage.is_none()).count();
    if tested.is_none() && counts.failed == 0 {
        failed += 1;
    }
    for (subject, tests) in &counts.lacking {
        println!("{subject}: not run ({tests}); CONTRIBUTING.md says what they need");
    }
    println!("{} passed, {failed} failed", counts.passed);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs one stage and prints its result and duration; `None` when it failed.
fn stage<T>(name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> Option<T> {
    println!("== {name}");
    let start = Instant::now();
    let done = work();
    let time = minutes(start.elapsed());
    match done {
        Ok(value) => {
            println!("== {name}: passed in {time}");
            Some(value)
        }
        Err(error) => {
            println!("== {name}: FAILED after {time}: {error:#}");
            None
        }
    }
}

fn minutes(time: Duration) -> String {
    format!("{} min {:04.1} s", time.as_secs() / 60, time.as_secs_f64() % 60.0)
}

fn lints() -> anyhow::Result<()> {
    let mut clippy = child::cargo();
    clippy.args(["clippy", "--workspace", "--all-targets", "--", "--deny=warnings"]);
    child::run(&mut clippy, "cargo clippy")
}

fn docs() -> anyhow::Result<()> {
    let mut doc = child::cargo();
    doc.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny=warnings");
    child::run(&mut doc, "cargo doc")
}

/// Runs every test with the bundles in `bundles`; the proof's own come last, by themselves.
fn tests(bundles: &Path, counts: &mut TestCounts) -> anyhow::Result<()> {
    let most = ["--workspace", "--exclude=proof", "--features", bundle::ASSERT_ALLOCS];
    let mut ended =
        vec![tests_of(&most, &[], bundles, counts), tests_of(&["--package", "proof"], &[], bundles, counts)];
    if std::env::var_os(CORPORA).is_some() {
        ended.push(tests_of(&["--package", "corpus", "--test", "corpora"], &["--ignored"], bundles, counts));
    } else {
        counts.lacking.insert("corpus tests".to_owned(), 1);
    }
    if counts.failed > 0 {
        bail!("{} of {} tests failed; they are listed above", counts.failed, counts.passed + counts.failed);
    }
    ended.into_iter().collect()
}

/// Names the folder of real music, for the tests that read it.
const CORPORA: &str = "BEATFIELD_CORPORA";

/// Runs the tests of `scope` (arguments of cargo) that `options` choose (arguments of the test programs), prints
/// cargo's output and counts the results.
fn tests_of(scope: &[&str], options: &[&str], bundles: &Path, counts: &mut TestCounts) -> anyhow::Result<()> {
    let mut test = child::cargo();
    test.args(["test", "--no-fail-fast"]).args(scope).args(["--", "--show-output"]).args(options);
    test.env("BEATFIELD_BUNDLES", bundles).stdout(Stdio::piped());

    let mut running = test.spawn().context("cargo test could not be started")?;
    let output = running.stdout.take().context("cargo test has no output")?;
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line).context("reading the output of cargo test")? > 0 {
        let text = String::from_utf8_lossy(&line);
        if counts.count(&text) {
            print!("{text}");
        }
        line.clear();
    }
    let status = running.wait().context("waiting for cargo test")?;
    child::ended(status, "cargo test")
}

/// What the test programs reported so far, and which of their lines are printed: not those of successful
/// tests.
#[derive(Debug, Default, PartialEq, Eq)]
struct TestCounts {
    /// Tests that passed.
    passed: usize,
    /// Tests that failed.
    failed: usize,
    /// What tests needed and did not find (corpora, a display, Linux 5.11), and how many
    /// tests reported it. They count as passed.
    lacking: BTreeMap<String, usize>,
    among_successes: bool,
}

/// What a test prints after its subject where something is missing, as in `window tests: not run (Xvfb is not
/// installed)` of `tests/bundles/window.rs`.
const NOT_RUN: &str = ": not run";

impl TestCounts {
    /// Counts one line of a test program's output; returns whether to print it.
    fn count(&mut self, line: &str) -> bool {
        let line = line.trim_end();
        if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += child::number_before(result, " passed").unwrap_or(0);
            self.failed += child::number_before(result, " failed").unwrap_or(0);
            self.among_successes = false;
        } else if line == "failures:" {
            self.among_successes = false;
        } else if line == "successes:" {
            self.among_successes = true;
        } else if self.among_successes
            && let Some((subject, _)) = line.split_once(NOT_RUN)
        {
            *self.lacking.entry(subject.to_owned()).or_default() += 1;
        }
        !self.among_successes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &str, expected: (usize, usize, usize), shown: usize) {
        let mut counts = TestCounts::default();
        let shown_lines = lines.lines().filter(|line| counts.count(line)).count();
        let lacking = counts.lacking.values().sum();
        assert_eq!((counts.passed, counts.failed, lacking), expected, "{lines}");
        assert_eq!(shown_lines, shown, "{lines}");
    }

    #[test]
    fn several_programs_add_up() {
        check(
            "test result: ok. 12 passed; 0 failed; 0 ignored; finished in 0.01s\n\
             test result: FAILED. 3 passed; 2 failed; 0 ignored; finished in 0.01s",
            (15, 2, 0),
            2,
        );
    }

    #[test]
    fn what_successful_tests_say_is_counted_and_hidden() {
        check(
            "test groove ... ok\n\nsuccesses:\n\n---- groove stdout ----\n\
             window tests: not run (Xvfb is not installed)\n\n\
             successes:\n    groove\n\ntest result: ok. 1 passed; 0 failed",
            (1, 0, 1),
            3,
        );
    }

    #[test]
    fn what_a_machine_lacks_is_told_apart() {
        let mut counts = TestCounts::default();
        for line in ["successes:", "real time: not run (1): why", "window tests: not run (no X)"] {
            counts.count(line);
        }
        let lacking: Vec<_> = counts.lacking.into_iter().collect();
        assert_eq!(lacking, [("real time".to_owned(), 1), ("window tests".to_owned(), 1)]);
    }

    #[test]
    fn what_failed_tests_say_is_shown() {
        check(
            "successes:\n    a\n\nfailures:\n\n---- b stdout ----\nwhy\n\ntest result: FAILED. 1 passed; 1 failed",
            (1, 1, 0),
            6,
        );
    }
}
