//! `evaluate`: how good a model is, measured on songs that it never saw.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use beat::{INSTRUMENTS, Pattern};
use clap::Args;
use corpus::filter::Seen;
use nets::{Draw, Latent, Model, PatternDecoder};
use serde::Serialize;

use crate::codes::encode;
use crate::measure::{Figures, PadFigures, Reconstruction, figures, pad_figures, reconstruction};
use crate::patterns::Patterns;
use crate::sample::{Latents, draw_latents, draw_patterns};

/// What `evaluate` is told.
#[derive(Args, Debug)]
pub(crate) struct Evaluate {
    /// The model
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// A TSV file of patterns: its held-out songs are what is measured against, the others count as
    /// known; may be repeated
    #[arg(long = "patterns", value_name = "FILE", required = true)]
    patterns: Vec<PathBuf>,
    /// How many patterns are sampled for each figure
    #[arg(long, default_value_t = 10_000)]
    count: usize,
    /// Decides all samples
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Everything that is measured.
#[derive(Debug, Serialize)]
struct Report {
    model_sha256: String,
    corpus_sha256: String,
    held_out: Figures,
    reconstruction_calibrated: Option<Reconstruction>,
    reconstruction_at_one_half: Option<Reconstruction>,
    paper_protocol: Figures,
    data_latents: Vec<(f32, Figures)>,
    pad: Option<PadFigures>,
}

/// Measures, prints as it goes, and writes JSON where that is asked.
pub(crate) fn run(args: &Evaluate) -> Result<()> {
    let model = Model::read(&args.model)?;
    let patterns = Patterns::read(&args.patterns)?;
    ensure!(model.kit() == patterns.kit, "{} has another kit than the patterns", args.model.display());
    let held_out: Vec<Pattern> = patterns.held_out().iter().map(|row| row.pattern).collect();
    ensure!(!held_out.is_empty(), "the files have no held-out song to measure against");
    let mut known = patterns.training();
    known.extend(patterns.validation());
    let known = Seen::of(known.iter().map(|row| &row.pattern));

    let report = Report {
        model_sha256: model.sha256_hex(),
        corpus_sha256: patterns.sha256.clone(),
        held_out: show("held-out songs", figures(&held_out, &known)),
        reconstruction_calibrated: rebuilt(&model, &held_out, None)?,
        reconstruction_at_one_half: rebuilt(&model, &held_out, Some(0.5))?,
        paper_protocol: paper_protocol(&model, args, &known)?,
        data_latents: [0.0, 0.25, 0.5, 0.75, 1.0]
            .map(|temperature| (temperature, at_temperature(&model, args, temperature, &known)))
            .to_vec(),
        pad: pad(&model, &known),
    };
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&report)?;
        corpus::rows::write_atomically(path, |file| writeln!(file, "{text}"))?;
    }
    Ok(())
}

fn show(title: &str, figures: Figures) -> Figures {
    println!(
        "{title:<28} pass {:5.1} / {:5.1}  empty {:5.2}  distinct {:5.1}  hits {:5.1}  kick on 0 {:5.1}  backbeat {:5.1}  bars alike {:.2}",
        figures.pass,
        figures.pass_and_novel,
        figures.empty,
        figures.distinct,
        figures.hits,
        figures.kick_on_0,
        figures.backbeat,
        figures.bar_similarity,
    );
    figures
}

/// The patterns of latents at temperature 0, with the model's thresholds or one of our own for all.
fn likeliest(model: &Model, latents: &[Latent], threshold: Option<f32>) -> Result<Vec<Pattern>> {
    let Some(threshold) = threshold else {
        return Ok(PatternDecoder::new(model).patterns(latents, |_| Draw::LIKELIEST));
    };
    let mut parts = model.clone().into_parts();
    parts.thresholds = [threshold; INSTRUMENTS];
    let model = Model::new(model.file(), parts)?;
    Ok(PatternDecoder::new(&model).patterns(latents, |_| Draw::LIKELIEST))
}

fn rebuilt(model: &Model, patterns: &[Pattern], threshold: Option<f32>) -> Result<Option<Reconstruction>> {
    let Some(encoder) = model.encoder(&nets::device()) else { return Ok(None) };
    let decoded = likeliest(model, &encode(&encoder, patterns)?, threshold)?;
    let rebuilt = reconstruction(patterns, &decoded);
    let at = threshold.map_or("calibrated".to_owned(), |threshold| format!("at {threshold}"));
    println!("{:<28} F1 {:.3}  Hamming {:.1}", format!("rebuilt, {at}"), rebuilt.f1, rebuilt.hamming);
    Ok(Some(rebuilt))
}

/// The paper's way: latents from a normal, threshold one half.
fn paper_protocol(model: &Model, args: &Evaluate, known: &Seen) -> Result<Figures> {
    let latents = draw_latents(model.codes(), Latents::Normal, args.count, args.seed);
    Ok(show("paper's protocol", figures(&likeliest(model, &latents, Some(0.5))?, known)))
}

fn at_temperature(model: &Model, args: &Evaluate, temperature: f32, known: &Seen) -> Figures {
    let latents = draw_latents(model.codes(), Latents::Data, args.count, args.seed);
    let patterns = draw_patterns(model, &latents, temperature, args.seed);
    show(&format!("temperature {temperature}"), figures(&patterns, known))
}

fn pad(model: &Model, known: &Seen) -> Option<PadFigures> {
    let map = model.map()?;
    let cells = PatternDecoder::new(model).patterns(map.grid(), |_| Draw::LIKELIEST);
    let pad = pad_figures(&cells, map.side(), known);
    show("pad at temperature 0", pad.figures);
    println!(
        "{:<28} neighbours differ by {:.1}, 95 % by at most {}; {} different patterns",
        "", pad.neighbours_mean, pad.neighbours_95, pad.different
    );
    Some(pad)
}
