//! The audio thread of an instance: it takes one block at a time and returns it processed.
//!
//! Hosts process on another thread than the one that creates and automates, and frameworks behave
//! differently where both are the same. So the rig has an audio thread for each instance.

use crate::hosts::{BlockInput, BlockOutput, HostError};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// The side of an active plugin that belongs to the audio thread.
pub(crate) trait Processor: Send + 'static {
    /// Called once, first, on the audio thread.
    fn start(&mut self) -> Result<(), HostError>;
    /// One block.
    fn process(&mut self, block: &BlockInput, output: &mut BlockOutput) -> Result<(), HostError>;
    /// See [`Instance::reset`](crate::Instance::reset).
    fn reset(&mut self) -> Result<(), HostError>;
    /// Called once, last, on the audio thread.
    fn stop(&mut self);
}

enum Job {
    Process(Box<(BlockInput, BlockOutput)>),
    Reset,
}

enum Reply {
    Started(Result<(), HostError>),
    Processed(Box<(BlockInput, BlockOutput)>, Result<(), HostError>),
    Reset(Result<(), HostError>),
}

/// A running audio thread. [`AudioThread::join`] ends it.
pub(crate) struct AudioThread {
    jobs: SyncSender<Job>,
    replies: Receiver<Reply>,
    thread: JoinHandle<()>,
}

impl AudioThread {
    /// Starts the thread and, on it, the processor.
    pub(crate) fn start(processor: impl Processor) -> Result<Self, HostError> {
        let (jobs, to_do) = sync_channel(1);
        let (done, replies) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("rig audio".to_owned())
            .spawn(move || run(processor, &to_do, &done))
            .map_err(|error| HostError::Refused {
                step: "start an audio thread",
                reason: error.to_string(),
            })?;
        let this = Self { jobs, replies, thread };
        match this.replies.recv() {
            Ok(Reply::Started(Ok(()))) => Ok(this),
            Ok(Reply::Started(Err(error))) => this.join().and(Err(error)),
            _ => Err(HostError::AudioThreadGone),
        }
    }

    /// Processes one block and waits for it.
    pub(crate) fn process(
        &self,
        block: BlockInput,
        output: BlockOutput,
    ) -> Result<(BlockInput, BlockOutput), HostError> {
        match self.send(Job::Process(Box::new((block, output))))? {
            Reply::Processed(both, result) => result.map(|()| *both),
            _ => Err(HostError::AudioThreadGone),
        }
    }

    /// See [`Instance::reset`](crate::Instance::reset).
    pub(crate) fn reset(&self) -> Result<(), HostError> {
        match self.send(Job::Reset)? {
            Reply::Reset(result) => result,
            _ => Err(HostError::AudioThreadGone),
        }
    }

    /// Stops the processor on its thread and ends the thread.
    pub(crate) fn join(self) -> Result<(), HostError> {
        drop(self.jobs);
        self.thread.join().map_err(|_| HostError::AudioThreadGone)
    }

    fn send(&self, job: Job) -> Result<Reply, HostError> {
        self.jobs.send(job).map_err(|_| HostError::AudioThreadGone)?;
        self.replies.recv().map_err(|_| HostError::AudioThreadGone)
    }
}

fn run(mut processor: impl Processor, jobs: &Receiver<Job>, replies: &SyncSender<Reply>) {
    follow_priority();
    let started = processor.start();
    let runs = started.is_ok();
    // A reply that cannot be sent means that the instance is gone; then the thread stops.
    let mut received = replies.send(Reply::Started(started)).is_ok();
    while runs && received {
        let Ok(job) = jobs.recv() else { break };
        let reply = match job {
            Job::Process(mut both) => {
                let (block, output) = &mut *both;
                output.prepare(block.frames);
                let result = processor.process(block, output);
                Reply::Processed(both, result)
            }
            Job::Reset => Reply::Reset(processor.reset()),
        };
        received = replies.send(reply).is_ok();
    }
    if runs {
        processor.stop();
    }
}

/// Whether new audio threads raise their priority. Relaxed: it guards no data.
static RAISE_PRIORITY: AtomicBool = AtomicBool::new(false);

/// Gives this thread, and every audio thread that is started from now on, real-time priority as in a host; the
/// threads that they start have ordinary priority. False where the system does not allow it (Linux: `rtprio`
/// in the limits). Only for measurements: tests that render offline on every core would leave none to the
/// decode threads that they wait for.
pub fn raise_priority() -> bool {
    let allowed = raise();
    RAISE_PRIORITY.store(allowed, Ordering::Relaxed);
    allowed
}

/// Called first on an audio thread.
fn follow_priority() {
    if RAISE_PRIORITY.load(Ordering::Relaxed) {
        // A refusal makes blocks late, nothing else.
        raise();
    }
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "the system's own call, with plain numbers")]
fn raise() -> bool {
    let parameters = libc::sched_param { sched_priority: 1 };
    // SAFETY: 0 is this thread, and the parameters live through the call.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &parameters) == 0 }
}

/// Not implemented on other systems.
#[cfg(not(target_os = "linux"))]
fn raise() -> bool {
    false
}
