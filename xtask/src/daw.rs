//! `daw`: a real DAW records the plugin's MIDI, and every note is checked. The rig does it.

use std::process::ExitCode;

use crate::child::{self, Arguments};
use crate::{bundle, places, programs};

/// What the rig too exits with when a program is missing.
const MISSING: u8 = 3;

/// Builds and bundles the release, then lets the rig's Ardour record the VST3; help needs no bundle.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if !arguments.ask_for_help() {
        // The rig says the same and more, but only after minutes of building.
        if programs::find(&["ardour7-lua"]).is_none() {
            eprintln!("ardour7-lua is not installed; on Debian 12: apt-get install ardour (then try again)");
            return Ok(MISSING.into());
        }
        bundle::release()?;
    }
    child::build_release("rig")?;
    let mut rig = child::cargo();
    rig.args(["run", "--quiet", "--release", "--package", "rig", "--", "daw", "--bundle"]);
    rig.arg(places::bundles()?.join("Beatfield.vst3")).args(arguments.words());
    child::run(&mut rig, "the recording")?;
    Ok(ExitCode::SUCCESS)
}
