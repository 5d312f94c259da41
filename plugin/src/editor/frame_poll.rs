//! A thread that has the open window look for requested frames (Linux only).
//!
//! The toolkit has a timer for this, which runs from the window's creation on. Where it fires before the host has
//! shown the window, the toolkit requests a frame of the X server before it listens for the answer, waits for
//! that answer for ever, and the window stays blank. So its timer rests, and this thread starts with the first
//! frame. It ends, joined, with the window.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use nice_plug_egui::baseview::WindowWaker;

/// How often the window looks. Each frame paints all of it, which a machine without a graphics card does in some
/// ten milliseconds.
const INTERVAL: Duration = Duration::from_millis(33);
/// The interval of the toolkit's own timer: it never fires.
pub(super) const NEVER: Duration = Duration::from_secs(1_000_000_000);

/// The running thread; dropping it ends the thread.
pub(super) struct FramePoll {
    /// Nothing is sent: the thread ends when this is dropped.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FramePoll {
    /// Starts the thread; `egui` owns it. Without it the window is drawn on input alone.
    pub(super) fn keep_in(egui: &egui::Context, window: WindowWaker) {
        let (stop, stopped) = channel::<()>();
        let poll = move || {
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                window.request_poll();
            }
        };
        if let Ok(thread) = Builder::new().name("beatfield frames".into()).spawn(poll) {
            let poll = Arc::new(Self { stop: Some(stop), thread: Some(thread) });
            egui.data_mut(|data| data.insert_temp(egui::Id::unique("frame poll"), poll));
        }
    }
}

impl Drop for FramePoll {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed.
            drop(thread.join());
        }
    }
}
