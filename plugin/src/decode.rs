//! The decode thread: compares the parameters with the settings that it decoded last, and decodes when they
//! differ. Nothing queues up; the newest settings win.

mod decode_loop;
mod loaded_model;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use beat::Settings;

use crate::capture::CaptureOutput;
use crate::crossing::BankWriter;
use crate::params::BeatfieldParams;
use crate::shared::{Meters, SharedState};
use decode_loop::{DecodeLoop, DecodeProgress, EndNote};

/// How long an activation waits for its bank.
const ACTIVATION_TIMEOUT: Duration = Duration::from_millis(500);

/// The decode thread of an instance, which starts with the first activation or the first opening of the
/// window, whichever comes first: a scan for plugins starts none, and a window follows its puck where the host
/// has not switched the audio on. Main thread only.
pub struct Decoding {
    params: Arc<BeatfieldParams>,
    shared: Arc<SharedState>,
    meters: Arc<Meters>,
    /// Taken by the thread.
    ends: Mutex<Option<(BankWriter, CaptureOutput)>>,
    thread: Mutex<Option<DecodeThread>>,
}

impl Decoding {
    /// Decodes for `params` once it is started.
    pub fn new(
        params: Arc<BeatfieldParams>,
        shared: Arc<SharedState>,
        meters: Arc<Meters>,
        banks: BankWriter,
        played: CaptureOutput,
    ) -> Self {
        Self { params, shared, meters, ends: Mutex::new(Some((banks, played))), thread: Mutex::default() }
    }

    /// Starts the thread unless it was started. Without it the instrument is silent and the window says why.
    pub fn start(&self) {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((banks, played)) = ends else { return };
        let (params, shared, meters) = (self.params.clone(), self.shared.clone(), self.meters.clone());
        match DecodeThread::start(params, banks, played, shared, meters) {
            Ok(thread) => *self.thread() = Some(thread),
            Err(error) => self.shared.show(|decoded| {
                decoded.problem = Some(format!(
                    "Beatfield could not start its decode thread ({error}); reload the plugin."
                ));
            }),
        }
    }

    /// Ends the thread for good, and waits until it has ended.
    pub fn end(&self) {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.thread().take();
    }

    /// The thread, where it runs.
    pub fn thread(&self) -> MutexGuard<'_, Option<DecodeThread>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running decode thread; dropping it stops and joins the thread.
pub struct DecodeThread {
    stop: Arc<AtomicBool>,
    progress: Arc<DecodeProgress>,
    join: Option<JoinHandle<()>>,
}

impl DecodeThread {
    /// Starts the thread. It loads the model, then publishes a bank for every change of settings.
    ///
    /// # Errors
    /// The operating system cannot start a thread.
    pub fn start(
        params: Arc<BeatfieldParams>,
        banks: BankWriter,
        played: CaptureOutput,
        shared: Arc<SharedState>,
        meters: Arc<Meters>,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let progress = Arc::new(DecodeProgress::default());
        let end = EndNote(progress.clone());
        let decode_loop = DecodeLoop::new(params, banks, played, shared, meters, progress.clone());
        let join = thread::Builder::new().name("beatfield decode".into()).spawn(move || {
            let _end = end;
            decode_loop.run(&stopped);
        })?;
        Ok(Self { stop, progress, join: Some(join) })
    }

    /// Waits until a bank of these settings is published, half a second at most; false where it was not. A
    /// host may render as soon as `activate` has returned, faster than any thread can be started, so an
    /// activation waits here. Main thread only; holds no lock that the decode thread waits for.
    pub fn wait_for(&self, settings: &Settings) -> bool {
        if let Some(join) = &self.join {
            join.thread().unpark();
        }
        let state = self.progress.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, _) = self
            .progress
            .changed
            .wait_timeout_while(state, ACTIVATION_TIMEOUT, |state| {
                !state.ended && state.decoded.as_ref() != Some(settings)
            })
            .unwrap_or_else(PoisonError::into_inner);
        state.decoded.as_ref() == Some(settings)
    }

    /// The thread's handle, to unpark it.
    pub fn waker(&self) -> Option<Thread> {
        self.join.as_ref().map(|join| join.thread().clone())
    }
}

impl Drop for DecodeThread {
    fn drop(&mut self) {
        // Relaxed: the flag guards no data; the join below orders everything.
        self.stop.store(true, Ordering::Relaxed);
        if let Some(join) = self.join.take() {
            join.thread().unpark();
            // A panic of that thread was reported when it happened.
            drop(join.join());
        }
    }
}

#[cfg(test)]
mod tests;
