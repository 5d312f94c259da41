//! `rig demo`: the real bundle plays on a tour, and what it plays is recorded and checked.

use super::screen::Screen;
use anyhow::bail;
use rig::demo::midi_file::{self, Song};
use rig::demo::wav_file;
use rig::demo::{BEATS_PER_BAR, Performance, RATE, TEMPO, Tour, Verdict, Whose, ears, play};
use rig::hosts::model::{self, Card};
use rig::{Bundle, Mode};
use std::path::{Path, PathBuf};

/// The model that the plugin carries.
const BUILT_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/beatfield.safetensors");

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The .clap (or .vst3) bundle to play
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    /// Where to write the notes; the audio goes beside them, as .wav
    #[arg(long, value_name = "FILE", default_value = "out/demo.mid")]
    out: PathBuf,
    /// Which dice are thrown and where the journey starts
    #[arg(long, default_value_t = 4711, value_parser = clap::value_parser!(u16).range(..=9999))]
    seed: u16,
    /// Play 64 bars in phrase mode: four regions, one phrase of sixteen bars each
    #[arg(long)]
    phrase: bool,
    /// Play this model instead of the built-in one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Keep to the clock instead of rendering as fast as possible
    #[arg(long)]
    realtime: bool,
    /// The built-in model's file, read for the names of its regions
    #[arg(long, value_name = "FILE", default_value = BUILT_IN, hide_default_value = true)]
    assets_model: PathBuf,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let card = Card::read(options.model.as_deref().unwrap_or(&options.assets_model))?;
    let bundle = Bundle::load(&options.bundle)?;
    let mut instance = bundle.create()?;
    if let Some(model) = &options.model {
        model::choose(&mut *instance, model)?;
    }
    let mode = if options.realtime { Mode::Realtime } else { Mode::Offline };
    println!("{}, seed {}", bundle.path().display(), options.seed);

    let tour = if options.phrase { Tour::Phrases } else { Tour::Journey };
    let mut screen = Screen::new(tour.bars());
    let played = play(&mut *instance, &card, tour, options.seed, mode, &mut |moment| screen.show(moment))?;
    screen.close();
    instance.idle();

    let whose = if options.model.is_some() { Whose::Own } else { Whose::BuiltIn };
    let verdict = Verdict::of_performance(&played, whose);
    let song = Song {
        title: "Beatfield demo",
        track: "Beatfield drums",
        tempo: TEMPO,
        time_signature: (4, 4),
        beats: f64::from(tour.bars()) * BEATS_PER_BAR,
    };
    midi_file::write(&options.out, &song, &played.recording.notes)?;
    let sound = options.out.with_extension("wav");
    wav_file::write(&sound, RATE as u32, &played.audio)?;
    tell(&options.out, &sound, &played, &verdict);
    if !verdict.complaints.is_empty() {
        bail!("the recording is not what it should be: {}", verdict.complaints.join("; "));
    }
    Ok(())
}

fn tell(out: &Path, sound: &Path, played: &Performance, verdict: &Verdict) {
    let bars = played.tour.bars();
    let song_seconds = f64::from(bars) * BEATS_PER_BAR * 60.0 / TEMPO;
    let took = played.took.as_secs_f64();
    let clean =
        if verdict.complaints.is_empty() { ", every one on channel 10 with its note-off" } else { "" };
    println!("notes          {}{clean}", verdict.notes);
    println!("bars           {bars}, {} of them distinct", verdict.distinct_bars);
    println!("timing         at most {:.2} samples from the sixteenth", verdict.worst_samples);
    if !played.regions.is_empty() {
        println!("regions        {}", played.regions.join(", "));
    }
    println!(
        "time           {song_seconds:.0} s of music in {took:.2} s, {:.0} times real time",
        song_seconds / took
    );
    let heard = ears::agreement(&ears::onsets(&played.audio, RATE), &played.starts(), RATE).heard;
    let peak = 20.0 * ears::peak(&played.audio).max(1e-6).log10();
    println!(
        "sound          {peak:.1} dB at its loudest, {:.1} % of the notes heard to begin",
        100.0 * heard
    );
    println!("written to     {} and {}", out.display(), sound.display());
}
