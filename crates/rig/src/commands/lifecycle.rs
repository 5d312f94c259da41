//! `rig lifecycle`: every order of a host's calls, in a process of its own for each format, so that an abort
//! is seen and ends nothing else.

use anyhow::{Context, bail};
use rig::{Bundle, Format};
use std::path::PathBuf;
use std::process::Command;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder that holds Beatfield.clap and Beatfield.vst3
    #[arg(long, value_name = "FOLDER", default_value = "target/bundled")]
    bundles: PathBuf,
    /// Calls in the longest order
    #[arg(long, default_value_t = 6)]
    longest: usize,
    /// Be the process of one format
    #[arg(long, hide = true, value_enum)]
    child: Option<super::Choice>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let orders = rig::checks::lifecycle::orders(options.longest);
    if let Some(format) = options.child {
        let path = options.bundles.join(Format::from(format).file_name("Beatfield"));
        let groups = rig::checks::lifecycle::run(&Bundle::load(&path)?, &orders)?;
        println!(
            "{}: {} orders of up to {} calls in {groups} groups of eight instances, no thread left",
            path.display(),
            orders.len(),
            options.longest
        );
        return Ok(());
    }
    let this = std::env::current_exe().context("the rig cannot tell where it lies")?;
    let mut failed = 0;
    for format in ["clap", "vst3"] {
        let mut child = Command::new(&this);
        child.args(["lifecycle", "--child", format, "--longest", &options.longest.to_string()]);
        let output = child.arg("--bundles").arg(&options.bundles).output().context("starting a run")?;
        let (said, wrong) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        print!("{said}");
        eprint!("{wrong}");
        let panics = wrong.lines().filter(|line| line.contains("panicked at")).count();
        if !output.status.success() || panics > 0 {
            println!("{format}: {}, {panics} panics", output.status);
            failed += 1;
        }
    }
    if failed > 0 {
        bail!("{failed} of 2 formats did not end well");
    }
    Ok(())
}
