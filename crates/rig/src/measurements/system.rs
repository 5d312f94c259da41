//! What the system says of this process: memory and CPU time. Zero where it is not Linux.

use std::time::Duration;

/// Memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Memory {
    /// Everything that lies in memory, code included.
    pub resident: f64,
    /// What belongs to this process alone.
    pub own: f64,
}

/// The memory of this process.
pub fn memory() -> Memory {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    Memory { resident: kilobytes(&status, "VmRSS:") * 1024.0, own: kilobytes(&status, "RssAnon:") * 1024.0 }
}

fn kilobytes(status: &str, field: &str) -> f64 {
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}

/// The CPU time that the threads whose name passes `named` have used so far.
pub fn cpu_time(named: impl Fn(&str) -> bool) -> Duration {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return Duration::ZERO };
    let mut nanoseconds = 0;
    for task in tasks.flatten() {
        let read = |file: &str| std::fs::read_to_string(task.path().join(file)).unwrap_or_default();
        if named(read("comm").trim()) {
            let statistics = read("schedstat");
            nanoseconds += statistics.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0);
        }
    }
    Duration::from_nanos(nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_words_are_understood() {
        let status = "Name:\trig\nVmRSS:\t    2048 kB\nRssAnon:\t     512 kB\n";
        assert_eq!(kilobytes(status, "VmRSS:"), 2048.0);
        assert_eq!(kilobytes(status, "VmSwap:"), 0.0);
        assert!(!cfg!(target_os = "linux") || memory().resident > memory().own);
        let spent = cpu_time(|_| true);
        let mut sum = 0_u64;
        while cfg!(target_os = "linux") && cpu_time(|_| true) == spent {
            sum = sum.wrapping_add(std::hint::black_box(1));
        }
    }
}
