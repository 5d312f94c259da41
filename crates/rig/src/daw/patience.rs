//! Programs that may take only so long: what they say goes to a file, and one that does not end is ended.

use super::DawError;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often we look whether a program has ended.
const LOOK: Duration = Duration::from_millis(20);
/// Lines of a program's words that fit into an error.
const LAST_LINES: usize = 12;

/// A program that came to its end by itself.
pub(crate) struct Ended {
    /// Whether it says that all is well.
    pub(crate) well: bool,
    /// Everything that it said.
    pub(crate) said: String,
    /// Where that is kept.
    pub(crate) log: PathBuf,
}

/// Runs `command`, called `program` in errors, for at most `limit`, and keeps what it says in `log`.
pub(crate) fn run(
    command: &mut Command,
    program: &'static str,
    limit: Duration,
    log: &Path,
) -> Result<Ended, DawError> {
    let out = File::create(log).map_err(DawError::file(log))?;
    let err = out.try_clone().map_err(DawError::file(log))?;
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    let mut child = command.spawn().map_err(DawError::file(program))?;
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(DawError::file(program))? {
            let said = read(log)?;
            return Ok(Ended { well: status.success(), said, log: log.to_owned() });
        }
        if started.elapsed() > limit {
            child.kill().and_then(|()| child.wait()).map_err(DawError::file(program))?;
            let said = last_lines(&read(log)?);
            return Err(DawError::TookTooLong { program, limit, log: log.to_owned(), said });
        }
        std::thread::sleep(LOOK);
    }
}

impl Ended {
    /// The error that `program` did not do its `task`.
    pub(crate) fn without(self, program: &'static str, task: &'static str) -> DawError {
        DawError::Failed { program, task, said: last_lines(&self.said), log: self.log }
    }
}

fn read(log: &Path) -> Result<String, DawError> {
    let bytes = std::fs::read(log).map_err(DawError::file(log))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn last_lines(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_end_is_ended_and_quoted() -> Result<(), Box<dyn std::error::Error>> {
        let log = tempfile::NamedTempFile::new()?;
        let mut endless = Command::new("sh");
        endless.args(["-c", "echo still here; exec sleep 60"]);
        let Err(error) = run(&mut endless, "sh", Duration::from_millis(300), log.path()) else {
            return Err("it ended".into());
        };
        assert!(error.to_string().contains("still here"), "{error}");
        Ok(())
    }

    #[test]
    fn what_a_program_says_is_kept() -> Result<(), Box<dyn std::error::Error>> {
        let log = tempfile::NamedTempFile::new()?;
        let mut brief = Command::new("sh");
        brief.args(["-c", "echo out; echo err >&2; exit 4"]);
        let ended = run(&mut brief, "sh", Duration::from_secs(60), log.path())?;
        assert_eq!((ended.well, ended.said.as_str()), (false, "out\nerr\n"));
        Ok(())
    }
}
