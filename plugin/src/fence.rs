//! A fence in the framework's task queue, so that an instance leaves nothing of itself behind in it.
//!
//! On Linux all instances share one worker thread of the framework. It ends when it meets a task of an
//! instance that is gone, and the last instance's drop then panics inside the host. Under VST3 every
//! parameter change that arrives while processing posts such a task. So a deactivated instance queues a
//! task of its own and waits until it has run: everything before it has then run too, and after it
//! nothing more is posted from the audio thread. Main thread only; the audio thread never waits here.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use nice_plug::context::gui::AsyncExecutor;

use crate::Beatfield;

/// How long a deactivation waits at most. The worker's tasks take microseconds.
const PATIENCE: Duration = Duration::from_millis(500);

/// The one background task of the plugin: says that the queue has come this far.
pub struct Reached(SyncSender<()>);

impl Reached {
    /// Runs on the framework's worker thread.
    pub(crate) fn report(self) {
        match self.0.try_send(()) {
            // Nobody listens any more where the wait has run out, and then nobody needs to know.
            Ok(()) | Err(_) => {}
        }
    }
}

/// Waits until everything that this instance has posted so far has run. Returns false where patience ran
/// out.
pub(crate) fn drain(executor: &AsyncExecutor<Beatfield>) -> bool {
    let (sender, receiver) = sync_channel(1);
    executor.execute_background(Reached(sender));
    // Disconnected: the queue was full and dropped the task.
    !matches!(
        receiver.recv_timeout(PATIENCE),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)
    )
}
