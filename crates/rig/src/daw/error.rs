//! What can go wrong while the DAW records and its recording is checked.

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
    /// A program did not end in time.
    #[error("{program} was ended after {} s without a result; its output, in {log}, ends with:\n{output}", .limit.as_secs())]
    TookTooLong {
        /// Which.
        program: &'static str,
        /// How long it may take.
        limit: Duration,
        /// The file of its output.
        log: PathBuf,
        /// The last lines of the output.
        output: String,
    },
    /// A program ended without doing its task.
    #[error("{program} did not {task}; its output, in {log}, ends with:\n{output}")]
    Failed {
        /// Which.
        program: &'static str,
        /// The task.
        task: &'static str,
        /// The file of its output.
        log: PathBuf,
        /// The last lines of the output.
        output: String,
    },
    /// There is not exactly one recording of a take.
    #[error("{folder} holds {found} recordings of the take \"{take}\" instead of one")]
    Recordings {
        /// Ardour's folder for MIDI files.
        folder: PathBuf,
        /// The take.
        take: &'static str,
        /// How many there are.
        found: usize,
    },
    /// A recorded file cannot be read as MIDI.
    #[error("{path} is not the MIDI file that Ardour writes: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The file system refused.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The rig's own host failed on the bundle.
    #[error("the rig's own VST3 host: {0}")]
    Host(#[from] HostError),
}

impl DawError {
    /// Turns an error of the file system about `path` into one of this type.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
