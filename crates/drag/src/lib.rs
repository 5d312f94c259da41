//! Drags a file out of a window into another program. The window toolkit can only be a drop target, so the
//! drag runs on a thread of its own, and does not use the toolkit.
//!
//! On Linux under X11 (and XWayland), and on Windows; elsewhere [`POSSIBLE`] is false. Never used on the audio
//! thread.

#[cfg(target_os = "windows")]
mod win32;
#[cfg(target_os = "linux")]
mod x11;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

#[cfg(target_os = "windows")]
use win32::drag_file;
#[cfg(target_os = "linux")]
use x11::drag_file;

/// Whether files can be dragged on this system.
pub const POSSIBLE: bool = cfg!(any(target_os = "linux", target_os = "windows"));

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
    /// The connection to the display failed, or a request did.
    #[error("the drag broke off: {0}")]
    Broken(String),
    /// The file cannot be found.
    #[error("{0} cannot be dragged: {1}")]
    NoFile(PathBuf, std::io::Error),
    /// The system cannot start a thread.
    #[error("the drag could not begin: {0}")]
    NoThread(std::io::Error),
    /// It was cancelled, with the escape key too, or another program started a drag.
    #[error("the drag was given up")]
    GivenUp,
}

/// A running drag: it follows the pointer until the mouse button is released. Dropping this cancels the drag.
/// Under X11 that joins its thread, which polls a hundred times a second; on Windows the thread ends soon after,
/// and this library stays loaded for good: the thread may need the one that drops this.
pub struct Drag {
    stop: Arc<AtomicBool>,
    thread: Option<DragThread>,
}

type DragThread = JoinHandle<Result<DragOutcome, DragError>>;

impl Drag {
    /// Starts to drag a file while the left mouse button is down.
    ///
    /// # Errors
    /// There is no such file, or the system cannot start a thread. Later errors, for example that there is no display,
    /// are returned by [`Self::outcome`].
    pub fn start(file: &Path) -> Result<Self, DragError> {
        // Not `canonicalize`: its paths begin with `\\?\` on Windows, and few programs take such.
        let found = file.metadata().and_then(|_| std::path::absolute(file));
        let file = found.map_err(|error| DragError::NoFile(file.to_owned(), error))?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("beatfield drag".into())
            .spawn(move || drag_file(&file, &stopped))
            .map_err(DragError::NoThread)?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Waits for its outcome. Not on the thread of a window that the file can be dropped on: that would have to
    /// answer meanwhile.
    ///
    /// # Errors
    /// As it ended.
    pub fn wait(mut self) -> Result<DragOutcome, DragError> {
        self.thread.take().map_or(Err(DragError::GivenUp), join)
    }

    /// Its outcome, once; `None` before it has ended and after that.
    pub fn outcome(&mut self) -> Option<Result<DragOutcome, DragError>> {
        self.thread.take_if(|thread| thread.is_finished()).map(join)
    }
}

fn join(thread: DragThread) -> Result<DragOutcome, DragError> {
    thread.join().unwrap_or_else(|_| Err(DragError::Broken("a defect of Beatfield's".into())))
}

impl Drop for Drag {
    fn drop(&mut self) {
        // Relaxed: the flag guards no data; the join orders everything.
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            #[cfg(target_os = "windows")]
            win32::let_go(thread);
            // The outcome of a cancelled drag is of no interest.
            #[cfg(not(target_os = "windows"))]
            drop(thread.join());
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "windows")))]
fn drag_file(_file: &Path, _stop: &Arc<AtomicBool>) -> Result<DragOutcome, DragError> {
    Err(DragError::NoDisplay("this system has another way, which is not built yet".into()))
}
