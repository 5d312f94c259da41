//! `bench`: every benchmark of the workspace.

use crate::child::{self, Arguments};

/// Runs criterion's benchmarks; `arguments` go to cargo, for example `-p beat` or a name to filter by.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut bench = child::cargo();
    bench.args(["bench", "--workspace", "--benches"]).args(arguments.words());
    child::run(&mut bench, "the benchmarks")
}
