//! `rig measure`: the table of what the plugin costs, with the limit of each figure beside it.

use super::BundlesArg;
use anyhow::{Context, bail};
use rig::PluginFormat;
use rig::measurements::live::{PROJECT, StartupTimes, measure_puck, measure_start};
use rig::measurements::{Measurement, Verdict, criterion_rows, quantile};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(clap::Args)]
pub(crate) struct MeasureArgs {
    #[command(flatten)]
    bundles: BundlesArg,
    /// Where criterion keeps what `cargo bench` measured
    #[arg(long, value_name = "FOLDER", default_value = "target/criterion")]
    criterion: PathBuf,
    /// How often the puck is moved, of eight instances in turn
    #[arg(long, default_value_t = 400)]
    moves: usize,
    /// Fresh processes that open the bundle
    #[arg(long, default_value_t = 11)]
    starts: usize,
    /// How long instances rest and roll while their CPU time is read
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Be one of the fresh processes
    #[arg(long, hide = true, value_enum)]
    child: Option<PluginFormat>,
}

pub(crate) fn run(args: &MeasureArgs) -> anyhow::Result<()> {
    if let Some(format) = args.child {
        let start = measure_start(|| args.bundles.load(format), args.seconds)?;
        println!("{}", serde_json::to_string(&start)?);
        return Ok(());
    }
    println!("{}", machine());
    let mut measurements = criterion_rows(&args.criterion);
    for format in PluginFormat::ALL {
        let name = format.name();
        eprintln!("{name}: {} fresh processes, {} moves of the puck, twice", args.starts, args.moves);
        let mut rows = starts(args, format)?;
        let bundle = args.bundles.load(format)?;
        rows.extend(measure_puck(&bundle, args.moves, args.seconds)?);
        let busy = beside_busy_threads(|| measure_puck(&bundle, args.moves, 0.1))?;
        let busy = busy.into_iter().filter(|figure| figure.what.starts_with("puck"));
        rows.extend(
            busy.map(|figure| Measurement { what: format!("{}, every core busy", figure.what), ..figure }),
        );
        measurements
            .extend(rows.into_iter().map(|row| Measurement { what: format!("{name}: {}", row.what), ..row }));
    }
    let missed = print(&measurements);
    if missed > 0 {
        bail!("{missed} figures miss what they must be by more than a fifth");
    }
    Ok(())
}

/// What fresh processes measured.
fn starts(args: &MeasureArgs, format: PluginFormat) -> anyhow::Result<Vec<Measurement>> {
    let mut all: Vec<StartupTimes> = Vec::new();
    for index in 0..args.starts.max(1) {
        // Only the first measures the CPU time at rest, which takes the longest.
        let seconds = if index == 0 { args.seconds } else { 0.0 };
        let child = args.bundles.run_child(&[
            "measure",
            "--child",
            format.name(),
            "--seconds",
            &seconds.to_string(),
        ])?;
        if !child.status.success() {
            bail!("a fresh process failed: {}", child.stderr);
        }
        all.push(serde_json::from_str(&child.stdout).context("what a fresh process measured")?);
    }
    let row = |what: &str, unit: &'static str, of: fn(&StartupTimes) -> Option<f64>| {
        let mut values: Vec<f64> = all.iter().filter_map(of).collect();
        if values.is_empty() {
            return Measurement::measured(what, unit, None);
        }
        let [median, low, high] = [0.5, 0.0, 1.0].map(|share| quantile(&mut values, share));
        Measurement::new(what, unit, median).spread(low, high)
    };
    Ok(vec![
        row("first instance: bundle opened to active", "ms", |start| Some(start.active)).must(100.0),
        row("first instance: bundle opened to first bank", "ms", |start| Some(start.playing)).must(100.0),
        row("second instance: created to first bank", "ms", |start| Some(start.second)).must(100.0),
        row(&format!("{PROJECT} instances of a project: all with their first bank"), "ms", |start| {
            Some(start.project)
        }),
        row("memory of the first instance", "MB", |start| Some(start.first_memory?[0])),
        row("memory of the first instance, code left out", "MB", |start| Some(start.first_memory?[1])),
        row("memory of each further instance", "MB", |start| Some(start.more_memory?[0])).must(40.0),
        Measurement::measured("CPU of 8 instances at rest, of one core", "%", all[0].idle).must(1.0),
    ])
}

/// Runs `work` beside twice as many busy threads as there are cores.
fn beside_busy_threads<T>(work: impl FnOnce() -> T) -> T {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 * cores {
            scope.spawn(|| {
                let mut sum = 0_u64;
                while !done.load(Ordering::Relaxed) {
                    sum = std::hint::black_box(sum.wrapping_mul(3).wrapping_add(1));
                }
            });
        }
        let result = work();
        done.store(true, Ordering::Relaxed);
        result
    })
}

/// Prints the table; returns how many figures exceed their limit.
fn print(measurements: &[Measurement]) -> usize {
    println!("| what | figure | spread | must | |\n|---|---|---|---|---|");
    let mut missed = 0;
    for figure in measurements {
        let verdict = figure.verdict();
        missed += usize::from(verdict == Verdict::Missed);
        let word = match verdict {
            Verdict::Missed => "MISSED",
            Verdict::Close => "close",
            Verdict::Unmeasured => "not measured",
            Verdict::Holds if figure.must.is_some() => "holds",
            Verdict::Holds => "",
        };
        let number = |value: f64| format!("{} {}", rounded(value), figure.unit);
        let mut must = figure.must.map_or(String::new(), number);
        if let Some(aim) = figure.aim {
            must += &format!(" (aim {})", rounded(aim));
        }
        println!(
            "| {} | {} | {} | {must} | {word} |",
            figure.what,
            figure.value.map_or(String::new(), number),
            figure.spread.map_or(String::new(), |(low, high)| format!(
                "{} to {}",
                rounded(low),
                rounded(high)
            )),
        );
    }
    missed
}

/// The value with three significant digits.
fn rounded(value: f64) -> String {
    let digits = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    let places = (2.0 - digits).clamp(0.0, 4.0) as usize;
    format!("{value:.places$}")
}

/// The machine that this was measured on.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(Path::new(path)).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let name = processors.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = read("/proc/loadavg");
    let load: Vec<&str> = load.split(' ').take(3).collect();
    format!(
        "{cores} cores, {}, {} {}, load average {} before the measurement",
        name.trim_start_matches(['\t', ' ', ':']),
        std::env::consts::OS,
        std::env::consts::ARCH,
        load.join(" ")
    )
}
