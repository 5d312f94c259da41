//! `demo`, `cycles`: the rig hosts the bundles as a DAW does.

use std::path::PathBuf;

use crate::child::{self, Arguments};
use crate::{bundle, places};

/// The shortest way from a clone to a recorded beat.
pub(crate) fn demo(arguments: &Arguments) -> anyhow::Result<()> {
    run("demo", "--bundle", places::bundles()?.join("Beatfield.clap"), arguments)
}

/// Instances come and go until one takes its host with it, or none does.
pub(crate) fn cycles(arguments: &Arguments) -> anyhow::Result<()> {
    run("cycles", "--bundles", places::bundles()?, arguments)
}

/// Bundles the plugin, then runs `verb` of the rig with `what` to load; help needs no bundle. The rig is
/// a release build because most of what it needs is compiled for the plugin's by then.
fn run(verb: &str, flag: &str, what: PathBuf, arguments: &Arguments) -> anyhow::Result<()> {
    if !arguments.ask_for_help() {
        bundle::release()?;
    }
    let mut rig = child::cargo();
    rig.args(["run", "--quiet", "--release", "--package", "rig", "--", verb, flag]).arg(what);
    child::run(rig.args(arguments.words()), verb)
}
