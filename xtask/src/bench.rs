//! `bench`: what the plugin costs in CPU time and memory, in one table with the target of each figure.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::{bundle, child, machine};

#[derive(clap::Args)]
pub(crate) struct BenchOptions {
    /// Take the bundles in this folder as they are instead of building the release
    #[arg(long, value_name = "FOLDER")]
    bundles: Option<PathBuf>,
    /// Only the window: the time of a frame
    #[arg(value_enum, conflicts_with = "package")]
    only: Option<Only>,
    /// Only run this package's benchmarks, all of them, and print no table
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

/// The benchmarks of the table: their packages, and the beginning of their names.
const ROWS: [(&str, &str); 3] = [("beat", ""), ("drums", "kit"), ("nets", "built in: a bank")];

/// Many short samples, so that enough of them run undisturbed on a busy machine. The figures are the lower
/// decile of the samples, not criterion's estimate of the mean.
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

/// Measures and prints. Fails where a figure clearly misses its target.
pub(crate) fn run(options: &BenchOptions) -> anyhow::Result<()> {
    let window = options.only.map(|Only::Ui| machine::PLUGIN.to_owned());
    if let Some(package) = options.package.as_ref().or(window.as_ref()) {
        let mut bench = child::cargo();
        bench.args(["bench", "--package", package, "--bench", "*"]).args(&options.words);
        return child::run(&mut bench, "the benchmarks");
    }
    let bundles = bundle::given_or_release(options.bundles.as_deref())?;
    let mut rig = child::release("rig")?;
    for (package, beginning) in ROWS {
        let mut bench = child::cargo();
        bench.args(["bench", "--package", package, "--bench", "*", "--", beginning]);
        child::run(bench.args(SHORT).args(&options.words), package)?;
    }
    rig.args(["measure", "--bundles"]).arg(bundles);
    child::run(rig.arg("--criterion").arg(machine::target()?.join("criterion")), "the table of figures")
}
