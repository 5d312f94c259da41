//! `extract`: MIDI files in, a file of patterns and its report out.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use corpus::extract::{Extraction, Extractor, Options, Selection};
use corpus::found_notes::list_of_notes;
use corpus::grid::{GridRule, GridSelection, Metre, Metres};
use corpus::loops::Keep;
use corpus::midi::DrumChannels;
use corpus::notes::{NoteMap, NoteTable};
use corpus::report::{RepairRecord, Report};
use corpus::rows::{Layout, write_atomically, write_grooves};
use corpus::sequences::write_sequences;

use crate::progress;

/// The most damaged files that are named in the terminal; the report has all of them.
const DAMAGED_FILES_SHOWN: usize = 20;

/// What to extract, and how.
#[derive(clap::Args, Debug)]
pub(crate) struct ExtractArgs {
    /// Folder, .zip, .tar.gz or MIDI file; may be given several times
    #[arg(long, required = true, value_name = "PATH")]
    midi: Vec<PathBuf>,
    /// Where the patterns go, one a line: code, genre, song (with --bars: genre, song, bars; with --grid, --metre
    /// or --performances: grid, code, genre, song and how it is played); the report goes beside it as FILE.json
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How percussion notes are merged into the kit; auto takes roland for Groove, else gm
    #[arg(long, value_enum, default_value_t = Notes::Auto)]
    notes: Notes,
    /// Which drum each note is, for kits that are not General MIDI: lines of note and drum, as `60 kick`
    #[arg(long, value_name = "FILE", conflicts_with = "notes")]
    note_map: Option<PathBuf>,
    /// The channel of the drums, 1 to 16, or any; left out, 10 and what GS, XG or General MIDI 2 make drums
    #[arg(long, value_name = "CHANNEL", value_parser = channels)]
    channel: Option<DrumChannels>,
    /// Which two-bar windows of a song are kept
    #[arg(long, value_enum, default_value_t = KeepRule::Recurring)]
    keep: KeepRule,
    /// Extract consecutive parts of this many bars instead of patterns, for sequence models
    #[arg(long, value_name = "BARS", conflicts_with = "keep", value_parser = clap::value_parser!(u16).range(1..=1024))]
    bars: Option<u16>,
    /// Every two-bar window as it was played, with velocity, timing, tempo, player and style, instead of recurring
    /// patterns
    #[arg(long, conflicts_with_all = ["keep", "bars"])]
    performances: bool,
    /// The grid that patterns are read on; auto takes triplets where they are played
    #[arg(long, value_enum, conflicts_with = "bars")]
    grid: Option<Grids>,
    /// The metres that patterns are taken from, as 4/4,3/4, or all; 4/4 where it is left out
    #[arg(long, value_name = "METRES", conflicts_with = "bars", value_parser = metres)]
    metre: Option<Metres>,
    /// What a row says; patterns have 4/4 in sixteenths only. Left out, grooves with --grid, --metre or
    /// --performances, else patterns
    #[arg(long, value_enum, conflicts_with = "bars")]
    layout: Option<RowLayout>,
    /// Genres by path: lines of path, TAB or comma, genre; a path may be a folder
    #[arg(long, value_name = "FILE")]
    genres: Option<PathBuf>,
    /// Leave out files whose hits lie further from the grid on average, in steps (0.2 of a sixteenth: swing)
    #[arg(long, value_name = "STEPS")]
    max_error: Option<f64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Notes {
    /// roland for the Groove MIDI Dataset, gm for everything else
    Auto,
    /// General MIDI percussion
    Gm,
    /// Roland electronic kits
    Roland,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KeepRule {
    /// Three times in direct succession: the rule of the paper
    InARow,
    /// Three times anywhere in its song
    Recurring,
    /// Three similar windows in succession, by majority: for human performances
    Majority,
    /// Every window
    Every,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Grids {
    /// What each region of a song is played on
    Auto,
    /// Sixteenths
    Sixteenths,
    /// Triplet eighths
    Triplets,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RowLayout {
    /// Code, genre, song
    Patterns,
    /// Grid, code, genre, song, occurrences, tempo, velocities, offsets
    Grooves,
}

/// The channels of the command line: 1 to 16, or `any`.
fn channels(text: &str) -> Result<DrumChannels, String> {
    match text.parse() {
        _ if text == "any" => Ok(DrumChannels::Any),
        Ok(channel @ 1..=16) => Ok(DrumChannels::One(channel - 1)),
        Ok(0 | 17_u8..) | Err(_) => Err("a channel is a number from 1 to 16, or any".to_owned()),
    }
}

/// The metres of the command line: `all`, or several with commas.
fn metres(text: &str) -> Result<Metres, String> {
    if text == "all" {
        return Ok(Metres::All);
    }
    let metres: Result<Vec<Metre>, _> = text.split(',').map(str::parse).collect();
    metres.map(Metres::Only).map_err(|error| error.to_string())
}

/// Extracts, writes the files, and prints a summary.
///
/// # Errors
/// A path does not exist, nothing was found, the output can't be written, or the run was interrupted.
pub(crate) fn run(args: &ExtractArgs) -> Result<()> {
    if args.midi.contains(&args.out) {
        bail!("--out is one of the MIDI files: name another file for the patterns");
    }
    if args.out.is_dir() {
        bail!("--out {} is a folder: name a file in it for the patterns", args.out.display());
    }
    progress::listen_for_interrupt()?;
    let extractor = Extractor::open(options(args)?)?;
    if extractor.files() == 0 {
        bail!("nothing to extract: no .mid, .midi, .kar or .rmi file in {}", list(&args.midi));
    }
    let bar = progress::bar("extract", extractor.files());
    let extraction = extractor.run(&|| bar.inc(1), &progress::is_interrupted);
    bar.finish_and_clear();
    print_summary(&extraction);
    if extraction.report.patterns == 0 {
        let what = what(args, 0);
        bail!("no {what} were found, so nothing was written; {}", why_none(args, &extraction.report));
    }
    if extraction.report.interrupted {
        let part = with_suffix(&args.out, ".part");
        write(&extraction, args, &part)?;
        bail!("interrupted: {} holds the {} of the files that were read", part.display(), what(args, 0));
    }
    write(&extraction, args, &args.out)?;
    let found = extraction.report.patterns;
    let are = if found == 1 { "is" } else { "are" };
    println!("{found} {} {are} in {}", what(args, found), args.out.display());
    Ok(())
}

/// What is extracted, so many of them, for messages.
fn what(args: &ExtractArgs, number: usize) -> String {
    let plural = if number == 1 { "" } else { "s" };
    args.bars.map_or(format!("pattern{plural}"), |bars| format!("part{plural} of {bars} bars"))
}

fn options(args: &ExtractArgs) -> Result<Options> {
    let own = args.note_map.as_deref().map(NoteMap::read).transpose()?;
    Ok(Options {
        midi: args.midi.clone(),
        notes: match args.notes {
            _ if own.is_some() => own.map(NoteTable::Own),
            Notes::Auto => None,
            Notes::Gm => Some(NoteTable::Gm),
            Notes::Roland => Some(NoteTable::Roland),
        },
        channels: args.channel.unwrap_or_default(),
        selection: match (args.bars, args.keep) {
            _ if args.performances => Selection::Performances,
            (Some(bars), _) => Selection::Parts { bars: usize::from(bars) },
            (None, KeepRule::InARow) => Selection::Patterns(Keep::InARow),
            (None, KeepRule::Recurring) => Selection::Patterns(Keep::Recurring),
            (None, KeepRule::Majority) => Selection::Patterns(Keep::Majority),
            (None, KeepRule::Every) => Selection::Patterns(Keep::Every),
        },
        grids: grids(args),
        layout: layout(args),
        genres: args.genres.clone(),
        max_error_steps: args.max_error,
    })
}

fn grids(args: &ExtractArgs) -> GridSelection {
    let default = GridSelection::default();
    GridSelection {
        rule: args.grid.map_or(default.rule, |grid| match grid {
            Grids::Auto => GridRule::Auto,
            Grids::Sixteenths => GridRule::Sixteenths,
            Grids::Triplets => GridRule::Triplets,
        }),
        metres: args.metre.clone().unwrap_or(default.metres),
    }
}

/// The layout of the rows: the old one where it says everything.
fn layout(args: &ExtractArgs) -> Layout {
    match args.layout {
        Some(RowLayout::Patterns) => Layout::Patterns,
        Some(RowLayout::Grooves) => Layout::Grooves,
        None if args.grid.is_some() || args.metre.is_some() || args.performances => Layout::Grooves,
        None => Layout::Patterns,
    }
}

/// Writes the report first, so that there are never patterns without their provenance.
fn write(extraction: &Extraction, args: &ExtractArgs, out: &Path) -> Result<()> {
    let report = serde_json::to_vec_pretty(&extraction.report).context("the report can't be written")?;
    write_atomically(&with_suffix(out, ".json"), |file| {
        file.write_all(&report)?;
        file.write_all(b"\n")
    })?;
    match extraction.parts.as_slice() {
        [] => write_grooves(out, &extraction.rows, layout(args))?,
        parts => write_sequences(out, parts)?,
    }
    Ok(())
}

fn print_summary(extraction: &Extraction) {
    let report = &extraction.report;
    for (path, reason) in extraction.damaged.iter().take(DAMAGED_FILES_SHOWN) {
        eprintln!("skipped {path}: {reason}");
    }
    match extraction.damaged.len().saturating_sub(DAMAGED_FILES_SHOWN) {
        0 => {}
        more => eprintln!("... and {more} more damaged files, all in the report"),
    }
    println!("{} of {} MIDI files read", report.files_read, report.files_found);
    for (heading, files) in &report.rejected {
        println!("  {:>6} left out: {heading}", files.len());
    }
    println!("  {:>6} files in which nothing met the rule", report.files_without_pattern);
    if report.dull_patterns + report.known_patterns > 0 {
        println!(
            "  {:>6} patterns dropped as dull, {} as known",
            report.dull_patterns, report.known_patterns
        );
    }
    if let Some(error) = report.mean_quantisation_error_steps {
        println!("  {error:>6.3} steps from the grid on average, over {} hits", report.quantised_hits);
    }
    for (part, offsets) in &report.offsets {
        println!(
            "  {:>6.2} ms from the grid on average, over {} onsets of {part} songs",
            offsets.mean_ms, offsets.onsets
        );
    }
    print_repairs(report);
    print_hits(report);
    for (grid, patterns) in &report.patterns_by_grid {
        println!("  {patterns:>6} on {grid}");
    }
    for (genre, patterns) in &report.patterns_by_genre {
        println!("  {patterns:>6} {genre}");
    }
}

/// Where every drum hit went.
fn print_hits(report: &Report) {
    let hits = &report.hits;
    println!("{} drum hits", hits.read);
    println!("  {:>8} in patterns or parts", hits.in_patterns);
    for (reason, count) in &hits.remainders {
        println!("  {count:>8} {reason}");
    }
    if hits.in_refused_files > 0 {
        println!("  {:>8} in refused files", hits.in_refused_files);
    }
}

/// What was repaired, by kind.
fn print_repairs(report: &Report) {
    for (kind, RepairRecord { files, times }) in &report.repairs {
        println!("  {files:>6} files repaired: {kind} ({times} times)");
    }
    if !report.percussion_alone.is_empty() && report.patterns > 0 {
        println!("  {}", percussion_alone(report));
    }
}

/// Why nothing was found, and what may help: of all files, whole or damaged.
fn why_none(args: &ExtractArgs, report: &Report) -> String {
    let mut reasons = Vec::new();
    if !report.rejected.is_empty() {
        reasons.push(format!("files left out: {}", report.left_out()));
    }
    if report.rejected.contains_key("other metre") && args.metre.is_none() {
        reasons.push("other metres than 4/4 are read with --metre all".to_owned());
    }
    if !report.notes_without_drums.is_empty() {
        reasons.push(notes_elsewhere(args, report));
    }
    if !report.percussion_alone.is_empty() {
        reasons.push(percussion_alone(report));
    }
    if report.files_without_pattern > 0 && report.dull_patterns > 0 && report.patterns == 0 {
        reasons.push("the windows that met the rule have too few different steps to be a pattern".to_owned());
    } else if report.files_without_pattern > 0 {
        reasons.push(match args.bars {
            Some(bars) => format!("no passage is as long as {bars} bars; try fewer"),
            None if matches!(args.keep, KeepRule::Every) => {
                "no two bars have enough in them to be a pattern".to_owned()
            }
            None => format!(
                "no window met the rule in {} of the files that were read; try --keep every",
                report.files_without_pattern
            ),
        });
    }
    if reasons.is_empty() { "there are no drums".to_owned() } else { reasons.join("; ") }
}

/// The notes of files without drums, and which option makes drums of them.
fn notes_elsewhere(args: &ExtractArgs, report: &Report) -> String {
    let found: Vec<String> = report
        .notes_without_drums
        .iter()
        .map(|(channel, notes)| format!("{} on channel {channel}", list_of_notes(notes.keys().copied())))
        .collect();
    let searched = match args.channel {
        Some(DrumChannels::One(channel)) => channel + 1,
        Some(DrumChannels::Any | DrumChannels::AsTheFileSays) | None => 10,
    };
    let others: Vec<u8> =
        report.notes_without_drums.keys().copied().filter(|channel| *channel != searched).collect();
    let advice = match others.as_slice() {
        _ if matches!(args.channel, Some(DrumChannels::Any)) => "try --note-map FILE".to_owned(),
        // Left out although they were on the channel of the drums: the file says that it is no drum part.
        [] if args.channel.is_none() => {
            "the files say that this is no drum part, or their kit is not General MIDI: try --channel 10, with \
             --note-map FILE if the kit is not General MIDI"
                .to_owned()
        }
        [] => "these notes are none of General MIDI's drums: try --note-map FILE".to_owned(),
        [channel] => format!("try --channel {channel}, with --note-map FILE if the kit is not General MIDI"),
        _ => "try --channel with one of them, or --channel any".to_owned(),
    };
    format!("the files without drums have {}: {advice}", found.join("; "))
}

fn percussion_alone(report: &Report) -> String {
    let notes = list_of_notes(report.percussion_alone.keys().copied());
    format!(
        "all hits of some files are percussion ({notes}): if their kit is not General MIDI, say with \
         --note-map FILE which drums they are"
    )
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metres_are_a_list_or_all() {
        assert_eq!(metres("all"), Ok(Metres::All));
        let [waltz, seven] = ["3/4", "7/8"].map(|metre| metre.parse().unwrap());
        assert_eq!(metres("3/4, 7/8"), Ok(Metres::Only(vec![waltz, seven])));
        assert!(metres("3/4,x").is_err_and(|reason| reason.contains("\"x\" is no time signature")));
    }
}
