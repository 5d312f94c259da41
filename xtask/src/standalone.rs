//! `standalone`: Beatfield for people without a DAW.

use std::process::{Command, Stdio};

use anyhow::bail;

use crate::child::{self, Arguments};
use crate::places::PLUGIN;

/// What the backends are built with, as pkg-config calls it, and how one gets it.
const HEADERS: &str = "apt-get install libasound2-dev libjack-jackd2-dev (or your system's packages of the \
                       ALSA and JACK headers)";

/// Builds and opens it; `arguments` choose backend, devices and ports.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if cfg!(target_os = "linux") && !has_headers() {
        bail!(
            "the standalone needs the headers of ALSA and JACK, and nothing else of Beatfield does: {HEADERS}"
        );
    }
    let build = ["build", "--release", "--package", PLUGIN, "--features", "standalone", "--bin", PROGRAM];
    child::run(child::cargo().args(build), "building the standalone")?;
    let mut run = child::cargo();
    run.args(["run", "--quiet", "--release", "--package", PLUGIN, "--features", "standalone"]);
    child::run(run.args(["--bin", PROGRAM, "--"]).args(arguments.words()), "the standalone")
}

const PROGRAM: &str = "beatfield-standalone";

fn has_headers() -> bool {
    let mut ask = Command::new("pkg-config");
    ask.args(["--exists", "alsa", "jack"]).stdout(Stdio::null()).stderr(Stdio::null());
    ask.status().is_ok_and(|status| status.success())
}
