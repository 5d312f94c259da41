//! Verbs that build one of our programs (lab, rig, proof, the standalone) and run it with the arguments that
//! they were given. The program's own --help shows what it takes.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::bail;

use crate::bundle;
use crate::child::{self, Arguments};
use crate::machine::{self, PLUGIN};

/// The exit code for a program that is not installed; the rig has the same.
const MISSING: u8 = 3;

/// A subcommand of the lab, in release: training in debug would take days.
pub(crate) fn lab(verb: &str, arguments: &Arguments) -> anyhow::Result<()> {
    child::run(child::release("lab")?.arg(verb).args(arguments.words()), verb)
}

/// The soak, in release: ten million blocks take half a minute there.
pub(crate) fn soak(arguments: &Arguments) -> anyhow::Result<()> {
    child::run(child::release("proof")?.arg("soak").args(arguments.words()), "the soak")
}

/// The demo in a debug build, which takes a fraction of the time of a release build to make and still renders
/// many times faster than real time.
pub(crate) fn demo(arguments: &Arguments) -> anyhow::Result<()> {
    let (mut rig, bundles) = debug_rig()?;
    rig.args(["demo", "--bundle"]).arg(bundles.join("Beatfield.clap"));
    child::run(rig.args(arguments.words()), "the demo")
}

/// Damaged states, loaded by the debug build, which aborts when the audio thread allocates.
pub(crate) fn states(arguments: &Arguments) -> anyhow::Result<()> {
    let (mut rig, bundles) = debug_rig()?;
    child::run(rig.args(["states", "--bundles"]).arg(bundles).args(arguments.words()), "states")
}

/// A picture of the window under Xvfb, with the debug build; help needs no build.
pub(crate) fn shot(arguments: &Arguments) -> anyhow::Result<()> {
    if !arguments.wants_help() {
        // The rig checks the same, but only after minutes of building.
        if machine::find_program(&["Xvfb"]).is_none() {
            bail!("Xvfb is not installed; on Debian: apt-get install xvfb libgl1-mesa-dri (then try again)");
        }
        debug_rig()?;
    }
    let mut rig = Command::new(debug_rig_path()?);
    rig.args(["shot", "--bundle"]).arg(machine::target()?.join("asserted/bundled/Beatfield.clap"));
    child::run(rig.args(arguments.words()), "the picture")
}

/// The rig and the folder of the bundles, both built for debugging. The rig is started directly: `cargo run`
/// would build its dependencies again, without the plugin's features.
fn debug_rig() -> anyhow::Result<(Command, PathBuf)> {
    bundle::build_debug(&["--package", PLUGIN, "--package", "rig"])?;
    let bundles = bundle::bundle_debug()?;
    Ok((Command::new(debug_rig_path()?), bundles))
}

fn debug_rig_path() -> anyhow::Result<PathBuf> {
    Ok(machine::target()?.join("debug").join(format!("rig{EXE_SUFFIX}")))
}

/// Instances of the release are created and destroyed until one aborts its host, or none does.
pub(crate) fn cycles(arguments: &Arguments) -> anyhow::Result<()> {
    if !arguments.wants_help() {
        bundle::release()?;
    }
    let mut rig = child::release("rig")?;
    rig.args(["cycles", "--bundles"]).arg(machine::bundles()?);
    child::run(rig.args(arguments.words()), "cycles")
}

/// Ardour records the VST3 release in the rig; help needs no bundle.
pub(crate) fn daw(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if !arguments.wants_help() {
        // The rig checks the same and more, but only after minutes of building.
        if machine::find_program(&["ardour7-lua"]).is_none() {
            eprintln!("ardour7-lua is not installed; on Debian 12: apt-get install ardour (then try again)");
            return Ok(MISSING.into());
        }
        bundle::release()?;
    }
    let mut rig = child::release("rig")?;
    rig.args(["daw", "--bundle"]).arg(machine::bundles()?.join("Beatfield.vst3"));
    child::run(rig.args(arguments.words()), "the recording")?;
    Ok(ExitCode::SUCCESS)
}

#[derive(clap::Args)]
pub(crate) struct RealtimeOptions {
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

/// Watches the audio threads of the release from outside, then calls its instances in every order.
pub(crate) fn realtime(options: &RealtimeOptions) -> anyhow::Result<()> {
    let bundles = bundle::given_or_release(options.bundles.as_deref())?;
    let rig = |words: &[&str]| {
        child::run(child::release("rig")?.args(words).arg("--bundles").arg(&bundles), words[0])
    };
    let seconds = options.seconds.to_string();
    let ended = ["clap", "vst3"].map(|format| rig(&["realtime", "--format", format, "--seconds", &seconds]));
    let orders = rig(&["lifecycle", "--longest", &options.longest.to_string()]);
    ended.into_iter().chain([orders]).collect()
}

/// The packages that the standalone's audio backends are built with.
pub(crate) const HEADERS: &str = "apt-get install libasound2-dev libjack-jackd2-dev (or your system's packages of the \
                       ALSA and JACK headers)";

/// The program's name in `plugin/Cargo.toml`.
pub(crate) const STANDALONE: &str = "beatfield-standalone";

/// The window without a DAW; the arguments choose backend, devices and ports.
pub(crate) fn standalone(arguments: &Arguments) -> anyhow::Result<()> {
    if cfg!(target_os = "linux") && !has_headers() {
        bail!(
            "the standalone needs the headers of ALSA and JACK, and nothing else of Beatfield does: {HEADERS}"
        );
    }
    let mut program = Command::new(build_standalone("release")?);
    child::run(program.args(arguments.words()), "the standalone")
}

/// Builds the standalone with a profile for users and returns its path.
pub(crate) fn build_standalone(profile: &str) -> anyhow::Result<PathBuf> {
    let options =
        ["--profile", profile, "--package", PLUGIN, "--features", "standalone", "--bin", STANDALONE];
    child::run(child::cargo().arg("build").args(options), "building the standalone")?;
    Ok(machine::target()?.join(profile).join(format!("{STANDALONE}{EXE_SUFFIX}")))
}

/// Whether those packages are there.
pub(crate) fn has_headers() -> bool {
    let mut query = Command::new("pkg-config");
    query.args(["--exists", "alsa", "jack"]).stdout(Stdio::null()).stderr(Stdio::null());
    query.status().is_ok_and(|status| status.success())
}
