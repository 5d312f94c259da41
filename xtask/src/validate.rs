//! `validate`: runs every plugin validator that is installed over the bundles.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::child::number_before;
use crate::{bundle, machine};

/// How long one validator may take: pluginval at its strictest takes minutes on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(900);

#[derive(clap::Args)]
pub(crate) struct ValidateOptions {
    /// Take the bundles in this folder as they are instead of building the release
    #[arg(long, value_name = "FOLDER")]
    bundles: Option<PathBuf>,
}

/// A validator, and how its output is read.
struct Validator {
    name: &'static str,
    /// The names that it may have on PATH.
    programs: &'static [&'static str],
    bundle: &'static str,
    /// Arguments before the bundle's path.
    arguments: &'static [&'static str],
    read: fn(&str) -> Option<CheckCounts>,
    needs_display: bool,
    get: &'static str,
}

const VALIDATORS: [Validator; 3] = [
    Validator {
        name: "clap-validator",
        programs: &["clap-validator"],
        bundle: "Beatfield.clap",
        arguments: &["-v", "warn", "validate"],
        read: of_clap_validator,
        needs_display: false,
        get: "https://github.com/free-audio/clap-validator",
    },
    Validator {
        name: "vst3-validator",
        programs: &["vst3-validator", "validator"],
        bundle: "Beatfield.vst3",
        arguments: &[],
        read: of_vst3_validator,
        needs_display: false,
        get: "the target `validator` of https://github.com/steinbergmedia/vst3sdk",
    },
    Validator {
        name: "pluginval",
        programs: &["pluginval"],
        bundle: "Beatfield.vst3",
        arguments: &["--strictness-level", "10", "--validate"],
        read: of_pluginval,
        needs_display: true,
        get: "https://github.com/Tracktion/pluginval",
    },
];

/// Runs the validators that are installed, names the others, and prints how many checks passed and failed.
pub(crate) fn run(options: &ValidateOptions) -> anyhow::Result<ExitCode> {
    let bundles = bundle::given_or_release(options.bundles.as_deref())?;
    let logs = machine::target()?.join("validated");
    std::fs::create_dir_all(&logs).with_context(|| logs.display().to_string())?;

    let mut sum = CheckCounts::default();
    let mut missing = Vec::new();
    for validator in &VALIDATORS {
        let Some(command) = validator.command() else {
            println!("{:<15} not found; get it from {}", validator.name, validator.get);
            missing.push(validator.name);
            continue;
        };
        let counts = validator.run(command?, &bundles, &logs)?;
        sum.passed += counts.passed;
        sum.failed += counts.failed;
    }
    if missing.len() == VALIDATORS.len() {
        bail!("nothing was validated: none of {} is on PATH", missing.join(", "));
    }
    let left_out =
        if missing.is_empty() { String::new() } else { format!("; not found: {}", missing.join(", ")) };
    println!("{} passed, {} failed{left_out}", sum.passed, sum.failed);
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Validator {
    /// The command that starts it; none where it is not installed.
    fn command(&self) -> Option<anyhow::Result<Command>> {
        let program = machine::find_program(self.programs)?;
        if !self.needs_display || !cfg!(target_os = "linux") || std::env::var_os("DISPLAY").is_some() {
            return Some(Ok(Command::new(program)));
        }
        let Some(display) = machine::find_program(&["xvfb-run"]) else {
            let name = self.name;
            return Some(Err(anyhow::anyhow!(
                "{name} opens windows, and there is no display; on Debian: apt-get install xvfb"
            )));
        };
        let mut command = Command::new(display);
        command.arg("-a").arg(program);
        Some(Ok(command))
    }

    /// Runs it over its bundle and prints its counts; its output is kept in `logs`.
    fn run(&self, mut command: Command, bundles: &Path, logs: &Path) -> anyhow::Result<CheckCounts> {
        let bundle = bundles.join(self.bundle);
        if !bundle.exists() {
            bail!("{} is not there; `cargo xtask validate` without --bundles builds it", bundle.display());
        }
        let log = logs.join(self.name).with_extension("log");
        command.args(self.arguments).arg(&bundle);
        let ended = run_with_timeout(&mut command, TIMEOUT, &log).with_context(|| self.name.to_owned())?;
        let mut counts = (self.read)(&plain(&ended.output)).unwrap_or_default();
        // A validator that fails without naming a check, or whose output we cannot read, has not passed.
        if counts.failed == 0 && (!ended.succeeded || counts.passed == 0) {
            counts.failed = 1;
        }
        let CheckCounts { passed, failed } = counts;
        println!("{:<15} {passed} passed, {failed} failed over {}", self.name, bundle.display());
        if failed > 0 {
            println!("{:<15} wrote all of it to {}", "", log.display());
        }
        Ok(counts)
    }
}

/// The result of a child process.
struct ChildOutput {
    /// Whether it ended by itself, with exit code 0.
    succeeded: bool,
    /// What it wrote to stdout and stderr.
    output: String,
}

/// Runs `command` for at most `timeout` and kills it then; a killed command has not succeeded.
fn run_with_timeout(command: &mut Command, timeout: Duration, log: &Path) -> anyhow::Result<ChildOutput> {
    let out = File::create(log).with_context(|| log.display().to_string())?;
    let err = out.try_clone().context("the log cannot be shared")?;
    let mut child =
        command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().context("it does not start")?;
    let started = Instant::now();
    let succeeded = loop {
        if let Some(status) = child.try_wait().context("waiting for it")? {
            break status.success();
        }
        if started.elapsed() > timeout {
            child.kill().and_then(|()| child.wait()).context("it took too long and cannot be ended")?;
            break false;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let output = std::fs::read(log).with_context(|| log.display().to_string())?;
    Ok(ChildOutput { succeeded, output: String::from_utf8_lossy(&output).into_owned() })
}

/// Checks of one validator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct CheckCounts {
    passed: usize,
    failed: usize,
}

/// The text without ANSI colour codes, which some validators write into files too.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.get(1..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// "44 tests run, 36 passed, 0 failed, 0 warnings, 8 skipped"
fn of_clap_validator(output: &str) -> Option<CheckCounts> {
    let line = output.lines().rev().find(|line| line.contains(" tests run, "))?;
    Some(CheckCounts { passed: number_before(line, " passed")?, failed: number_before(line, " failed")? })
}

/// "Result: 47 tests passed, 0 tests failed"
fn of_vst3_validator(output: &str) -> Option<CheckCounts> {
    let line = output.lines().rev().find(|line| line.starts_with("Result: "))?;
    let (passed, failed) = (" tests passed", " tests failed");
    Some(CheckCounts { passed: number_before(line, passed)?, failed: number_before(line, failed)? })
}

/// A line for each group of tests: "Completed tests in pluginval / Editor", or "FAILED!!  1 test failed,
/// ...".
fn of_pluginval(output: &str) -> Option<CheckCounts> {
    let count = |beginning| output.lines().filter(|line| line.trim_start().starts_with(beginning)).count();
    Some(CheckCounts { passed: count("Completed tests in"), failed: count("FAILED!!") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(counts: Option<CheckCounts>, passed: usize, failed: usize) {
        assert_eq!(counts, Some(CheckCounts { passed, failed }));
    }

    #[test]
    fn each_validator_is_understood() {
        let coloured =
            "log\n44 tests run, \u{1b}[1;32m36\u{1b}[0m passed, \u{1b}[1;31m2\u{1b}[0m failed, 8 skipped\n";
        check(of_clap_validator(&plain(coloured)), 36, 2);
        check(of_vst3_validator("----\nResult: 47 tests passed, 1 tests failed\n----\n"), 47, 1);
        let groups = "Completed tests in pluginval / Scan\nFAILED!!  1 test failed, out of a total of 3\n";
        check(of_pluginval(groups), 1, 1);
    }

    #[test]
    fn what_says_nothing_has_no_counts() {
        assert_eq!(of_clap_validator("thread panicked"), None);
        assert_eq!(of_vst3_validator(""), None);
        assert_eq!(plain("a\u{1b}["), "a");
    }
}
