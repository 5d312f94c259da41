//! `extract`, `train`, `map`, `sample`, `evaluate`, `phrases`, `report`: the offline work is the lab's, we
//! only open its door.

use crate::child::{self, Arguments};

/// Runs `verb` of the lab in a release build: training in debug would take days.
pub(crate) fn run(verb: &str, arguments: &Arguments) -> anyhow::Result<()> {
    // Built first and in the open: `run --quiet` would say nothing for the minutes of a first build.
    child::build_release("lab")?;
    let mut lab = child::cargo();
    lab.args(["run", "--quiet", "--release", "--package", "lab", "--", verb]).args(arguments.words());
    child::run(&mut lab, verb)
}
