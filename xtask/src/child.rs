//! Child processes: they share our terminal, their exit codes become ours, and a failure is reported in one
//! sentence.

use std::ffi::OsString;
use std::fmt;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};

/// The arguments after the verb, passed on unchanged.
#[derive(clap::Args)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub(crate) struct Arguments {
    /// Passed on as they are; --help shows what is understood
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    words: Vec<OsString>,
}

impl Arguments {
    /// The arguments as they were typed.
    pub(crate) fn words(&self) -> &[OsString] {
        &self.words
    }

    /// Whether only help is wanted, so that nothing needs to be built first.
    pub(crate) fn wants_help(&self) -> bool {
        self.words.iter().any(|word| word == "--help" || word == "-h")
    }
}

/// A child that failed. Its own message was printed before.
#[derive(Debug)]
pub(crate) struct ChildFailed {
    what: String,
    status: ExitStatus,
}

impl fmt::Display for ChildFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status.code() {
            Some(code) => write!(f, "{} failed with exit code {code}; its own message is above", self.what),
            None => write!(f, "{} was stopped by a signal", self.what),
        }
    }
}

impl std::error::Error for ChildFailed {}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Builds `package` in release, and returns the command that runs it with the arguments to be added. Built
/// first, since `run --quiet` would say nothing for the minutes of a first build.
pub(crate) fn release(package: &str) -> anyhow::Result<Command> {
    run(cargo().args(["build", "--release", "--package", package]), &format!("building {package}"))?;
    let mut program = cargo();
    program.args(["run", "--quiet", "--release", "--package", package, "--"]);
    Ok(program)
}

/// Runs `command` to its end; `what` is the subject of the sentence when it fails.
pub(crate) fn run(command: &mut Command, what: &str) -> anyhow::Result<()> {
    if INTERRUPTED.load(Ordering::Relaxed) {
        bail!("{what} was not started: interrupted");
    }
    let status = command.status().with_context(|| format!("{what} could not be started"))?;
    ended(status, what)
}

/// An error unless `status` is a success.
pub(crate) fn ended(status: ExitStatus, what: &str) -> anyhow::Result<()> {
    if status.success() { Ok(()) } else { Err(ChildFailed { what: what.to_owned(), status }.into()) }
}

/// Whether Ctrl-C was pressed. Relaxed everywhere: it orders no other memory.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Ctrl-C reaches the child too, which may have something to save: we wait until it ends, and start no other
/// child.
pub(crate) fn outlive_interrupts() -> anyhow::Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).context("Ctrl-C cannot be handled")
}

/// Our exit code: the child's own code where a child failed (130, as shells have it, after a
/// signal), else 1.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    let Some(failed) = error.downcast_ref::<ChildFailed>() else { return ExitCode::FAILURE };
    match failed.status.code() {
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        None => ExitCode::from(130),
    }
}

/// The number before `word` in a program's output: 12 for " passed" in "ok. 12 passed; 0 failed".
pub(crate) fn number_before(text: &str, word: &str) -> Option<usize> {
    text.split(word).next()?.rsplit(' ').next()?.parse().ok()
}
