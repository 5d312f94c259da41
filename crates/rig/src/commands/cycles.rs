//! `rig cycles`: instances come and go by the hundred, in processes of their own, so that an abort is
//! counted and does not end the count.

use super::Choice;
use anyhow::{Context, bail};
use rig::{Bundle, Format};
use std::path::PathBuf;
use std::process::Command;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder that holds Beatfield.clap and Beatfield.vst3
    #[arg(long, value_name = "FOLDER", default_value = "target/bundled")]
    bundles: PathBuf,
    /// Which of the two
    #[arg(long, value_enum, default_value = "clap")]
    format: Choice,
    /// Instances that come and go in each run
    #[arg(long, default_value_t = 300)]
    cycles: u32,
    /// Runs, each in a process of its own
    #[arg(long, default_value_t = 10)]
    runs: u32,
    /// Be one of the runs
    #[arg(long, hide = true)]
    child: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let (format, name) = match options.format {
        Choice::Clap => (Format::Clap, "clap"),
        Choice::Vst3 => (Format::Vst3, "vst3"),
    };
    let bundle = options.bundles.join(format.file_name("Beatfield"));
    if options.child {
        return Ok(rig::checks::lifecycle::cycles(&Bundle::load(&bundle)?, options.cycles)?);
    }
    if options.cycles == 0 || options.runs == 0 {
        bail!("nothing to do: --cycles and --runs want at least 1");
    }
    let this = std::env::current_exe().context("the rig cannot tell where it lies")?;
    let (mut aborts, mut panics) = (0, 0);
    for run in 1..=options.runs {
        let mut child = Command::new(&this);
        child.args(["cycles", "--child", "--cycles", &options.cycles.to_string(), "--format", name]);
        let output = child.arg("--bundles").arg(&options.bundles).output().context("starting a run")?;
        let said = String::from_utf8_lossy(&output.stderr);
        eprint!("{said}");
        // A thread of the framework may end in a panic that it keeps to itself.
        let panicked = said.lines().filter(|line| line.contains("panicked at")).count();
        let ended = if output.status.success() { "ok".to_owned() } else { output.status.to_string() };
        println!("run {run} of {}: {ended}, {panicked} panics", options.runs);
        aborts += u32::from(!output.status.success());
        panics += panicked;
    }
    println!(
        "{}: {aborts} aborts and {panics} panics in {} runs of {} cycles",
        bundle.display(),
        options.runs,
        options.cycles
    );
    if aborts > 0 {
        bail!("{aborts} of {} runs did not end well", options.runs);
    }
    Ok(())
}
