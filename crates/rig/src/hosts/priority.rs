//! The priority that hosts give their audio threads. Only for measurements: tests that render offline on every
//! core with it would leave none to the decode threads that they wait for.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the audio threads of this process run ahead too. Relaxed: it guards no data.
static HOST_RUNS_AHEAD: AtomicBool = AtomicBool::new(false);

/// From now on this thread, and every audio thread that is started, runs ahead of all ordinary threads, as in
/// a host; what they start is ordinary again. False where the system does not allow it (Linux wants `rtprio`
/// in its limits).
pub fn run_ahead() -> bool {
    let allowed = raise();
    HOST_RUNS_AHEAD.store(allowed, Ordering::Relaxed);
    allowed
}

/// Called on a fresh audio thread.
pub(crate) fn follow_the_host() {
    if HOST_RUNS_AHEAD.load(Ordering::Relaxed) {
        // Where it is not allowed after all, blocks come later, but come.
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

/// Nothing is known of other systems.
#[cfg(not(target_os = "linux"))]
fn raise() -> bool {
    false
}
