//! `evaluate`: how good a model is, measured on songs that it never saw.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use beat::{INSTRUMENTS, Pattern};
use clap::Args;
use corpus::filter::Seen;
use corpus::rows::Row;
use nets::{Draw, Latent, Model, PatternDecoder};
use serde::Serialize;

use crate::chance::{Dice, Purpose};
use crate::codes::encode;
use crate::measure::{
    Figures, PadFigures, Reconstruction, Sourced, figures, pad_figures, purity, realism, reconstruction,
};
use crate::patterns::Patterns;
use crate::sample::{Latents, draw_latents, draw_patterns};

/// Neighbouring training codes that count as one song for the critic: a model carries its codes in the
/// order of the corpus, but not its songs.
const CODES_OF_A_SONG: usize = 50;

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
    /// The paper's plain autoencoder, as the critic's second control
    #[arg(long, value_name = "FILE")]
    control: Option<PathBuf>,
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

/// Figures of one way of sampling.
#[derive(Debug, Serialize)]
struct Sampled {
    temperature: f32,
    figures: Figures,
    /// Mean cells that differ from what temperature 0 plays at the same latent.
    changed: f64,
    realism_auc: f64,
}

/// Everything that is measured.
#[derive(Debug, Serialize)]
struct Report {
    model_sha256: String,
    corpus_sha256: String,
    held_out: Figures,
    control_real_auc: f64,
    control_paper_auc: Option<f64>,
    reconstruction_calibrated: Option<Reconstruction>,
    reconstruction_at_one_half: Option<Reconstruction>,
    paper_protocol: Figures,
    paper_protocol_auc: f64,
    data_latents: Vec<Sampled>,
    pad: Option<PadFigures>,
    purity_over_chance: Option<f64>,
}

/// Measures, prints as it goes, and writes JSON where that is asked.
pub(crate) fn run(args: &Evaluate) -> Result<()> {
    let model = Model::read(&args.model)?;
    let patterns = Patterns::read(&args.patterns)?;
    ensure!(model.kit() == patterns.kit, "{} has another kit than the patterns", args.model.display());
    let yardstick = Yardstick::of(&patterns, args)?;
    let held_out: Vec<Pattern> = yardstick.real.iter().map(|row| row.pattern).collect();
    let paper = yardstick.paper_protocol(&model)?;
    let report = Report {
        model_sha256: model.sha256_hex(),
        corpus_sha256: patterns.sha256.clone(),
        held_out: show("held-out songs", figures(&held_out, &yardstick.known)),
        control_real_auc: show_auc("control: real against real", yardstick.auc(&yardstick.others)?),
        control_paper_auc: match &args.control {
            Some(file) => {
                let drawn = yardstick.paper_protocol(&Model::read(file)?)?;
                Some(show_auc("control: the paper's AE", yardstick.auc(&drawn)?))
            }
            None => None,
        },
        reconstruction_calibrated: rebuilt(&model, &held_out, None)?,
        reconstruction_at_one_half: rebuilt(&model, &held_out, Some(0.5))?,
        paper_protocol: show("paper's protocol", yardstick.count(&paper)),
        paper_protocol_auc: show_auc("", yardstick.auc(&paper)?),
        data_latents: [0.0, 0.25, 0.5, 0.75, 1.0]
            .into_iter()
            .map(|temperature| yardstick.at_temperature(&model, temperature))
            .collect::<Result<_>>()?,
        pad: pad(&model, &yardstick.known),
        purity_over_chance: model.map().map(|map| {
            let purity = purity(map.points(), map.genres());
            println!("{:<28} purity {purity:.2} times chance", "genres on the map");
            purity
        }),
    };
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&report)?;
        corpus::rows::write_atomically(path, |file| writeln!(file, "{text}"))?;
    }
    Ok(())
}

/// What models are measured against.
struct Yardstick {
    /// Patterns of songs that no model saw.
    real: Vec<Sourced>,
    /// As many patterns of other songs.
    others: Vec<Sourced>,
    /// All patterns that a model may have seen.
    known: Seen,
    count: usize,
    seed: u64,
}

impl Yardstick {
    fn of(patterns: &Patterns, args: &Evaluate) -> Result<Self> {
        let sourced = |row: &&Row| Sourced { pattern: row.pattern, song: row.song.clone() };
        let real: Vec<Sourced> = patterns.held_out().iter().map(sourced).collect();
        ensure!(!real.is_empty(), "the files have no held-out song to measure against");
        let mut known = patterns.training();
        known.extend(patterns.validation());
        let order = Dice::new(args.seed, Purpose::Control, 0).order(known.len());
        Ok(Self {
            others: order.into_iter().take(real.len()).map(|row| sourced(&known[row])).collect(),
            real,
            known: Seen::of(known.iter().map(|row| &row.pattern)),
            count: args.count,
            seed: args.seed,
        })
    }

    fn count(&self, drawn: &[Sourced]) -> Figures {
        figures(&drawn.iter().map(|row| row.pattern).collect::<Vec<_>>(), &self.known)
    }

    /// The critic's verdict on as many of the drawn patterns as there are real ones.
    fn auc(&self, drawn: &[Sourced]) -> Result<f64> {
        let real = &self.real[..self.real.len().min(drawn.len())];
        realism(&drawn[..real.len()], real, self.seed)
    }

    /// The paper's way: latents from a normal, threshold one half.
    fn paper_protocol(&self, model: &Model) -> Result<Vec<Sourced>> {
        let drawn = draw_latents(model.codes(), Latents::Normal, self.count, self.seed);
        let latents: Vec<Latent> = drawn.iter().map(|(latent, _)| *latent).collect();
        let patterns = likeliest(model, &latents, Some(0.5))?;
        Ok(patterns
            .into_iter()
            .enumerate()
            .map(|(row, pattern)| Sourced { pattern, song: format!("normal {row}") })
            .collect())
    }

    fn at_temperature(&self, model: &Model, temperature: f32) -> Result<Sampled> {
        let drawn = draw_latents(model.codes(), Latents::Data, self.count, self.seed);
        let latents: Vec<Latent> = drawn.iter().map(|(latent, _)| *latent).collect();
        let still = likeliest(model, &latents, None)?;
        let patterns = draw_patterns(model, &latents, temperature, self.seed);
        let changed = still.iter().zip(&patterns).map(|(a, b)| f64::from(a.hamming(b))).sum::<f64>();
        let drawn: Vec<Sourced> = patterns
            .into_iter()
            .zip(&drawn)
            .map(|(pattern, (_, code))| Sourced { pattern, song: format!("code {}", code / CODES_OF_A_SONG) })
            .collect();
        let figures = show(&format!("temperature {temperature}"), self.count(&drawn));
        let changed = changed / self.count.max(1) as f64;
        let realism_auc = show_auc(&format!("  {changed:.1} cells changed"), self.auc(&drawn)?);
        Ok(Sampled { temperature, figures, changed, realism_auc })
    }
}

fn show(title: &str, figures: Figures) -> Figures {
    println!(
        "{title:<28} pass {:5.1} / {:5.1}  empty {:5.2}  distinct {:5.1}  hits {:5.1}  kick on 0 {:5.1}  \
         backbeat {:5.1}  bars alike {:.2}",
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

fn show_auc(title: &str, auc: f64) -> f64 {
    println!("{title:<28} realism AUC {auc:.3}");
    auc
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
