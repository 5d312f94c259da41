//! `bench`: every benchmark of the workspace.

use crate::child::{self, Arguments};

/// Runs criterion's benchmarks and not the tests; `arguments` go to cargo, for example `-p nets`. The proof
/// stays out: its switches for planted faults would get into the sequencer that is measured.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut bench = child::cargo();
    let one = arguments.begin_with(&["-p", "--package"]);
    let all = if one { &[][..] } else { &["--workspace", "--exclude=proof"] };
    bench.args(["bench", "--bench", "*"]).args(all).args(arguments.words());
    child::run(&mut bench, "the benchmarks")
}
