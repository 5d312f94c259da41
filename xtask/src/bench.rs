//! `bench`: what the plugin costs a computer, in one table with what each figure must be.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::{bundle, child, places};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Take the bundles in this folder as they are instead of building the release
    #[arg(long, value_name = "FOLDER")]
    bundles: Option<PathBuf>,
    /// Only run this package's benchmarks, all of them, and leave the table
    #[arg(short, long)]
    package: Option<String>,
    /// Behind --: options for criterion, or with --package for cargo bench
    #[arg(last = true, value_name = "OPTIONS")]
    words: Vec<OsString>,
}

/// Benchmarks of which the table has rows: their packages, and what their names begin with.
const ROWS: [(&str, &str); 3] = [("beat", ""), ("drums", "kit"), ("nets", "built in: a bank")];

/// Many short samples: most of them pass between two interruptions of a busy machine, so that the median
/// is of those. The figures are taken from the samples and not from criterion's estimate of a mean.
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
    if let Some(package) = &options.package {
        let mut bench = child::cargo();
        bench.args(["bench", "--package", package, "--bench", "*"]).args(&options.words);
        return child::run(&mut bench, "the benchmarks");
    }
    let bundles = match &options.bundles {
        Some(bundles) => bundles.clone(),
        None => {
            bundle::release()?;
            places::bundles()?
        }
    };
    child::build_release("rig")?;
    for (package, beginning) in ROWS {
        let mut bench = child::cargo();
        bench.args(["bench", "--package", package, "--bench", "*", "--", beginning]);
        child::run(bench.args(SHORT).args(&options.words), package)?;
    }
    let mut rig = child::cargo();
    rig.args(["run", "--quiet", "--release", "--package", "rig", "--", "figures", "--bundles"]).arg(bundles);
    child::run(rig.arg("--criterion").arg(places::target()?.join("criterion")), "the table of figures")
}
