//! `demo`, `cycles`: the rig hosts the bundles as a DAW does.

use std::env::consts::EXE_SUFFIX;
use std::process::Command;

use crate::child::{self, Arguments};
use crate::{bundle, places};

/// The shortest way from a clone to a recorded beat: a debug build, which takes a fresh machine a
/// fraction of the time of a release build and still renders many times faster than real time.
pub(crate) fn demo(arguments: &Arguments) -> anyhow::Result<()> {
    bundle::build_debug(&["--package", places::PLUGIN, "--package", "rig"])?;
    let bundles = bundle::bundle_debug()?;
    // Started directly: `cargo run` would build the rig's dependencies again, without the plugin's features.
    let mut rig = Command::new(places::target()?.join("debug").join(format!("rig{EXE_SUFFIX}")));
    rig.args(["demo", "--bundle"]).arg(bundles.join("Beatfield.clap"));
    child::run(rig.args(arguments.words()), "the demo")
}

/// Instances of the release come and go until one takes its host with it, or none does.
pub(crate) fn cycles(arguments: &Arguments) -> anyhow::Result<()> {
    if !arguments.ask_for_help() {
        bundle::release()?;
    }
    child::build_release("rig")?;
    let mut rig = child::cargo();
    rig.args(["run", "--quiet", "--release", "--package", "rig", "--", "cycles", "--bundles"]);
    child::run(rig.arg(places::bundles()?).args(arguments.words()), "cycles")
}
