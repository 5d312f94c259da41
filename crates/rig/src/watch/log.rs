//! What was counted, by name. Filled on the audio thread with relaxed additions, read on the main thread.

use std::collections::BTreeMap;
use std::fmt;

/// How often each C function and each system call was called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Functions that the plugin's library imports, by name.
    pub functions: BTreeMap<String, u64>,
    /// System calls, by name, or by number where the name is not known here.
    pub system_calls: BTreeMap<String, u64>,
}

/// Functions that compute and nothing else: they neither allocate nor lock nor enter the kernel.
/// `clock_gettime` reads the clock from a page that the kernel shares; where it can't, it makes a system
/// call, which is counted as one.
const PURE: [&str; 32] = [
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "bcmp",
    "strlen",
    "clock_gettime",
    "__errno_location",
    "__tls_get_addr",
    "atan2",
    "atan2f",
    "ceil",
    "ceilf",
    "cos",
    "cosf",
    "exp",
    "exp2f",
    "expf",
    "floor",
    "floorf",
    "hypot",
    "hypotf",
    "log",
    "log2",
    "logf",
    "pow",
    "powf",
    "sin",
    "sinf",
    "sincosf",
    "tanf",
    "fmaf",
];

impl Log {
    /// What has been counted since the last call.
    pub fn take() -> Self {
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        return Self { functions: super::imports::take(), system_calls: super::system_calls::take() };
        #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
        Self::default()
    }

    /// Everything but the functions that only compute: what has no place below the line.
    pub fn findings(&self) -> BTreeMap<String, u64> {
        let functions = self.functions.iter().filter(|(name, _)| !PURE.contains(&name.as_str()));
        let calls = self.system_calls.iter().map(|(name, count)| (format!("system call {name}"), *count));
        functions.map(|(name, count)| (name.clone(), *count)).chain(calls).collect()
    }
}

impl fmt::Display for Log {
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
    fn what_only_computes_is_no_finding_and_the_rest_is() {
        let count = |name: &str| (name.to_owned(), 2);
        let functions = [count("memcpy"), count("malloc"), count("expf")].into();
        let log = Log { functions, system_calls: [count("futex")].into() };
        assert_eq!(log.to_string(), "malloc x 2, system call futex x 2");
        assert_eq!(Log::default().to_string(), "nothing");
    }
}
