//! `rig demo`: the real bundle plays the demo, which is recorded, checked and shown: the grid of two bars with
//! its playhead in a terminal, a line for each two bars elsewhere.

use anyhow::bail;
use beat::{Grid, INSTRUMENTS};
use indicatif::{ProgressBar, ProgressStyle};
use rig::demo::files::{Song, write_midi, write_wav};
use rig::demo::{
    CycleGrid, DemoCheck, DemoRecording, DemoStatus, ModelOrigin, RATE, TEMPO, Tour, onsets, play,
    time_signature,
};
use rig::hosts::saved_state::{self, ModelCard};
use rig::{Bundle, Mode};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// The models that the plugin carries, by [`Grid::index`].
const BUILT_IN: [&str; Grid::ALL.len()] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/beatfield.safetensors"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/shuffle.safetensors"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/three.safetensors"),
];

fn metre(name: &str) -> Result<Grid, String> {
    Grid::named(name).ok_or_else(|| format!("metres are {}", Grid::ALL.map(|grid| grid.name()).join(", ")))
}

#[derive(clap::Args)]
pub(crate) struct DemoArgs {
    /// The .clap (or .vst3) bundle to play
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    /// Where to write the notes; the audio goes beside them, as .wav
    #[arg(long, value_name = "FILE", default_value = "out/demo.mid")]
    out: PathBuf,
    /// The seed of the plugin and of the puck's route
    #[arg(long, default_value_t = 4711, value_parser = clap::value_parser!(u16).range(..=9999))]
    seed: u16,
    /// Play 64 bars in phrase mode: four regions, one phrase of sixteen bars each
    #[arg(long)]
    phrase: bool,
    /// Play this model instead of the built-in one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Play in real time instead of rendering as fast as possible
    #[arg(long)]
    realtime: bool,
    /// The metre: 4/4, shuffle or three
    #[arg(long, default_value = "4/4", value_parser = metre)]
    metre: Grid,
    /// The built-in model's file, read for the names of its regions
    #[arg(long, value_name = "FILE")]
    assets_model: Option<PathBuf>,
}

pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<()> {
    let built_in = Path::new(BUILT_IN[args.metre.index()]);
    let named = args.model.as_deref().or(args.assets_model.as_deref());
    let card = ModelCard::read(named.unwrap_or(built_in))?;
    let bundle = Bundle::load(&args.bundle)?;
    let mut instance = bundle.create()?;
    if let Some(model) = &args.model {
        saved_state::choose_model(&mut instance, model)?;
    }
    let mode = if args.realtime { Mode::Realtime } else { Mode::Offline };
    println!("{}, seed {}", bundle.path().display(), args.seed);

    let tour = if args.phrase { Tour::Phrases } else { Tour::Journey };
    let mut screen = Screen::new(tour.bars(), &args.metre);
    let played =
        play(&mut instance, &card, tour, args.metre, args.seed, mode, &mut |status| screen.show(status))?;
    screen.close();
    instance.idle();

    let origin = if args.model.is_some() { ModelOrigin::Own } else { ModelOrigin::BuiltIn };
    let check = DemoCheck::of_demo(&played, origin);
    let song = Song {
        title: "Beatfield demo",
        track: "Beatfield drums",
        tempo: TEMPO,
        time_signature: time_signature(&args.metre),
        beats: f64::from(tour.bars()) * args.metre.bar_beats(),
    };
    write_midi(&args.out, &song, &played.recording.notes)?;
    let sound = args.out.with_extension("wav");
    write_wav(&sound, RATE as u32, &played.audio)?;
    report(&args.out, &sound, &played, &check);
    if !check.complaints.is_empty() {
        bail!("the recording is not what it should be: {}", check.complaints.join("; "));
    }
    Ok(())
}

fn report(out: &Path, sound: &Path, played: &DemoRecording, check: &DemoCheck) {
    let bars = played.tour.bars();
    let song_seconds = f64::from(bars) * played.grid.bar_beats() * 60.0 / TEMPO;
    let took = played.took.as_secs_f64();
    let clean = if check.complaints.is_empty() { ", every one on channel 10 with its note-off" } else { "" };
    println!("notes          {}{clean}", check.notes);
    println!("bars           {bars}, {} of them distinct", check.distinct_bars);
    println!("timing         at most {:.2} samples from the step", check.worst_samples);
    if !played.regions.is_empty() {
        println!("regions        {}", played.regions.join(", "));
    }
    println!(
        "time           {song_seconds:.0} s of music in {took:.2} s, {:.0} times real time",
        song_seconds / took
    );
    let recall = onsets::match_onsets(&onsets::detect(&played.audio, RATE), &played.starts(), RATE).recall;
    let peak = 20.0 * onsets::peak(&played.audio).max(1e-6).log10();
    println!(
        "sound          {peak:.1} dB at its loudest, {:.1} % of the notes heard to begin",
        100.0 * recall
    );
    println!("written to     {} and {}", out.display(), sound.display());
}

/// Shows what plays: as a progress bar with the grid in a terminal, else as lines.
struct Screen {
    bar: Option<ProgressBar>,
    line: Option<(i64, String)>,
}

impl Screen {
    fn new(bars: u32, grid: &Grid) -> Self {
        let bar = std::io::stdout().is_terminal().then(|| {
            let steps = u64::from(bars) * grid.bar_steps() as u64;
            let bar = ProgressBar::with_draw_target(Some(steps), indicatif::ProgressDrawTarget::stdout());
            bar.set_style(style());
            bar
        });
        Self { bar, line: None }
    }

    /// Shows what plays now.
    fn show(&mut self, status: &DemoStatus<'_>) {
        if let Some(bar) = &self.bar {
            bar.set_position((status.beats / status.grid.grid().step_beats()) as u64);
            bar.set_message(picture(status));
            return;
        }
        let cycle = status.grid.cycle();
        if let Some((_, line)) = self.line.take_if(|(shown, _)| *shown != cycle) {
            println!("{line}");
        }
        self.line = Some((cycle, line(status)));
    }

    /// Shows the end.
    fn close(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish();
        }
        if let Some((_, line)) = self.line.take() {
            println!("{line}");
        }
    }
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{msg}\n{bar:64} {elapsed_precise}");
    // PANIC: never; the template is a constant, and `the_template_is_valid` checks it.
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

fn place(status: &DemoStatus<'_>) -> String {
    let (x, y) = status.puck;
    format!("{:<12} x {x:.2} y {y:.2}  temperature {:.2}", status.region, status.temperature)
}

/// The grid as it stands in a terminal.
fn picture(status: &DemoStatus<'_>) -> String {
    let grid = status.grid.grid();
    let mut lines = Vec::with_capacity(INSTRUMENTS + 3);
    for instrument in 0..INSTRUMENTS {
        let (name, cells) = status.grid.row(instrument);
        lines.push(format!("{name:<12} {}", with_beats(&cells, grid)));
    }
    let playhead: String =
        (0..grid.steps()).map(|step| if step == status.grid.playhead() { '^' } else { ' ' }).collect();
    lines.push(format!("{:<12} {}", "", with_beats(&playhead, grid).replace('|', " ")));
    let bar = status.grid.cycle() * 2 + 1 + (status.grid.playhead() / grid.bar_steps()) as i64;
    lines.push(format!("bar {bar:<3} {}  {} notes", place(status), status.notes));
    lines.join("\n")
}

/// Lines between the beats make a row of steps readable.
fn with_beats(cells: &str, grid: &Grid) -> String {
    let mut spaced = String::with_capacity(2 * cells.len());
    for (step, cell) in cells.chars().enumerate() {
        if step % grid.beat_steps() == 0 {
            spaced.push('|');
        }
        spaced.push(cell);
    }
    spaced.push('|');
    spaced
}

/// Two bars as one line: where the puck is, and how often each drum is hit.
fn line(status: &DemoStatus<'_>) -> String {
    let bar = status.grid.cycle() * 2 + 1;
    format!("bars {bar:>2}-{:<2}  {}  {}", bar + 1, place(status), hits(status.grid))
}

fn hits(grid: &CycleGrid) -> String {
    let mut drums = Vec::new();
    for instrument in 0..INSTRUMENTS {
        let (name, cells) = grid.row(instrument);
        match cells.chars().filter(|&cell| cell == 'x').count() {
            0 => {}
            count => drums.push(format!("{name} {count}")),
        }
    }
    drums.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_valid() {
        assert!(ProgressStyle::with_template("{msg}\n{bar:64} {elapsed_precise}").is_ok());
    }

    #[test]
    fn beats_are_set_apart() {
        assert_eq!(with_beats("x...x...", &Grid::FOUR_FOUR), "|x...|x...|");
        assert_eq!(with_beats("x..x..", &Grid::SHUFFLE), "|x..|x..|");
    }
}
