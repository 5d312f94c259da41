//! `rig realtime`: what the audio threads of eight instances do that a real-time thread must not.

use super::BundlesArg;
use anyhow::bail;
use rig::PluginFormat;
use rig::checks::realtime::{WatchedActivity, faults, run as watch};
use rig::watch::WatchError;

#[derive(clap::Args)]
pub(crate) struct RealtimeArgs {
    #[command(flatten)]
    bundles: BundlesArg,
    /// Which of the two
    #[arg(long, value_enum, default_value = "clap")]
    format: PluginFormat,
    /// How long each activity lasts
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
}

pub(crate) fn run(args: &RealtimeArgs) -> anyhow::Result<()> {
    let bundle = args.bundles.load(args.format)?;
    println!("{}", bundle.path().display());
    let activities = match watch(&bundle, args.seconds) {
        Err(reason) if reason.is::<WatchError>() => {
            println!("real time: not run (1): {reason}");
            return Ok(());
        }
        activities => activities?,
    };
    for WatchedActivity { name, blocks, calls, .. } in &activities {
        println!("  {name:<44} {blocks:>8} blocks: {calls}");
    }
    let faults = faults(&activities, args.format);
    for fault in &faults {
        println!("  FAULT: {fault}");
    }
    if !faults.is_empty() {
        bail!("the audio thread did what it must not ({} findings)", faults.len());
    }
    Ok(())
}
