//! `shot`: a picture of the real window. The rig hosts it under Xvfb.

use std::env::consts::EXE_SUFFIX;
use std::process::Command;

use anyhow::bail;

use crate::child::{self, Arguments};
use crate::{bundle, places, programs};

/// Builds a debug bundle and lets the rig take its picture; help needs no bundle.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if !arguments.ask_for_help() {
        // The rig says the same, but only after minutes of building.
        if programs::find(&["Xvfb"]).is_none() {
            bail!("Xvfb is not installed; on Debian: apt-get install xvfb libgl1-mesa-dri (then try again)");
        }
        bundle::build_debug(&["--package", places::PLUGIN, "--package", "rig"])?;
        bundle::bundle_debug()?;
    }
    let target = places::target()?;
    let mut rig = Command::new(target.join("debug").join(format!("rig{EXE_SUFFIX}")));
    rig.args(["shot", "--bundle"]).arg(target.join("asserted/bundled/Beatfield.clap"));
    child::run(rig.args(arguments.words()), "the picture")
}
