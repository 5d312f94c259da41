//! Counts what a plugin does on the audio thread: every C function that its library calls and every system
//! call, while the audio thread is inside one of the plugin's calls.
//!
//! Two counters, neither of which changes the plugin. `imports` redirects the library's table of imported
//! functions, so that `malloc`, `free`, `pthread_mutex_lock` and the rest are counted by name.
//! `system_calls` has the kernel deliver every system call to a signal handler, which counts it and then
//! makes it. Neither can count a lock without contention: that is one atomic instruction. One that waits or
//! wakes a thread makes a system call.
//!
//! The audio thread counts with relaxed additions, the main thread reads between blocks.

#![cfg_attr(
    all(target_os = "linux", target_arch = "x86_64"),
    allow(
        unsafe_code,
        reason = "it reads and writes the loader's and the kernel's tables; each access says what makes it sound"
    )
)]

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod imports;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod system_calls;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Why calls cannot be counted on this machine.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The counters exist for one system.
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

/// Begins to count the calls of the loaded library at `path` in threads that are inside `during`. It cannot be
/// undone in this process.
///
/// # Errors
/// The calls of this library cannot be counted on this machine.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub fn begin(path: &Path) -> Result<(), WatchError> {
    system_calls::try_out().map_err(WatchError::Kernel)?;
    imports::redirect(path).map_err(|reason| WatchError::Library { path: path.to_owned(), reason })?;
    system_calls::begin();
    Ok(())
}

/// Not available on this system.
///
/// # Errors
/// Always, on this system.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub fn begin(_path: &Path) -> Result<(), WatchError> {
    Err(WatchError::System)
}

/// Runs `call`, a call into the plugin on the audio thread, with both counters. Where they are off, it costs one
/// atomic load.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) fn during<T>(call: impl FnOnce() -> T) -> T {
    let _end = system_calls::enter();
    call()
}

/// Runs `call` with the counter of C functions alone: a main thread may start threads, which the other does not
/// survive.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) fn functions_during<T>(call: impl FnOnce() -> T) -> T {
    let _end = system_calls::enter_functions();
    call()
}

/// Runs `call`; nothing is counted on this system.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(crate) fn functions_during<T>(call: impl FnOnce() -> T) -> T {
    call()
}

/// Runs `call`; nothing is counted on this system.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(crate) fn during<T>(call: impl FnOnce() -> T) -> T {
    call()
}

/// How often each C function and each system call was called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// Functions that the plugin's library imports, by name.
    pub functions: BTreeMap<String, u64>,
    /// System calls, by name, or by number where the name is not known here.
    pub system_calls: BTreeMap<String, u64>,
}

/// Functions that neither allocate nor lock nor enter the kernel. `clock_gettime` reads the clock from the
/// vDSO; where it can't, it makes a system call, which is counted as one.
const PURE: &str = "
    memcpy memmove memset memcmp bcmp strlen clock_gettime __errno_location __tls_get_addr atan2
    atan2f ceil ceilf cos cosf exp exp2f expf floor floorf hypot hypotf log log2 logf pow powf sin
    sinf sincosf tanf fmaf";

impl CallCounts {
    /// The counts since the last call of this function.
    pub fn take() -> Self {
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        return Self { functions: imports::take(), system_calls: system_calls::take() };
        #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
        Self::default()
    }

    /// Everything but pure functions: what the audio thread must not call.
    pub fn findings(&self) -> BTreeMap<String, u64> {
        let functions =
            self.functions.iter().filter(|(name, _)| PURE.split_whitespace().all(|pure| pure != *name));
        let calls = self.system_calls.iter().map(|(name, count)| (format!("system call {name}"), *count));
        functions.map(|(name, count)| (name.clone(), *count)).chain(calls).collect()
    }
}

impl fmt::Display for CallCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let findings = self.findings();
        if findings.is_empty() {
            return write!(f, "nothing");
        }
        for (index, (name, count)) in findings.iter().enumerate() {
            write!(f, "{}{name} x {count}", if index > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pure_functions_are_no_findings_and_the_rest_are() {
        let count = |name: &str| (name.to_owned(), 2);
        let functions = [count("memcpy"), count("malloc"), count("expf")].into();
        let log = CallCounts { functions, system_calls: [count("futex")].into() };
        assert_eq!(log.to_string(), "malloc x 2, system call futex x 2");
        assert_eq!(CallCounts::default().to_string(), "nothing");
    }
}
