//! Progress bars, and the pool of one thread that makes maps.

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
pub(crate) fn single_thread() -> anyhow::Result<rayon::ThreadPool> {
    use anyhow::Context;
    rayon::ThreadPoolBuilder::new().num_threads(1).build().context("no thread for the map")
}
