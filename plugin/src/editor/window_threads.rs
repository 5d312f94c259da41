//! Waits until the threads of a closed window have ended (Linux only).
//!
//! The toolkit stops the window's thread as it closes the window, but joins it only where it is quick enough
//! (baseview 0.4.2: `WindowThreadHandle::run_until_closed` returns, before it joins, where the thread takes no more
//! requests); its clipboard's thread it never joins. A host that went on meanwhile, to its exit or to unload the
//! plugin, crashed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest wait. The threads take some ten milliseconds.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How often it is looked whether they have ended.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// Threads as folders under /proc; they vanish once a thread has ended, its last destructors included.
type Threads = BTreeSet<PathBuf>;

/// The threads of the windows of one instance. Empty where the system has no /proc.
#[derive(Clone, Default)]
pub(super) struct WindowThreads {
    lists: Arc<Mutex<ThreadLists>>,
}

#[derive(Default)]
struct ThreadLists {
    /// All that ran before the window's thread started others.
    before: Threads,
    /// Those of windows whose end was not waited for yet.
    noted: Threads,
}

/// All threads of this process.
fn running() -> Threads {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return Threads::new() };
    tasks.filter_map(|task| Some(task.ok()?.path())).collect()
}

fn name(thread: &std::path::Path) -> Option<String> {
    std::fs::read_to_string(thread.join("comm")).ok()
}

impl WindowThreads {
    fn lock(&self) -> MutexGuard<'_, ThreadLists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// On the window's thread, which is noted, before the toolkit starts others.
    pub(super) fn opens(&self) {
        let Ok(this) = std::fs::read_link("/proc/thread-self") else { return };
        let Some(this) = this.file_name().map(|id| PathBuf::from("/proc/self/task").join(id)) else { return };
        let mut lists = self.lock();
        lists.before = running();
        lists.noted.insert(this);
    }

    /// On the window's thread, with the first frame: notes the threads that it has started. They have its name.
    pub(super) fn note_started(&self) {
        let Ok(own_name) = std::fs::read_to_string("/proc/thread-self/comm") else { return };
        let mut lists = self.lock();
        let started = running().into_iter().filter(|thread| !lists.before.contains(thread));
        let started: Threads = started.filter(|thread| name(thread).as_ref() == Some(&own_name)).collect();
        lists.noted.extend(started);
    }

    /// Waits until all threads that were noted have ended, for two seconds at most. For the main thread, once the
    /// windows are closed.
    pub(super) fn wait(&self) {
        let threads = std::mem::take(&mut self.lock().noted);
        let deadline = Instant::now() + TIMEOUT;
        while threads.iter().any(|thread| thread.exists()) && Instant::now() < deadline {
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    /// As the toolkit does it: the window's thread starts another, and nobody joins either.
    #[test]
    fn threads_that_nobody_joins_are_waited_for() {
        let threads = WindowThreads::default();
        let (stop, stopped) = channel::<()>();
        let (to_test, noted) = channel();
        let window = threads.clone();
        std::thread::spawn(move || {
            window.opens();
            let (end, ended) = channel::<()>();
            std::thread::spawn(move || ended.recv().is_err());
            window.note_started();
            to_test.send(window.lock().noted.clone()).expect("the test listens");
            let end_of_window = stopped.recv();
            drop(end);
            end_of_window
        });
        let noted = noted.recv().expect("the window's thread reports");
        assert!(noted.len() >= 2, "{noted:?}");
        drop(stop);
        threads.wait();
        assert!(noted.is_disjoint(&running()), "{noted:?}");
    }
}
