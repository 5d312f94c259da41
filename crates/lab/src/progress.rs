//! Progress bars: what is being done, how far it is, how fast, how long yet; and the pool of work that must not be
//! shared out.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `steps`, with rate and time left and room for a message. Without a terminal it is silent.
pub(crate) fn bar(title: &'static str, steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64).with_prefix(title);
    let look = "{prefix:>12} [{bar:32}] {pos}/{len} {per_sec} {eta} left  {msg}";
    // The template is a constant; should it be wrong, the plain bar is good enough.
    bar.set_style(
        ProgressStyle::with_template(look)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> "),
    );
    bar
}

/// A pool of one thread, for sums that must always be added in the same order.
pub(crate) fn single_thread() -> anyhow::Result<rayon::ThreadPool> {
    use anyhow::Context;
    rayon::ThreadPoolBuilder::new().num_threads(1).build().context("no thread for the map")
}
