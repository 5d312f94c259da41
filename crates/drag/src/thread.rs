//! A drag on a thread of its own, under X11 and on Windows.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::{DragError, DragOutcome};

#[cfg(target_os = "windows")]
use crate::win32::drag_file;
#[cfg(target_os = "linux")]
use crate::x11::drag_file;

pub(crate) type DragThread = JoinHandle<Result<DragOutcome, DragError>>;

/// A drag and its thread.
pub(crate) struct RunningDrag {
    stop: Arc<AtomicBool>,
    thread: Option<DragThread>,
}

impl RunningDrag {
    /// Starts to drag an absolute path.
    pub(crate) fn start(file: PathBuf) -> Result<Self, DragError> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("beatfield drag".into())
            .spawn(move || drag_file(&file, &stopped))
            .map_err(DragError::NoThread)?;
        Ok(Self { stop, thread: Some(thread) })
    }

    pub(crate) fn wait(mut self) -> Result<DragOutcome, DragError> {
        self.thread.take().map_or(Err(DragError::GivenUp), join)
    }

    pub(crate) fn outcome(&mut self) -> Option<Result<DragOutcome, DragError>> {
        self.thread.take_if(|thread| thread.is_finished()).map(join)
    }
}

fn join(thread: DragThread) -> Result<DragOutcome, DragError> {
    thread.join().unwrap_or_else(|_| Err(DragError::Broken("a defect of Beatfield's".into())))
}

impl Drop for RunningDrag {
    fn drop(&mut self) {
        // Relaxed: the flag guards no data; the join orders everything.
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            #[cfg(target_os = "windows")]
            crate::win32::let_go(thread);
            // The outcome of a cancelled drag is of no interest.
            #[cfg(not(target_os = "windows"))]
            drop(thread.join());
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "windows")))]
fn drag_file(_file: &std::path::Path, _stop: &Arc<AtomicBool>) -> Result<DragOutcome, DragError> {
    Err(DragError::NoDisplay("no other way is known on this system".into()))
}
