//! `test`: what must hold before a change is shared. The continuous integration calls the same.

mod tally;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::{bundle, child, tools};
use tally::Tally;

/// Everything that the tests need, built at once and with one set of features, so that the framework
/// and the networks compile a single time. Without xtask: Windows lets nobody replace what runs. Without
/// the proof: its switches for planted faults would get into the plugin under test.
const ALL_FOR_TESTS: [&str; 6] =
    ["--workspace", "--exclude=xtask", "--exclude=proof", "--lib", "--bins", "--tests"];

/// Runs all stages, one after another even when one fails, and sums up in the last line. A stage that
/// fails for another reason than its tests counts as one failure.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    tools::require()?;
    let mut tally = Tally::default();

    let formatted =
        stage("format", || child::run(child::cargo().args(["fmt", "--all", "--check"]), "cargo fmt"));
    let linted = stage("lints", lints);
    let bundles = stage("bundles", || {
        bundle::build_debug(&ALL_FOR_TESTS)?;
        bundle::bundle_debug()
    });
    let tested = bundles.as_ref().and_then(|bundles| stage("tests", || tests(bundles, &mut tally)));
    let documented = stage("docs", docs);

    let mut failed = tally.failed;
    failed +=
        [formatted, linted, bundles.map(drop), documented].iter().filter(|stage| stage.is_none()).count();
    if tested.is_none() && tally.failed == 0 {
        failed += 1;
    }
    for (subject, tests) in &tally.lacking {
        println!("{subject}: not run ({tests}); CONTRIBUTING.md says what they need");
    }
    println!("{} passed, {failed} failed", tally.passed);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs one stage and prints how it went and how long it took; `None` when it failed.
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
fn tests(bundles: &Path, tally: &mut Tally) -> anyhow::Result<()> {
    let most = ["--workspace", "--exclude=proof", "--features", bundle::ASSERT_ALLOCS];
    let ended = [&most[..], &["--package", "proof"]].map(|scope| tests_of(scope, bundles, tally));
    if tally.failed > 0 {
        bail!("{} of {} tests failed; they are listed above", tally.failed, tally.passed + tally.failed);
    }
    ended.into_iter().collect()
}

/// Runs the tests of `scope` (cargo's words for which), shows what cargo shows and counts along.
fn tests_of(scope: &[&str], bundles: &Path, tally: &mut Tally) -> anyhow::Result<()> {
    let mut test = child::cargo();
    test.args(["test", "--no-fail-fast"]).args(scope).args(["--", "--show-output"]);
    test.env("BEATFIELD_BUNDLES", bundles).stdout(Stdio::piped());

    let mut running = test.spawn().context("cargo test could not be started")?;
    let output = running.stdout.take().context("cargo test has no output")?;
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line).context("reading what cargo test says")? > 0 {
        let text = String::from_utf8_lossy(&line);
        if tally.count(&text) {
            print!("{text}");
        }
        line.clear();
    }
    let status = running.wait().context("waiting for cargo test")?;
    child::ended(status, "cargo test")
}
