//! `rig lifecycle`: every order of a host's calls, in a child process for each format.

use super::BundlesArg;
use anyhow::bail;
use rig::PluginFormat;
use rig::checks::lifecycle;

#[derive(clap::Args)]
pub(crate) struct LifecycleArgs {
    #[command(flatten)]
    bundles: BundlesArg,
    /// Calls in the longest order
    #[arg(long, default_value_t = 6)]
    longest: usize,
    /// Be the process of one format
    #[arg(long, hide = true, value_enum)]
    child: Option<PluginFormat>,
}

pub(crate) fn run(args: &LifecycleArgs) -> anyhow::Result<()> {
    if let Some(format) = args.child {
        let orders = lifecycle::orders(args.longest);
        let groups = lifecycle::run(&args.bundles.load(format)?, &orders)?;
        println!(
            "{}: {} orders of up to {} calls in {groups} groups of eight instances, no thread left",
            args.bundles.path(format).display(),
            orders.len(),
            args.longest
        );
        return Ok(());
    }
    let mut failed = 0;
    for format in PluginFormat::ALL {
        let longest = args.longest.to_string();
        let child =
            args.bundles.run_child(&["lifecycle", "--child", format.name(), "--longest", &longest])?;
        print!("{}", child.stdout);
        eprint!("{}", child.stderr);
        if !child.status.success() || child.panics() > 0 {
            println!("{}: {}, {} panics", format.name(), child.status, child.panics());
            failed += 1;
        }
    }
    if failed > 0 {
        bail!("{failed} of 2 formats did not end well");
    }
    Ok(())
}
