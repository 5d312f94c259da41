//! `rig figures`: the table of what the plugin costs, with what each figure must be beside it.

use super::Choice;
use anyhow::{Context, bail};
use rig::measurements::live::{Start, puck, start};
use rig::measurements::{Figure, Verdict, criterion_rows, quantile};
use rig::{Bundle, Format};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder that holds Beatfield.clap and Beatfield.vst3
    #[arg(long, value_name = "FOLDER", default_value = "target/bundled")]
    bundles: PathBuf,
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
    child: Option<Choice>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let open = |format: Format| Bundle::load(&options.bundles.join(format.file_name("Beatfield")));
    if let Some(format) = options.child {
        let start = start(|| open(format.into()), options.seconds)?;
        println!("{}", serde_json::to_string(&start)?);
        return Ok(());
    }
    println!("{}", machine());
    let mut figures = criterion_rows(&options.criterion);
    for (format, name) in [(Format::Clap, "clap"), (Format::Vst3, "vst3")] {
        eprintln!("{name}: {} fresh processes, {} moves of the puck, twice", options.starts, options.moves);
        let mut rows = starts(options, name)?;
        let bundle = open(format)?;
        rows.extend(puck(&bundle, options.moves, options.seconds)?);
        let busy = beside_busy_threads(|| puck(&bundle, options.moves, 0.1))?;
        let busy = busy.into_iter().filter(|figure| figure.what.starts_with("puck"));
        rows.extend(
            busy.map(|figure| Figure { what: format!("{}, every core busy", figure.what), ..figure }),
        );
        figures.extend(rows.into_iter().map(|row| Figure { what: format!("{name}: {}", row.what), ..row }));
    }
    let missed = print(&figures);
    if missed > 0 {
        bail!("{missed} figures miss what they must be by more than a fifth");
    }
    Ok(())
}

/// What fresh processes measured.
fn starts(options: &Options, format: &str) -> anyhow::Result<Vec<Figure>> {
    let this = std::env::current_exe().context("the rig cannot tell where it lies")?;
    let mut all: Vec<Start> = Vec::new();
    for index in 0..options.starts.max(1) {
        // Rest is watched for long in the first only.
        let seconds = if index == 0 { options.seconds } else { 0.0 };
        let mut child = Command::new(&this);
        child.args(["figures", "--child", format, "--seconds", &seconds.to_string(), "--bundles"]);
        let output = child.arg(&options.bundles).output().context("starting a fresh process")?;
        if !output.status.success() {
            bail!("a fresh process failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        all.push(serde_json::from_slice(&output.stdout).context("what a fresh process measured")?);
    }
    let row = |what: &str, unit: &'static str, of: fn(&Start) -> f64| {
        let mut values: Vec<f64> = all.iter().map(of).collect();
        let [median, low, high] = [0.5, 0.0, 1.0].map(|share| quantile(&mut values, share));
        Figure::new(what, unit, median).spread(low, high)
    };
    Ok(vec![
        row("first instance: bundle opened to active", "ms", |start| start.active).must(100.0),
        row("first instance: bundle opened to first bank", "ms", |start| start.playing).must(100.0),
        row("second instance: created to first bank", "ms", |start| start.second).must(100.0),
        row("memory of the first instance", "MB", |start| start.first_memory[0]),
        row("memory of the first instance, code left out", "MB", |start| start.first_memory[1]),
        row("memory of each further instance", "MB", |start| start.more_memory[0]).must(40.0),
        Figure::new("CPU of 8 instances at rest, of one core", "%", all[0].idle).must(1.0),
    ])
}

/// Does `work` while twice as many threads as there are cores compute without end.
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

/// Prints the table; returns how many figures miss what they must be.
fn print(figures: &[Figure]) -> usize {
    println!("| what | figure | spread | must | |\n|---|---|---|---|---|");
    let mut missed = 0;
    for figure in figures {
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

/// Three digits that mean something.
fn rounded(value: f64) -> String {
    let digits = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    let places = (2.0 - digits).clamp(0.0, 4.0) as usize;
    format!("{value:.places$}")
}

/// What this was measured on.
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
