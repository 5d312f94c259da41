//! The priority that hosts give their audio threads.

/// Lets this thread run ahead of every ordinary one, as hosts do with their audio threads; threads that it
/// starts are ordinary again. False where the system does not allow it (Linux wants `rtprio` in its limits).
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "the system's own call, with plain numbers")]
pub fn raise() -> bool {
    let parameters = libc::sched_param { sched_priority: 1 };
    // SAFETY: 0 is this thread, and the parameters live through the call.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &parameters) == 0 }
}

/// Nothing is known of other systems.
#[cfg(not(target_os = "linux"))]
pub fn raise() -> bool {
    false
}
