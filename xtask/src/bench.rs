//! `bench`: what the plugin costs a computer, in one table with what each figure must be.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::{bundle, child, places};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Take the bundles in this folder as they are instead of building the release
    #[arg(long, value_name = "FOLDER")]
    bundles: Option<PathBuf>,
    /// Only the window: what a frame of it takes
    #[arg(value_enum, conflicts_with = "package")]
    only: Option<Only>,
    /// Only run this package's benchmarks, all of them, and leave the table
    #[arg(short, long)]
    package: Option<String>,
    /// Behind --: options for criterion, or with --package for cargo bench
    #[arg(last = true, value_name = "OPTIONS")]
    words: Vec<OsString>,
}

/// What can be measured by itself.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Only {
    /// The window's work for one frame.
    Ui,
}

/// Benchmarks of which the table has rows: their packages, and what their names begin with.
const ROWS: [(&str, &str); 3] = [("beat", ""), ("drums", "kit"), ("nets", "built in: a bank")];

/// Many short samples: enough of them pass between two interruptions of a busy machine. The figures are
/// taken from the samples (their lower decile) and not from criterion's estimate of a mean.
const SHORT: [&str; 9] = [
    "--sample-size",
    "1000",
    "--nresamples",
    "1000",
    "--measurement-time",
    "0.5",
    "--warm-up-time",
    "0.2",
    "--noplot",
];

/// Measures and prints. Fails where a figure clearly misses what it must be.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let window = options.only.map(|Only::Ui| places::PLUGIN.to_owned());
    if let Some(package) = options.package.as_ref().or(window.as_ref()) {
        let mut bench = child::cargo();
        bench.args(["bench", "--package", package, "--bench", "*"]).args(&options.words);
        return child::run(&mut bench, "the benchmarks");
    }
    let bundles = bundle::given_or_release(options.bundles.as_deref())?;
    child::build_release("rig")?;
    for (package, beginning) in ROWS {
        let mut bench = child::cargo();
        bench.args(["bench", "--package", package, "--bench", "*", "--", beginning]);
        child::run(bench.args(SHORT).args(&options.words), package)?;
    }
    let mut rig = child::cargo();
    rig.args(["run", "--quiet", "--release", "--package", "rig", "--", "measure", "--bundles"]).arg(bundles);
    child::run(rig.arg("--criterion").arg(places::target()?.join("criterion")), "the table of figures")
}
