//! `rig states`: damaged states by the thousand, in processes of their own, so that an abort is a finding
//! and not the end.

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rig::checks::states;
use rig::{Bundle, Format};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// States of one process.
const RUN: u64 = 500;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder that holds Beatfield.clap and Beatfield.vst3
    #[arg(long, value_name = "FOLDER", default_value = "target/bundled")]
    bundles: PathBuf,
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

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if let Some([format, from]) = options.child.as_deref() {
        let format = if format == "clap" { Format::Clap } else { Format::Vst3 };
        return child(options, format, from.parse().context("the number of the first state")?);
    }
    if options.count < 2 {
        bail!("nothing to do: --count wants at least 2");
    }
    let each = options.count / 2;
    let progress = ProgressBar::new(2 * each).with_style(
        ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} states, {per_sec}, {eta} left")
            .context("a progress bar")?,
    );
    let runs = ["clap", "vst3"].into_iter();
    let runs = runs.flat_map(|format| (0..each).step_by(RUN as usize).map(move |from| (format, from)));
    let (runs, outcomes) = (Mutex::new(runs), Mutex::new(Vec::new()));
    std::thread::scope(|threads| {
        // A player waits for its decode thread most of the time.
        for _ in 0..2 * std::thread::available_parallelism().map_or(1, usize::from) {
            threads.spawn(|| {
                loop {
                    let Some((format, from)) = runs.lock().ok().and_then(|mut runs| runs.next()) else {
                        return;
                    };
                    let count = RUN.min(each - from);
                    let outcome = one_run(options, format, from, count);
                    progress.suspend(|| {
                        if let Err(error) = &outcome {
                            eprintln!("{format}, states {from} to {}: {error:#}", from + count - 1);
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

/// One process: how many states were taken, were refused, and how many notes were played.
fn one_run(options: &Options, format: &str, from: u64, count: u64) -> anyhow::Result<[u64; 3]> {
    let this = std::env::current_exe().context("the rig cannot tell where it lies")?;
    let mut child = Command::new(this);
    child.args(["states", "--seed", &options.seed.to_string(), "--count", &count.to_string()]);
    child.args(["--child", format, &from.to_string(), "--bundles"]).arg(&options.bundles);
    let output = child.output().context("starting a run")?;
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let numbers = said.lines().last().unwrap_or_default().split_whitespace();
    let numbers: Vec<u64> = numbers.filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        // A thread of the plugin may end in a panic that it keeps to itself.
        [taken, refused, notes] if output.status.success() && !wrong.contains("panicked at") => {
            Ok([taken, refused, notes])
        }
        _ => bail!("{}\n{wrong}", output.status),
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

fn child(options: &Options, format: Format, from: u64) -> anyhow::Result<()> {
    let bundle = Bundle::load(&options.bundles.join(format.file_name("Beatfield")))?;
    match states::run(&bundle, options.seed, from, options.count, || {}) {
        Ok(tally) => println!("{} {} {}", tally.taken, tally.refused, tally.notes),
        Err(finding) => {
            eprintln!("{}", String::from_utf8_lossy(&finding.state));
            return Err(finding.into());
        }
    }
    Ok(())
}
