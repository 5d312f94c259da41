//! `rig cycles`: creates, automates and destroys instances by the hundred, in child processes, and counts
//! their aborts.

use super::BundlesArg;
use anyhow::bail;
use rig::PluginFormat;
use rig::checks::lifecycle;

#[derive(clap::Args)]
pub(crate) struct CyclesArgs {
    #[command(flatten)]
    bundles: BundlesArg,
    /// Which of the two
    #[arg(long, value_enum, default_value = "clap")]
    format: PluginFormat,
    /// Instances that each run creates and destroys
    #[arg(long, default_value_t = 300)]
    cycles: u32,
    /// Runs, each in a process of its own
    #[arg(long, default_value_t = 10)]
    runs: u32,
    /// Be one of the runs
    #[arg(long, hide = true)]
    child: bool,
}

pub(crate) fn run(args: &CyclesArgs) -> anyhow::Result<()> {
    if args.child {
        return Ok(lifecycle::cycles(&args.bundles.load(args.format)?, args.cycles)?);
    }
    if args.cycles == 0 || args.runs == 0 {
        bail!("nothing to do: --cycles and --runs want at least 1");
    }
    let (mut aborts, mut panics) = (0, 0);
    for run in 1..=args.runs {
        let cycles = args.cycles.to_string();
        let child = args.bundles.run_child(&[
            "cycles",
            "--child",
            "--cycles",
            &cycles,
            "--format",
            args.format.name(),
        ])?;
        eprint!("{}", child.stderr);
        let ended = if child.status.success() { "ok".to_owned() } else { child.status.to_string() };
        println!("run {run} of {}: {ended}, {} panics", args.runs, child.panics());
        aborts += u32::from(!child.status.success());
        panics += child.panics();
    }
    println!(
        "{}: {aborts} aborts and {panics} panics in {} runs of {} cycles",
        args.bundles.path(args.format).display(),
        args.runs,
        args.cycles
    );
    if aborts > 0 {
        bail!("{aborts} of {} runs did not end well", args.runs);
    }
    Ok(())
}
