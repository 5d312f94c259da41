//! A fence in the framework's task queue, so that an instance leaves nothing of itself behind in it.
//!
//! On Linux all instances share one worker thread of the framework. It ends when it meets a task of an
//! instance that is gone, and the last instance's drop then panics inside the host. Under VST3 every
//! parameter change that arrives while processing posts such a task. So a deactivated instance queues a
//! task of its own and waits until it has run: everything before it has then run too, and after it
//! nothing more is posted from the audio thread.
//!
//! While a task runs, the worker itself keeps the instance alive; were it the last to let go, the
//! instance would be torn down on the worker, which cannot join itself. So the wait goes on until the
//! worker sleeps again. What stays open: a host that sets parameters or state from another thread than
//! its main one after the last deactivation, or without any. Main thread only; the audio thread never waits here.

use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use nice_plug::context::gui::AsyncExecutor;

use crate::Beatfield;

/// How long a deactivation waits at most. The worker's tasks take microseconds.
const TIMEOUT: Duration = Duration::from_millis(500);
/// How often the worker is looked at until it sleeps.
const POLL_INTERVAL: Duration = Duration::from_micros(50);

/// The one background task of the plugin: says that the queue has come this far, and on which thread.
pub struct FenceTask(SyncSender<Worker>);

/// The framework's worker thread, as the system lists it.
struct Worker {
    /// Its state, under /proc; `None` where the system has no such list.
    stat: Option<PathBuf>,
}

impl FenceTask {
    /// Runs on the framework's worker thread.
    pub(crate) fn report(self) {
        match self.0.try_send(Worker::current()) {
            // Nobody listens any more where the wait has run out, and then nobody needs to know.
            Ok(()) | Err(_) => {}
        }
    }
}

impl Worker {
    fn current() -> Self {
        let thread = std::fs::read_link("/proc/thread-self");
        Self { stat: thread.ok().map(|thread| PathBuf::from("/proc").join(thread).join("stat")) }
    }

    /// Whether it sleeps, waiting for its next task. A worker that can't be looked at counts as asleep.
    fn sleeps(&self) -> bool {
        let Some(stat) = self.stat.as_ref().and_then(|stat| std::fs::read_to_string(stat).ok()) else {
            return true;
        };
        // "TID (name) S ...": the state follows the name, which may hold anything.
        stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('S'))
    }
}

/// Waits until everything that this instance has posted so far has run and the worker has let go of it.
/// Returns false where patience ran out.
pub(crate) fn drain(executor: &AsyncExecutor<Beatfield>) -> bool {
    let deadline = Instant::now() + TIMEOUT;
    let worker = loop {
        let (sender, receiver) = sync_channel(1);
        executor.execute_background(FenceTask(sender));
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(worker) => break worker,
            // The queue was full and dropped the fence: there is room again in a moment.
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
        let (to_worker, inbox) = sync_channel::<()>(0);
        let (to_us, outbox) = sync_channel(0);
        let thread = std::thread::spawn(move || {
            to_us.send(Worker::current()).expect("we listen");
            inbox.recv().expect("we send");
        });
        let worker = outbox.recv().expect("the thread reports");
        let deadline = Instant::now() + Duration::from_secs(10);
        while !worker.sleeps() {
            assert!(Instant::now() < deadline, "a thread that waits for a message sleeps");
        }
        assert!(Worker::current().stat.is_none() || !Worker::current().sleeps(), "this thread runs");
        to_worker.send(()).expect("it waits");
        thread.join().expect("it ends");
    }
}
