//! `rig realtime`: what the audio threads of eight instances do that they must not.

use anyhow::bail;
use rig::checks::realtime::{Scene, Unfinished};
use rig::{Bundle, Format};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder that holds Beatfield.clap and Beatfield.vst3
    #[arg(long, value_name = "FOLDER", default_value = "target/bundled")]
    bundles: PathBuf,
    /// Which of the two
    #[arg(long, value_enum, default_value = "clap")]
    format: super::Choice,
    /// How long each scene plays
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let format = Format::from(options.format);
    let bundle = Bundle::load(&options.bundles.join(format.file_name("Beatfield")))?;
    println!("{}", bundle.path().display());
    let scenes = match rig::checks::realtime::run(&bundle, options.seconds) {
        Err(Unfinished::Blind(why)) => {
            println!("real time: not run (1): {why}");
            return Ok(());
        }
        scenes => scenes?,
    };
    for Scene { name, blocks, log, .. } in &scenes {
        println!("  {name:<44} {blocks:>8} blocks: {log}");
    }
    let faults = rig::checks::realtime::faults(&scenes, format);
    for fault in &faults {
        println!("  FAULT: {fault}");
    }
    if !faults.is_empty() {
        bail!("the audio thread did what it must not ({} findings)", faults.len());
    }
    Ok(())
}
