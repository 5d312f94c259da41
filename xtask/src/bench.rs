//! `bench`: every benchmark of the workspace.

use crate::child::{self, Arguments};

/// Runs criterion's benchmarks and not the tests; `arguments` go to cargo, for example `-p nets`.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut bench = child::cargo();
    bench.args(["bench", "--workspace", "--bench", "*"]).args(arguments.words());
    child::run(&mut bench, "the benchmarks")
}
