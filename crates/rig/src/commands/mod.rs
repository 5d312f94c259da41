//! The commands, one a file, and what several of them share.

pub(crate) mod cycles;
pub(crate) mod daw;
pub(crate) mod demo;
pub(crate) mod lifecycle;
pub(crate) mod measure;
pub(crate) mod realtime;
pub(crate) mod shot;
pub(crate) mod states;
pub(crate) mod window;

use anyhow::Context;
use rig::{Bundle, HostError, PluginFormat};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

/// Where the bundles of both formats are.
#[derive(clap::Args)]
pub(crate) struct BundlesArg {
    /// The folder that holds Beatfield.clap and Beatfield.vst3
    #[arg(long, value_name = "FOLDER", default_value = "target/bundled")]
    bundles: PathBuf,
}

impl BundlesArg {
    fn path(&self, format: PluginFormat) -> PathBuf {
        self.bundles.join(format.file_name("Beatfield"))
    }

    fn load(&self, format: PluginFormat) -> Result<Bundle, HostError> {
        Bundle::load(&self.path(format))
    }

    /// Runs this program again with `args` and these bundles: an abort of the child is counted and does not
    /// end the parent.
    fn run_child(&self, args: &[&str]) -> anyhow::Result<ChildRun> {
        let program = std::env::current_exe().context("the path of the rig's own program")?;
        let mut child = Command::new(program);
        let output =
            child.args(args).arg("--bundles").arg(&self.bundles).output().context("starting a child")?;
        Ok(ChildRun {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// A child process that has ended.
struct ChildRun {
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

impl ChildRun {
    /// How many of its threads panicked, those included whose panic the framework caught.
    fn panics(&self) -> usize {
        self.stderr.lines().filter(|line| line.contains("panicked at")).count()
    }
}
