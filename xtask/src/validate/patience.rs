//! A child that may take only so long, and whose words go to a file.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

/// A child that has ended.
pub(super) struct Ended {
    /// By itself, and with exit code 0.
    pub(super) well: bool,
    /// Everything that it said.
    pub(super) said: String,
}

/// Runs `command` for at most `limit`; one that takes longer is ended and has not ended well.
pub(super) fn run(command: &mut Command, limit: Duration, log: &Path) -> anyhow::Result<Ended> {
    let out = File::create(log).with_context(|| log.display().to_string())?;
    let err = out.try_clone().context("the log cannot be shared")?;
    let mut child =
        command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().context("it does not start")?;
    let started = Instant::now();
    let well = loop {
        if let Some(status) = child.try_wait().context("waiting for it")? {
            break status.success();
        }
        if started.elapsed() > limit {
            child.kill().and_then(|()| child.wait()).context("it took too long and cannot be ended")?;
            break false;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let said = std::fs::read(log).with_context(|| log.display().to_string())?;
    Ok(Ended { well, said: String::from_utf8_lossy(&said).into_owned() })
}
