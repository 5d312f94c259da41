//! A fence in the framework's task queue: a deactivated instance waits until its tasks have run. On Linux only.
//!
//! All instances share one worker thread of the framework. It ends when it gets a task of a dropped
//! instance, and the last instance's drop then panics inside the host. Under VST3 every parameter change
//! during processing posts such a task. So a deactivated instance queues a task and waits until it has run:
//! then everything before it has run too, and the audio thread posts nothing more.
//!
//! While a task runs, the worker holds a reference to the instance; if it were the last, the instance would
//! be dropped on the worker, which cannot join itself. So the wait lasts until the worker sleeps again. Not
//! covered: a host that sets parameters or state from another thread than its main one after the last
//! deactivation, or without any. Main thread only.
//!
//! Elsewhere the worker has no tasks: those of the window run on the host's main thread (nice-plug 0.4.2:
//! `schedule_gui` of event_loop/windows.rs and macos.rs against that of linux.rs, which passes them to the worker).
//! There the fence itself would be the only task, and whether its worker sleeps again can't be seen, so a host that
//! unloaded the plugin after it crashed.

use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use nice_plug::context::gui::AsyncExecutor;

use crate::Beatfield;

/// The longest wait of a deactivation. The worker's tasks take microseconds.
const TIMEOUT: Duration = Duration::from_millis(500);
/// How often the worker's state is polled.
const POLL_INTERVAL: Duration = Duration::from_micros(50);

/// The plugin's only background task: reports that the queue has got this far, and on which thread.
pub struct FenceTask(SyncSender<Worker>);

/// The framework's worker thread.
struct Worker {
    /// Its state, under /proc; `None` where that is not mounted.
    stat: Option<PathBuf>,
}

impl FenceTask {
    /// Runs on the framework's worker thread.
    pub(crate) fn report(self) {
        match self.0.try_send(Worker::current()) {
            // After a timeout there is no receiver, and none is needed.
            Ok(()) | Err(_) => {}
        }
    }
}

impl Worker {
    fn current() -> Self {
        let thread = std::fs::read_link("/proc/thread-self");
        Self { stat: thread.ok().map(|thread| PathBuf::from("/proc").join(thread).join("stat")) }
    }

    /// Whether it sleeps, waiting for its next task. Without /proc it counts as asleep.
    fn sleeps(&self) -> bool {
        let stat = self.stat.as_ref().and_then(|stat| std::fs::read_to_string(stat).ok());
        stat.is_none_or(|stat| is_asleep(&stat))
    }
}

/// Whether the thread of this line of /proc sleeps. "TID (name) S ...": the state follows the name, which may
/// contain anything.
fn is_asleep(stat: &str) -> bool {
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('S'))
}

/// Waits until every task that this instance has posted has run and the worker sleeps; at once where it is given
/// none. False at a timeout.
pub(crate) fn drain(executor: &AsyncExecutor<Beatfield>) -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let deadline = Instant::now() + TIMEOUT;
    let worker = loop {
        let (sender, receiver) = sync_channel(1);
        executor.execute_background(FenceTask(sender));
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(worker) => break worker,
            // The queue was full and dropped the task: try again.
            Err(RecvTimeoutError::Disconnected) if Instant::now() < deadline => {
                std::thread::sleep(POLL_INTERVAL)
            }
            Err(_) => return false,
        }
    };
    while !worker.sleeps() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_waits_is_told_from_one_that_works() {
        assert!(is_asleep("71 (beatfield) S 1 71 71"));
        assert!(is_asleep("71 (a) R b) S 1 71 71"), "a name with a bracket");
        assert!(!is_asleep("71 (beatfield) R 1 71 71"));
        assert!(!is_asleep("71 (S) D 1 71 71"));
        let this = Worker::current();
        assert!(this.stat.is_none() || !this.sleeps(), "this thread runs");
    }
}
