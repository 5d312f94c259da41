//! The programs that a verb runs: they share our terminal, their exit codes pass through, and one that
//! fails leaves one sentence behind.

use std::ffi::OsString;
use std::fmt;
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};

/// What stands behind the verb, passed on untouched.
#[derive(clap::Args)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub(crate) struct Arguments {
    /// Passed on as they are; --help shows what is understood
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    words: Vec<OsString>,
}

impl Arguments {
    /// The words as they were typed.
    pub(crate) fn words(&self) -> &[OsString] {
        &self.words
    }

    /// Whether only help is wanted, so that nothing needs to be built first.
    pub(crate) fn ask_for_help(&self) -> bool {
        self.words.iter().any(|word| word == "--help" || word == "-h")
    }
}

/// A child that did not end well. Its own message stands above this one.
#[derive(Debug)]
pub(crate) struct Failed {
    what: String,
    status: ExitStatus,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status.code() {
            Some(code) => write!(f, "{} failed with exit code {code}; its own message is above", self.what),
            None => write!(f, "{} was stopped by a signal", self.what),
        }
    }
}

impl std::error::Error for Failed {}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Builds `package` in release and shows how far it is.
pub(crate) fn build_release(package: &str) -> anyhow::Result<()> {
    run(cargo().args(["build", "--release", "--package", package]), &format!("building {package}"))
}

/// Runs `command` to its end; `what` is the subject of the sentence when it fails.
pub(crate) fn run(command: &mut Command, what: &str) -> anyhow::Result<()> {
    if INTERRUPTED.load(Ordering::Relaxed) {
        bail!("{what} was not started: interrupted");
    }
    let status = command.status().with_context(|| format!("{what} could not be started"))?;
    ended(status, what)
}

/// Whether a child that ended with `status` ended well.
pub(crate) fn ended(status: ExitStatus, what: &str) -> anyhow::Result<()> {
    if status.success() { Ok(()) } else { Err(Failed { what: what.to_owned(), status }.into()) }
}

/// Whether Ctrl-C was pressed. Relaxed everywhere: nothing else is published with it.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Ctrl-C reaches the child too. It may have something to save, so we wait for it instead of leaving
/// the terminal before it does, and start no other child after it.
pub(crate) fn outlive_interrupts() -> anyhow::Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).context("Ctrl-C cannot be handled")
}

/// What we exit with: the child's own code where a child failed (130, as shells have it, after a
/// signal), else 1.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    let Some(failed) = error.downcast_ref::<Failed>() else { return ExitCode::FAILURE };
    match failed.status.code() {
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        None => ExitCode::from(130),
    }
}
