//! What can keep the DAW from recording, or us from reading it.

use crate::HostError;
use std::path::PathBuf;
use std::time::Duration;

/// Why a recording could not be made or checked.
#[derive(Debug, thiserror::Error)]
pub enum DawError {
    /// A program is not on this machine.
    #[error("{program} is not installed; on Debian: apt-get install {package} (then try again)")]
    Missing {
        /// What was looked for.
        program: &'static str,
        /// The Debian package that holds it.
        package: &'static str,
    },
    /// A program did not come to its end.
    #[error("{program} was ended after {} s without a result; it said, in {log}:\n{said}", .limit.as_secs())]
    TookTooLong {
        /// Which.
        program: &'static str,
        /// How long it may take.
        limit: Duration,
        /// Everything that it said.
        log: PathBuf,
        /// The last lines of that.
        said: String,
    },
    /// A program ended without doing what it was asked for.
    #[error("{program} did not {task}; it said, in {log}:\n{said}")]
    Failed {
        /// Which.
        program: &'static str,
        /// What it was asked for.
        task: &'static str,
        /// Everything that it said.
        log: PathBuf,
        /// The last lines of that.
        said: String,
    },
    /// The recording of a take is not where Ardour puts it, or there are several.
    #[error("{folder} holds {found} recordings of the take \"{take}\" instead of one")]
    Recordings {
        /// Ardour's folder for MIDI files.
        folder: PathBuf,
        /// The take.
        take: &'static str,
        /// How many there are.
        found: usize,
    },
    /// A recorded file is no MIDI file that one can read.
    #[error("{path} is not the MIDI file that Ardour writes: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file system refused.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The rig's own host failed on the bundle.
    #[error("the rig's own VST3 host: {0}")]
    Host(#[from] HostError),
}

impl DawError {
    /// Makes an error of what the file system said about `path`.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
