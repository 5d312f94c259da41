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
        let done = lifecycle::run(&args.bundles.load(format)?, &orders)?;
        println!(
            "{}: {} orders of up to {} calls in {} groups of eight instances, {}",
            args.bundles.path(format).display(),
            orders.len(),
            args.longest,
            done.groups,
            if done.threads_counted { "no thread left" } else { "threads not counted on this system" }
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
        // A process that crashed may have an exit status of success under Wine; its last line says that it ended.
        let ended = child.stdout.contains(" groups of eight instances, ");
        if !ended || !child.status.success() || child.panics() > 0 {
            println!("{}: {}, {} panics", format.name(), child.status, child.panics());
            failed += 1;
        }
    }
    if failed > 0 {
        bail!("{failed} of 2 formats did not end well");
    }
    Ok(())
}
