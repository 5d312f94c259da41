//! Progress bars, interruption by Ctrl-C, and the pool of one thread that makes maps.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `steps` steps, with rate, remaining time and a message. Without a terminal it is hidden.
pub(crate) fn bar(title: &'static str, steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64).with_prefix(title);
    let template = "{prefix:>12} [{bar:32}] {pos}/{len} {per_sec} {eta} left  {msg}";
    // The template is a constant; were it wrong, the default style would do.
    bar.set_style(
        ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> "),
    );
    bar
}

/// A pool of one thread, so that floating-point sums are always added in the same order.
pub(crate) fn single_thread() -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().context("no thread for the map")
}

static PRESSED: AtomicBool = AtomicBool::new(false);

/// From now on the first Ctrl-C sets a flag instead of ending the process, and the second ends it. Calling it again
/// changes nothing.
pub(crate) fn listen_for_interrupt() -> Result<()> {
    static LISTENING: OnceLock<Result<(), ctrlc::Error>> = OnceLock::new();
    let listening = LISTENING.get_or_init(|| {
        ctrlc::set_handler(|| {
            // Relaxed: the flag guards no other data.
            if PRESSED.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        })
    });
    match listening {
        Ok(()) => Ok(()),
        Err(error) => bail!("can't listen for Ctrl-C: {error}"),
    }
}

/// Whether Ctrl-C was pressed.
pub(crate) fn is_interrupted() -> bool {
    PRESSED.load(Ordering::Relaxed) // relaxed: see above
}
