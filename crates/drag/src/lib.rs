//! Drags a file out of a window into another program. The window toolkit can only be a drop target, so the
//! drag does not use the toolkit.
//!
//! Under X11 (and XWayland) and on Windows it runs on a thread of its own. On macOS AppKit runs it on the main
//! thread; that has been compiled and never run. Never used on the audio thread.

#[cfg(target_os = "macos")]
mod appkit;
#[cfg(not(target_os = "macos"))]
mod thread;
#[cfg(target_os = "windows")]
mod win32;
#[cfg(target_os = "linux")]
mod x11;

use std::path::{Path, PathBuf};

#[cfg(target_os = "macos")]
use appkit::RunningDrag;
#[cfg(not(target_os = "macos"))]
use thread::RunningDrag;

/// Whether files can be dragged on this system.
pub const POSSIBLE: bool = cfg!(any(target_os = "linux", target_os = "macos", target_os = "windows"));

/// How a drag ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DragOutcome {
    /// The other program has taken the file.
    Dropped,
    /// It was released where no program accepts files.
    Nowhere,
}

/// Why a file could not be dragged.
#[derive(Debug, thiserror::Error)]
pub enum DragError {
    /// There is no X11 display.
    #[error("files can only be dragged under X11: {0}")]
    NoDisplay(String),
    /// The connection to the display failed, or a request to the system did.
    #[error("the drag broke off: {0}")]
    Broken(String),
    /// The file cannot be found.
    #[error("{0} cannot be dragged: {1}")]
    NoFile(PathBuf, std::io::Error),
    /// The system cannot start a thread.
    #[error("the drag could not begin: {0}")]
    NoThread(std::io::Error),
    /// It was cancelled, on Windows with the escape key too, or another program started a drag.
    #[error("the drag was given up")]
    GivenUp,
}

/// A running drag: it follows the pointer until the mouse button is released. Dropping this cancels the drag.
///
/// Under X11 that joins its thread, which polls a hundred times a second. On Windows the thread ends soon after,
/// and this library stays loaded for good: the thread may need the one that drops this. On macOS, which knows no
/// way to end a drag, no program accepts the file any more.
pub struct Drag(RunningDrag);

impl Drag {
    /// Starts to drag a file while the left mouse button is down. On macOS on the main thread alone.
    ///
    /// # Errors
    /// There is no such file, or the system refuses to begin. Later errors, for example that there is no display,
    /// are returned by [`Self::outcome`].
    pub fn start(file: &Path) -> Result<Self, DragError> {
        // Not `canonicalize`: its paths begin with `\\?\` on Windows, and few programs take such.
        let found = file.metadata().and_then(|_| std::path::absolute(file));
        let file = found.map_err(|error| DragError::NoFile(file.to_owned(), error))?;
        RunningDrag::start(file).map(Self)
    }

    /// Waits for its outcome. Not on the thread of a window that the file can be dropped on, and on macOS not on
    /// the main thread: that would have to answer meanwhile.
    ///
    /// # Errors
    /// As it ended.
    pub fn wait(self) -> Result<DragOutcome, DragError> {
        self.0.wait()
    }

    /// Its outcome, once; `None` before it has ended and after that.
    pub fn outcome(&mut self) -> Option<Result<DragOutcome, DragError>> {
        self.0.outcome()
    }
}
