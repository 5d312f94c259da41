//! `rig daw`: Ardour records the VST3, and every note that it recorded is checked.

use anyhow::{Context, bail};
use rig::daw::{self, CheckedTake, LOOP, MissingProgram, TEMPO, TOLERANCE_TICKS, TakeFigures};
use std::path::PathBuf;

/// The fewest notes that a recording must have to be evidence.
const FEWEST_NOTES: usize = 100;
/// The exit status where a program is missing, which differs from that of a fault.
pub(crate) const MISSING: u8 = 3;

#[derive(clap::Args)]
pub(crate) struct DawArgs {
    /// The .vst3 bundle that Ardour plays
    #[arg(long, value_name = "FOLDER")]
    bundle: PathBuf,
    /// Keep the session, its MIDI files and Ardour's output in this folder, which must not exist yet
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

pub(crate) fn run(args: &DawArgs) -> anyhow::Result<()> {
    let scratch = tempfile::tempdir().context("a temporary folder is needed")?;
    let folder = args.keep.as_deref().unwrap_or(scratch.path());
    if let Some(keep) = &args.keep {
        if let Some(above) = keep.parent() {
            std::fs::create_dir_all(above).with_context(|| above.display().to_string())?;
        }
        std::fs::create_dir(keep)
            .with_context(|| format!("--keep wants a new folder: {}", keep.display()))?;
    }
    let seconds = daw::takes().iter().map(|take| take.beats).sum::<f64>() * 60.0 / TEMPO;
    println!(
        "Ardour plays {} at {TEMPO} beats a minute, loop {} to {}: {seconds:.0} s of music",
        args.bundle.display(),
        LOOP.start,
        LOOP.end
    );
    let (recorded, checked) = daw::check(&args.bundle, folder)?;
    if recorded.xruns > 0 {
        println!("this machine was too busy for {} blocks; their notes were recorded late", recorded.xruns);
    }
    report(&checked)
}

fn report(checked: &[CheckedTake]) -> anyhow::Result<()> {
    println!("{:<18} notes  compared  off grid  doubled  missing  hanging  unexpected", "take");
    let mut sum = TakeFigures::default();
    for CheckedTake { take, figures } in checked {
        row(take.name, figures);
        sum.notes += figures.notes;
        sum.compared += figures.compared;
        sum.worst_ticks = sum.worst_ticks.max(figures.worst_ticks);
        sum.off_grid += figures.off_grid;
        sum.doubled += figures.doubled;
        sum.missing += figures.missing;
        sum.hanging += figures.hanging;
        sum.unexpected += figures.unexpected;
    }
    row("all", &sum);
    println!(
        "farthest from its step: {:.1} ticks of 1/1920 beat ({TOLERANCE_TICKS} are Ardour's own rounding)",
        sum.worst_ticks
    );
    for description in checked.iter().flat_map(|checked| &checked.figures.descriptions) {
        println!("  {description}");
    }
    if !sum.are_clean() {
        bail!("the recording is not what the plugin should play; the faults are listed above");
    }
    if sum.notes <= FEWEST_NOTES {
        bail!("only {} notes were recorded; fewer than {FEWEST_NOTES} prove nothing", sum.notes);
    }
    Ok(())
}

fn row(name: &str, figures: &TakeFigures) {
    println!(
        "{name:<18} {:>5}  {:>8}  {:>8}  {:>7}  {:>7}  {:>7}  {:>10}",
        figures.notes,
        figures.compared,
        figures.off_grid,
        figures.doubled,
        figures.missing,
        figures.hanging,
        figures.unexpected
    );
}

/// Whether the error says that a program has to be installed first.
pub(crate) fn is_missing(error: &anyhow::Error) -> bool {
    error.is::<MissingProgram>()
}
