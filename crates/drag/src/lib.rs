//! A file is dragged out of a window into another program. The window toolkit can only be dropped on, so
//! the drag runs on a thread and an X11 connection of its own, and needs nothing of the toolkit.
//!
//! Linux under X11 (and XWayland) alone; elsewhere [`POSSIBLE`] is false and the window offers to show the
//! file instead. Runs on the main thread and on its own; never on the audio thread.

#[cfg(target_os = "linux")]
mod x11;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Whether files can be dragged on this system at all.
pub const POSSIBLE: bool = cfg!(target_os = "linux");

/// How a drag ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DragOutcome {
    /// The other program has taken the file.
    Dropped,
    /// It was let go where nothing takes files.
    Nowhere,
}

/// Why a file could not be dragged.
#[derive(Debug, thiserror::Error)]
pub enum DragError {
    /// There is no X11 display to drag on.
    #[error("files can only be dragged under X11: {0}")]
    NoDisplay(String),
    /// The display went away, or refused something.
    #[error("the drag broke off: {0}")]
    Broken(String),
    /// The file does not lie where it was said to lie.
    #[error("{0} cannot be dragged: {1}")]
    NoFile(PathBuf, std::io::Error),
    /// The system has no thread to give.
    #[error("the drag could not begin: {0}")]
    NoThread(std::io::Error),
    /// It was dropped before it came to an end.
    #[error("the drag was given up")]
    GivenUp,
}

/// A drag on its way: it follows the pointer until the mouse button is let go. Dropping it gives the drag
/// up and waits for its thread, which looks a hundred times a second.
pub struct Drag {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<DragOutcome, DragError>>>,
}

impl Drag {
    /// Takes up a file while the left mouse button is down.
    ///
    /// # Errors
    /// There is no such file, or the system has no thread to give. What goes wrong later, for example
    /// that there is no display, is told by [`Self::outcome`].
    pub fn start(file: &Path) -> Result<Self, DragError> {
        let file = file.canonicalize().map_err(|error| DragError::NoFile(file.to_owned(), error))?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("beatfield drag".into())
            .spawn(move || carry(&file, &stopped))
            .map_err(DragError::NoThread)?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// How it ended; none while it goes on, and after it was told once.
    pub fn outcome(&mut self) -> Option<Result<DragOutcome, DragError>> {
        let thread = self.thread.take_if(|thread| thread.is_finished())?;
        Some(thread.join().unwrap_or_else(|_| Err(DragError::Broken("a defect of Beatfield's".into()))))
    }
}

impl Drop for Drag {
    fn drop(&mut self) {
        // Relaxed: the flag guards no data; the join orders everything.
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Whoever drops it does not want to know how it ended.
            drop(thread.join());
        }
    }
}

#[cfg(target_os = "linux")]
fn carry(file: &Path, stop: &AtomicBool) -> Result<DragOutcome, DragError> {
    x11::carry(file, stop)
}

#[cfg(not(target_os = "linux"))]
fn carry(_file: &Path, _stop: &AtomicBool) -> Result<DragOutcome, DragError> {
    Err(DragError::NoDisplay("this system has another way, which is not built yet".into()))
}
