//! `rig demo`: the real bundle plays the demo, which is recorded, checked and shown: the grid of two bars with
//! its playhead in a terminal, a line for each two bars elsewhere.

use anyhow::bail;
use beat::{INSTRUMENTS, STEPS, STEPS_PER_BAR, STEPS_PER_BEAT};
use indicatif::{ProgressBar, ProgressStyle};
use rig::demo::files::{Song, write_midi, write_wav};
use rig::demo::{
    BEATS_PER_BAR, CycleGrid, DemoCheck, DemoRecording, DemoStatus, ModelOrigin, RATE, TEMPO, Tour, onsets,
    play,
};
use rig::hosts::saved_state::{self, ModelCard};
use rig::{Bundle, Mode};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// The model that the plugin carries.
const BUILT_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/beatfield.safetensors");

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
    /// The built-in model's file, read for the names of its regions
    #[arg(long, value_name = "FILE", default_value = BUILT_IN, hide_default_value = true)]
    assets_model: PathBuf,
}

pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<()> {
    let card = ModelCard::read(args.model.as_deref().unwrap_or(&args.assets_model))?;
    let bundle = Bundle::load(&args.bundle)?;
    let mut instance = bundle.create()?;
    if let Some(model) = &args.model {
        saved_state::choose_model(&mut instance, model)?;
    }
    let mode = if args.realtime { Mode::Realtime } else { Mode::Offline };
    println!("{}, seed {}", bundle.path().display(), args.seed);

    let tour = if args.phrase { Tour::Phrases } else { Tour::Journey };
    let mut screen = Screen::new(tour.bars());
    let played = play(&mut instance, &card, tour, args.seed, mode, &mut |status| screen.show(status))?;
    screen.close();
    instance.idle();

    let origin = if args.model.is_some() { ModelOrigin::Own } else { ModelOrigin::BuiltIn };
    let check = DemoCheck::of_demo(&played, origin);
    let song = Song {
        title: "Beatfield demo",
        track: "Beatfield drums",
        tempo: TEMPO,
        time_signature: (4, 4),
        beats: f64::from(tour.bars()) * BEATS_PER_BAR,
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
    let song_seconds = f64::from(bars) * BEATS_PER_BAR * 60.0 / TEMPO;
    let took = played.took.as_secs_f64();
    let clean = if check.complaints.is_empty() { ", every one on channel 10 with its note-off" } else { "" };
    println!("notes          {}{clean}", check.notes);
    println!("bars           {bars}, {} of them distinct", check.distinct_bars);
    println!("timing         at most {:.2} samples from the sixteenth", check.worst_samples);
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
    fn new(bars: u32) -> Self {
        let bar = std::io::stdout().is_terminal().then(|| {
            let steps = u64::from(bars) * STEPS_PER_BAR as u64;
            let bar = ProgressBar::with_draw_target(Some(steps), indicatif::ProgressDrawTarget::stdout());
            bar.set_style(style());
            bar
        });
        Self { bar, line: None }
    }

    /// Shows what plays now.
    fn show(&mut self, status: &DemoStatus<'_>) {
        if let Some(bar) = &self.bar {
            bar.set_position((status.beats * STEPS_PER_BEAT as f64) as u64);
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
    let mut lines = Vec::with_capacity(INSTRUMENTS + 3);
    for instrument in 0..INSTRUMENTS {
        let (name, cells) = status.grid.row(instrument);
        lines.push(format!("{name:<12} {}", with_beats(&cells)));
    }
    let playhead: String =
        (0..STEPS).map(|step| if step == status.grid.playhead() { '^' } else { ' ' }).collect();
    lines.push(format!("{:<12} {}", "", with_beats(&playhead).replace('|', " ")));
    let bar = status.grid.cycle() * 2 + 1 + (status.grid.playhead() / STEPS_PER_BAR) as i64;
    lines.push(format!("bar {bar:<3} {}  {} notes", place(status), status.notes));
    lines.join("\n")
}

/// Bar lines and beats make 32 characters readable.
fn with_beats(cells: &str) -> String {
    let mut spaced = String::with_capacity(cells.len() + STEPS / STEPS_PER_BEAT + 1);
    for (step, cell) in cells.chars().enumerate() {
        if step % STEPS_PER_BEAT == 0 {
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
        let cells = "x...".repeat(8);
        assert!(with_beats(&cells).starts_with("|x...|x...|"));
    }
}
