//! `demo`: the shortest way from a clone to a recorded beat. The rig hosts the real bundle.

use std::ffi::OsString;

use crate::child::Arguments;
use crate::{bundle, child, places};

/// Bundles the plugin and lets the rig play and record it; `arguments` are the rig's.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if !arguments.ask_for_help() {
        bundle::release()?;
    }
    let bundle = OsString::from(places::bundles()?.join("Beatfield.clap"));
    // In release, because everything below the plugin in the rig is compiled by then.
    let mut rig = child::cargo();
    rig.args(["run", "--quiet", "--release", "--package", "rig", "--", "demo", "--bundle"]).arg(bundle);
    child::run(rig.args(arguments.words()), "the demo")
}
