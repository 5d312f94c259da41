//! What a plugin does below the line, seen from outside: every C function that its library calls and every
//! system call that is made while the audio thread is inside one of the plugin's calls.
//!
//! Two witnesses, neither of which changes the plugin. `imports` redirects the library's table of imported
//! functions through a counter, so that `malloc`, `free`, `pthread_mutex_lock` and the rest are counted by
//! name. `system_calls` lets the kernel hand every system call to a signal handler, which counts it and then
//! makes it. What neither can see is a lock that nobody contends: that is one atomic instruction. One that
//! waits or wakes somebody makes a system call.
//!
//! The audio thread counts, the main thread reads between blocks.

#![cfg_attr(
    all(target_os = "linux", target_arch = "x86_64"),
    allow(
        unsafe_code,
        reason = "it reads the loader's tables and the kernel's; each access says what makes it sound"
    )
)]

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod imports;
mod log;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod system_calls;

use std::path::Path;

pub use log::Log;

/// Why nobody can be watched on this machine.
#[derive(Debug, thiserror::Error)]
pub enum Blind {
    /// The witnesses are written for one system.
    #[error("the audio thread can only be watched on Linux on x86-64")]
    System,
    /// The kernel is too old, or a sandbox forbids it.
    #[error("this kernel does not hand over system calls (Linux 5.11 does): {0}")]
    Kernel(String),
    /// The library's table could not be read or written.
    #[error("the calls of {path} cannot be counted: {reason}")]
    Library {
        /// The library.
        path: std::path::PathBuf,
        /// What was wrong with it.
        reason: &'static str,
    },
}

/// Begins to watch the library at `path`, which is loaded: from here on, threads that enter
/// `during` are counted. There is no way back; the process is a probe.
///
/// # Errors
/// This machine or this library cannot be watched.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub fn begin(path: &Path) -> Result<(), Blind> {
    system_calls::try_out()?;
    imports::redirect(path).map_err(|reason| Blind::Library { path: path.to_owned(), reason })?;
    system_calls::begin();
    Ok(())
}

/// Begins to watch the library at `path`.
///
/// # Errors
/// Always, on this system.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub fn begin(_path: &Path) -> Result<(), Blind> {
    Err(Blind::System)
}

/// Runs `call`, a call into the plugin on the audio thread, under both witnesses. Costs a load where
/// nobody watches.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) fn during<T>(call: impl FnOnce() -> T) -> T {
    let _end = system_calls::enter();
    call()
}

/// Runs `call` under the first witness alone: what a main thread does may start threads, which the second
/// does not bear.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) fn functions_during<T>(call: impl FnOnce() -> T) -> T {
    let _end = system_calls::enter_functions();
    call()
}

/// Runs `call`; nobody watches on this system.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(crate) fn functions_during<T>(call: impl FnOnce() -> T) -> T {
    call()
}

/// Runs `call`; nobody watches on this system.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(crate) fn during<T>(call: impl FnOnce() -> T) -> T {
    call()
}
