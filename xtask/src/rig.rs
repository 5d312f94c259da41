//! `demo`, `cycles`, `realtime`, `states`: the rig hosts the bundles as a DAW does.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::process::Command;

use crate::child::{self, Arguments};
use crate::{bundle, places};

/// The shortest way from a clone to a recorded beat: a debug build, which takes a fresh machine a
/// fraction of the time of a release build and still renders many times faster than real time.
pub(crate) fn demo(arguments: &Arguments) -> anyhow::Result<()> {
    let (rig, bundles) = debug_rig()?;
    let mut rig = Command::new(rig);
    rig.args(["demo", "--bundle"]).arg(bundles.join("Beatfield.clap"));
    child::run(rig.args(arguments.words()), "the demo")
}

/// Damaged states, into the debug build, which also aborts when the audio thread allocates.
pub(crate) fn states(arguments: &Arguments) -> anyhow::Result<()> {
    let (rig, bundles) = debug_rig()?;
    let mut rig = Command::new(rig);
    child::run(rig.args(["states", "--bundles"]).arg(bundles).args(arguments.words()), "states")
}

/// The rig and the folder of the bundles, both built for debugging; started directly, since `cargo run`
/// would build the rig's dependencies again, without the plugin's features.
fn debug_rig() -> anyhow::Result<(PathBuf, PathBuf)> {
    bundle::build_debug(&["--package", places::PLUGIN, "--package", "rig"])?;
    let bundles = bundle::bundle_debug()?;
    Ok((places::target()?.join("debug").join(format!("rig{EXE_SUFFIX}")), bundles))
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

/// Watches the audio threads of the release from outside, then calls its instances in every order.
pub(crate) fn realtime(options: &Watched) -> anyhow::Result<()> {
    let bundles = bundle::given_or_release(options.bundles.as_deref())?;
    child::build_release("rig")?;
    let rig = |words: &[&str]| {
        let mut rig = child::cargo();
        rig.args(["run", "--quiet", "--release", "--package", "rig", "--"]).args(words);
        child::run(rig.arg("--bundles").arg(&bundles), words[0])
    };
    let seconds = options.seconds.to_string();
    let ended = ["clap", "vst3"].map(|format| rig(&["realtime", "--format", format, "--seconds", &seconds]));
    let orders = rig(&["lifecycle", "--longest", &options.longest.to_string()]);
    ended.into_iter().chain([orders]).collect()
}

#[derive(clap::Args)]
pub(crate) struct Watched {
    /// Take the bundles in this folder as they are instead of building the release
    #[arg(long, value_name = "FOLDER")]
    bundles: Option<PathBuf>,
    /// How long each scene plays
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Calls in the longest order of a host's calls
    #[arg(long, default_value_t = 6)]
    longest: usize,
}
