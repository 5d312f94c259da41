//! `evaluate`: figures of a model on songs that it was not trained on.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use beat::Pattern;
use clap::Args;
use corpus::filter::PatternSet;
use nets::{Draw, Model, PatternDecoder, SequenceModel};
use serde::Serialize;
use train::kinds::{Kind, ReconstructionFigures, SequenceFigures};
use train::latents::encode;
use train::metrics::evaluation_set::{EvaluatedSongs, EvaluationSet, PatternReconstruction};
use train::metrics::figures::{Figures, PadFigures, figures, pad_figures};
use train::metrics::neighbours::{purity, trustworthiness};
use train::metrics::steps::StepFigures;
use train::patterns::Patterns;
use train::songs::Songs;

/// With fewer real patterns the AUC of the control, real against real, varies far from one half.
const CRITIC_PATTERNS: usize = 1000;

#[derive(Args, Debug)]
pub(crate) struct Evaluate {
    /// The model
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// A TSV file of patterns (or of songs, for a sequence model): its held-out songs are the evaluation set, the
    /// others count as training songs; may be repeated
    #[arg(long = "patterns", value_name = "FILE", required = true)]
    patterns: Vec<PathBuf>,
    /// The paper's plain autoencoder, as the critic's second control
    #[arg(long, value_name = "FILE")]
    control: Option<PathBuf>,
    /// Every song of the files is in the evaluation set: the model was trained on none of them
    #[arg(long)]
    unseen: bool,
    /// Number of patterns that are sampled for each figure
    #[arg(long, default_value_t = 10_000)]
    count: usize,
    /// Seed of all samples
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Evaluate {
    fn songs(&self) -> EvaluatedSongs {
        if self.unseen { EvaluatedSongs::All } else { EvaluatedSongs::HeldOut }
    }
}

/// Figures of one way of sampling.
#[derive(Debug, Serialize)]
struct SampledFigures {
    temperature: f32,
    figures: Figures,
    /// Mean number of cells that differ from the pattern of the same latent at temperature 0.
    changed: f64,
    realism_auc: f64,
}

/// All figures of a pattern model.
#[derive(Debug, Serialize)]
struct PatternEvaluation {
    model_sha256: String,
    corpus_sha256: String,
    held_out: Figures,
    control_real_auc: f64,
    control_paper_auc: Option<f64>,
    rebuilt: Option<PatternReconstruction>,
    paper_protocol: Figures,
    paper_protocol_auc: f64,
    data_latents: Vec<SampledFigures>,
    pad: Option<PadFigures>,
    #[serde(rename = "purity_over_chance")]
    purity: Option<f64>,
    trustworthiness: Option<f64>,
}

/// Evaluates the model, prints each figure once it is measured, and writes them as JSON if requested.
pub(crate) fn run(args: &Evaluate) -> Result<()> {
    if let Some(model) = SequenceModel::recognise(&args.model)? {
        return evaluate_sequence(&model, args);
    }
    let model = Model::read(&args.model)?;
    let grid = *model.grid();
    let patterns = Patterns::read(&args.patterns, &grid)?;
    patterns.warnings.iter().for_each(|warning| eprintln!("{warning}"));
    ensure!(model.kit() == patterns.kit, "{} has another kit than the patterns", args.model.display());
    let evaluation_set = EvaluationSet::of(&patterns, args.songs(), args.count, args.seed)?;
    let held_out = evaluation_set.held_out();
    if !evaluation_set.has_training_songs() {
        eprintln!("the files hold no song that the model learnt from, so every beat counts as new");
    }
    if evaluation_set.real.len() < CRITIC_PATTERNS {
        let count = evaluation_set.real.len();
        eprintln!("{count} patterns are few for a critic: take the realism AUC, controls included, as rough");
    }
    let paper = evaluation_set.paper_protocol(&model);
    let report = PatternEvaluation {
        model_sha256: model.sha256_hex(),
        corpus_sha256: patterns.sha256.clone(),
        held_out: show("held-out songs", figures(&held_out, evaluation_set.training(), &grid)),
        control_real_auc: show_auc("control: real against real", evaluation_set.control()?),
        control_paper_auc: match &args.control {
            Some(file) => {
                let drawn = evaluation_set.paper_protocol(&Model::read(file)?);
                Some(show_auc("control: the paper's AE", evaluation_set.auc(&drawn)?))
            }
            None => None,
        },
        rebuilt: reconstruction(&model, &held_out)?,
        paper_protocol: show("paper's protocol", evaluation_set.figures(&paper)),
        paper_protocol_auc: show_auc("", evaluation_set.auc(&paper)?),
        data_latents: [0.0, 0.25, 0.5, 0.75, 1.0]
            .into_iter()
            .map(|temperature| at_temperature(&evaluation_set, &model, temperature))
            .collect::<Result<_>>()?,
        pad: pad(&model, evaluation_set.training()),
        purity: model.map().map(|map| {
            let purity = purity(map.points(), map.genres());
            println!("{:<28} purity {purity:.2} times chance", "genres on the map");
            purity
        }),
        trustworthiness: trust(&model, &held_out)?,
    };
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&report)?;
        corpus::rows::write_atomically(path, |file| writeln!(file, "{text}"))?;
    }
    Ok(())
}

/// Samples at one temperature and measures them.
fn at_temperature(evaluation_set: &EvaluationSet, model: &Model, temperature: f32) -> Result<SampledFigures> {
    let (drawn, changed) = evaluation_set.drawn(model, temperature);
    let figures = show(&format!("temperature {temperature}"), evaluation_set.figures(&drawn));
    let realism_auc = show_auc(&format!("  {changed:.1} cells changed"), evaluation_set.auc(&drawn)?);
    Ok(SampledFigures { temperature, figures, changed, realism_auc })
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

/// How well held-out patterns are reconstructed.
fn reconstruction(model: &Model, patterns: &[Pattern]) -> Result<Option<PatternReconstruction>> {
    let rebuilt = PatternReconstruction::of(model, patterns)?;
    if let Some(rebuilt) = &rebuilt {
        for (title, way) in [
            ("rebuilt, as it is played", Some(rebuilt.as_played)),
            ("rebuilt, calibrated", rebuilt.calibrated),
            ("rebuilt, at one half", Some(rebuilt.at_one_half)),
        ] {
            let Some(way) = way else { continue };
            println!("{title:<28} F1 {:.3}  Hamming {:.1}", way.f1, way.hamming);
        }
    }
    Ok(rebuilt)
}

/// Trustworthiness of the map for held-out patterns, each placed at the grid point with the nearest latent.
fn trust(model: &Model, patterns: &[Pattern]) -> Result<Option<f64>> {
    let (Some(map), Some(encoder)) = (model.map(), model.encoder(&nets::device())) else { return Ok(None) };
    let latents = encode(&encoder, patterns, model.grid())?;
    let trust = trustworthiness(&latents, &map.places(&latents));
    println!("{:<28} trustworthiness {trust:.3}", "held-out songs on the map");
    Ok(Some(trust))
}

fn pad(model: &Model, training: &PatternSet) -> Option<PadFigures> {
    let map = model.map()?;
    let cells = PatternDecoder::new(model).patterns(map.grid(), |_| Draw::LIKELIEST);
    let pad = pad_figures(&cells, map.side(), training, model.grid());
    show("pad at temperature 0", pad.figures);
    println!(
        "{:<28} neighbours differ by {:.1}, 95 % by at most {}; {} different patterns",
        "", pad.neighbours_mean, pad.neighbours_95, pad.different
    );
    Some(pad)
}

/// Evaluates a sequence model on the held-out songs of some files, prints the figures, and writes them as JSON if
/// requested.
fn evaluate_sequence(model: &SequenceModel, args: &Evaluate) -> Result<()> {
    let songs = Songs::read(&args.patterns)?;
    songs.warnings.iter().for_each(|warning| eprintln!("{warning}"));
    ensure!(!songs.held_out.is_empty(), "the files hold no held-out song to measure on");
    let figures = (Kind::of(model)?.1.evaluate)(model, songs)?;
    match &figures {
        SequenceFigures::Steps(figures) => show_steps(figures),
        SequenceFigures::Reconstruction(figures) => show_reconstruction(figures),
    }
    if let Some(path) = &args.json {
        let text = serde_json::to_vec_pretty(&figures)?;
        corpus::rows::write_atomically(path, |file| file.write_all(&text))?;
    }
    Ok(())
}

fn show_steps(figures: &StepFigures) {
    println!("{} held-out songs, {} steps from the 33rd on", figures.songs, figures.steps);
    println!(
        "the model        accuracy {:.3}  where it changes {:.3}  perplexity {:.2}",
        figures.accuracy, figures.accuracy_changed, figures.perplexity
    );
    println!(
        "two bars ago     accuracy {:.3}  where it changes 0.000  perplexity {:.2}",
        figures.copying, figures.copying_perplexity
    );
    println!("silence          accuracy {:.3}", figures.silence);
}

fn show_reconstruction(figures: &ReconstructionFigures) {
    let ReconstructionFigures { passages, steps, bars, latent, .. } = figures;
    println!(
        "{passages} passages of {bars} bars of held-out songs, {steps} steps, {latent} numbers a latent"
    );
    let line = |title: &str, share: f64| println!("{title:<44} {share:.3}");
    line("likeliest, hearing the song (teacher forcing)", figures.forced);
    line("likeliest, hearing itself (free running)", figures.free);
    line("drawn at temperature 1, hearing itself", figures.sampled);
    line("silence", figures.silence);
    if let (Some(copying), Some(tiling)) = (figures.copying, figures.tiling) {
        line("what stood two bars ago, from the 33rd step on", copying);
        line("its first two bars over and over", tiling);
    }
    line("as many principal components", figures.components);
    println!("divergence {:.0} bits a passage", figures.divergence_bits);
}
