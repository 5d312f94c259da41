//! What can go wrong on a desktop.

use std::path::PathBuf;

/// Why there is no window, no hand or no picture.
#[derive(Debug, thiserror::Error)]
pub enum DesktopError {
    /// The machine has no X server to start.
    #[error("Xvfb is not installed; on Debian: apt-get install xvfb")]
    NoServer,
    /// The X server did not come up.
    #[error("Xvfb did not start: {0}")]
    Server(String),
    /// The X server refused something.
    #[error("the X server at {display} refused to {step}: {reason}")]
    Refused {
        /// Which server.
        display: String,
        /// What was asked of it.
        step: &'static str,
        /// What it said.
        reason: String,
    },
    /// The keyboard has no such key.
    #[error(
        "no key is called \"{0}\"; there are letters, digits, Left, Right, Up, Down, Escape, Return, space, shift and ctrl"
    )]
    NoKey(String),
    /// A line of a script makes no sense.
    #[error(
        "\"{0}\" is nothing that a hand can do; it can: move X Y, press, release, right, key NAME, hold NAME, let NAME, wheel N, type TEXT, beats N"
    )]
    NoAct(String),
    /// The picture was not written.
    #[error("{path} was not written: {reason}")]
    Unwritten {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl DesktopError {
    /// A refusal of the server that the environment names.
    pub(super) fn refused(step: &'static str) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |reason| Self::Refused {
            display: std::env::var("DISPLAY").unwrap_or_else(|_| "no DISPLAY".to_owned()),
            step,
            reason: reason.to_string(),
        }
    }
}
