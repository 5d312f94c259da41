//! `rig states`: damaged states by the thousand, in child processes, so that an abort is one finding.

use super::BundlesArg;
use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rig::PluginFormat;
use rig::checks::states;
use std::sync::{Mutex, PoisonError};

/// States that one child process loads.
const RUN: u64 = 500;

#[derive(clap::Args)]
pub(crate) struct StatesArgs {
    #[command(flatten)]
    bundles: BundlesArg,
    /// Damaged states, half of them for each format
    #[arg(long, default_value_t = 100_000)]
    count: u64,
    /// Which damage: the same seed is the same damage
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Be one of the processes: the states from this one on, in this format
    #[arg(long, hide = true, num_args = 2, value_names = ["FORMAT", "NUMBER"])]
    child: Option<Vec<String>>,
}

pub(crate) fn run(args: &StatesArgs) -> anyhow::Result<()> {
    if let Some([format, from]) = args.child.as_deref() {
        let format =
            if format == PluginFormat::Clap.name() { PluginFormat::Clap } else { PluginFormat::Vst3 };
        return child(args, format, from.parse().context("the number of the first state")?);
    }
    if args.count < 2 {
        bail!("nothing to do: --count wants at least 2");
    }
    let each = args.count / 2;
    let progress = ProgressBar::new(2 * each).with_style(
        ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} states, {per_sec}, {eta} left")
            .context("a progress bar")?,
    );
    let runs = PluginFormat::ALL.into_iter();
    let runs = runs.flat_map(|format| (0..each).step_by(RUN as usize).map(move |from| (format, from)));
    let (runs, outcomes) = (Mutex::new(runs), Mutex::new(Vec::new()));
    std::thread::scope(|threads| {
        // A child waits for its decode thread most of the time.
        for _ in 0..2 * std::thread::available_parallelism().map_or(1, usize::from) {
            threads.spawn(|| {
                loop {
                    let Some((format, from)) = runs.lock().ok().and_then(|mut runs| runs.next()) else {
                        return;
                    };
                    let count = RUN.min(each - from);
                    let outcome = one_run(args, format, from, count);
                    progress.suspend(|| {
                        if let Err(error) = &outcome {
                            eprintln!("{}, states {from} to {}: {error:#}", format.name(), from + count - 1);
                        }
                    });
                    progress.inc(count);
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
                }
            });
        }
    });
    progress.finish_and_clear();
    sum_up(2 * each, outcomes.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// One child process: how many states the plugin accepted and refused, and how many notes it played.
fn one_run(args: &StatesArgs, format: PluginFormat, from: u64, count: u64) -> anyhow::Result<[u64; 3]> {
    let (seed, count, from) = (args.seed.to_string(), count.to_string(), from.to_string());
    let child = args.bundles.run_child(&[
        "states",
        "--seed",
        &seed,
        "--count",
        &count,
        "--child",
        format.name(),
        &from,
    ])?;
    let numbers = child.stdout.lines().last().unwrap_or_default().split_whitespace();
    let numbers: Vec<u64> = numbers.filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [accepted, refused, notes] if child.status.success() && child.panics() == 0 => {
            Ok([accepted, refused, notes])
        }
        _ => bail!("{}\n{}", child.status, child.stderr),
    }
}

fn sum_up(states: u64, outcomes: Vec<anyhow::Result<[u64; 3]>>) -> anyhow::Result<()> {
    let (runs, good): (usize, Vec<_>) = (outcomes.len(), outcomes.into_iter().flatten().collect());
    let sum = |index: usize| good.iter().map(|outcome| outcome[index]).sum::<u64>();
    let bad = runs - good.len();
    println!(
        "{states} damaged states: {} taken, {} refused, {} notes, {bad} of {runs} runs with something wrong",
        sum(0),
        sum(1),
        sum(2)
    );
    if bad > 0 {
        bail!("{bad} runs of up to {RUN} states ended at a state that they should have survived");
    }
    Ok(())
}

fn child(args: &StatesArgs, format: PluginFormat, from: u64) -> anyhow::Result<()> {
    match states::run(&args.bundles.load(format)?, args.seed, from, args.count) {
        Ok(tally) => println!("{} {} {}", tally.accepted, tally.refused, tally.notes),
        Err(failed) => {
            eprintln!("{}", String::from_utf8_lossy(&failed.state));
            return Err(failed.into());
        }
    }
    Ok(())
}
