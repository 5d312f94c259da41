//! `report`: trains or loads the paper's three models, and writes its Table 2 and Figures 3 and 4 with our data; and
//! the page of sequences.

mod drawing;
mod page;
mod plane;
mod sequences;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use nets::Model;
use train::kinds::Kind;
use train::metrics::evaluation_set::{EvaluatedSongs, EvaluationSet, PatternReconstruction};
use train::metrics::figures::Figures;
use train::patterns::Patterns;
use train::training::Epoch;

use crate::train_verb::{self, Train};
use plane::Plane;

/// The paper's models, in the order of its table: the name of the kind, and the paper's name.
const PAPER_MODELS: [(&str, &str); 3] = [("ae", "AE"), ("vae", "VAE"), ("acai", "ACAI")];

#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// A TSV file of patterns, for the paper's pages; may be repeated
    #[arg(long = "patterns", value_name = "FILE", required_unless_present = "songs")]
    patterns: Vec<PathBuf>,
    /// A file of songs, for the page of sequences; may be repeated
    #[arg(long = "songs", value_name = "FILE")]
    songs: Vec<PathBuf>,
    /// The folder of the sequence models for the page of sequences
    #[arg(long, value_name = "FOLDER", default_value = "target/report/songs")]
    song_models: PathBuf,
    /// Number of phrases that are measured of each model
    #[arg(long, default_value_t = 2000)]
    phrases: usize,
    /// The folder of ae.safetensors, vae.safetensors and acai.safetensors; those that are missing are trained
    #[arg(long, value_name = "FOLDER", default_value = "target/report")]
    models: PathBuf,
    /// The folder to write the report to
    #[arg(long, value_name = "FOLDER", default_value = "docs/report")]
    out: PathBuf,
    /// The genre of Figure 4
    #[arg(long, default_value = "metal")]
    genre: String,
    /// Number of patterns that are sampled from each model
    #[arg(long, default_value_t = 10_000)]
    count: usize,
    /// Seed of training and of all samples
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// One model of the table.
struct PaperModel {
    name: &'static str,
    model: Model,
    rebuilt: PatternReconstruction,
    drawn: Figures,
    realism_auc: f64,
    curve: Vec<Epoch>,
}

/// Writes the pages of the paper, of sequences, or both.
pub(crate) fn run(args: &ReportArgs) -> Result<()> {
    std::fs::create_dir_all(&args.out).with_context(|| format!("{}: can't be made", args.out.display()))?;
    if !args.songs.is_empty() {
        sequences::write(args)?;
    }
    if args.patterns.is_empty() { Ok(()) } else { paper(args) }
}

/// The pages of the paper.
fn paper(args: &ReportArgs) -> Result<()> {
    let patterns = Patterns::read(&args.patterns, &beat::Grid::FOUR_FOUR)?;
    patterns.warnings.iter().for_each(|warning| eprintln!("{warning}"));
    let evaluation_set = EvaluationSet::of(&patterns, EvaluatedSongs::HeldOut, args.count, args.seed)?;
    let entries: Vec<PaperModel> = PAPER_MODELS
        .into_iter()
        .map(|(kind, name)| entry(name, trained(kind, args, &patterns)?, &evaluation_set))
        .collect::<Result<_>>()?;
    let [vae, acai] = [&entries[1], &entries[2]].map(|entry| Plane::of(&entry.model, &patterns, args.seed));
    let (vae, acai) = (vae?, acai?);
    let genre = vae.genre(&args.genre)?;
    drawing::map(&args.out.join("figure-3"), &vae)?;
    drawing::genre(&args.out.join("figure-4"), [("VAE", &vae), ("ACAI", &acai)], genre)?;
    let curves: Vec<(&str, &[Epoch])> =
        entries.iter().map(|entry| (entry.name, entry.curve.as_slice())).collect();
    drawing::curves(
        &args.out.join("learning"),
        "Loss in nats a pattern: training thin, validation songs thick",
        &curves,
    )?;
    let page = page::Page { args, patterns: &patterns, evaluation_set: &evaluation_set, entries: &entries };
    let text = page.text([&vae, &acai], genre)?;
    let place = args.out.join("README.md");
    corpus::rows::write_atomically(&place, |file| file.write_all(text.as_bytes()))?;
    println!("{}: the table, three figures and what is different", place.display());
    Ok(())
}

/// The model of a kind from the folder, trained into it where it is not there yet.
fn trained(kind: &str, args: &ReportArgs, patterns: &Patterns) -> Result<Model> {
    let place = args.models.join(format!("{kind}.safetensors"));
    if !place.exists() {
        println!("{}: not there, so it is trained", place.display());
        let folder = args.models.display();
        std::fs::create_dir_all(&args.models).with_context(|| format!("{folder}: can't be made"))?;
        let kind = Kind::named(kind).with_context(|| format!("no kind {kind}"))?;
        train_verb::run(&Train::of(kind, &args.patterns, place.clone(), args.seed))?;
    }
    let model = Model::read(&place)?;
    ensure!(
        model.provenance().corpus_sha256 == patterns.sha256,
        "{}: was trained on other patterns; name another --models folder",
        place.display()
    );
    Ok(model)
}

fn entry(name: &'static str, model: Model, evaluation_set: &EvaluationSet) -> Result<PaperModel> {
    let rebuilt = PatternReconstruction::of(&model, &evaluation_set.held_out())?;
    let rebuilt = rebuilt.with_context(|| format!("{}: came without its encoder", model.file()))?;
    let drawn = evaluation_set.paper_protocol(&model);
    let (figures, realism_auc) = (evaluation_set.figures(&drawn), evaluation_set.auc(&drawn)?);
    let curve = model.provenance().quality["autoencoder"]["curve"].clone();
    let entry = PaperModel {
        name,
        rebuilt,
        drawn: figures,
        realism_auc,
        // Files of the first versions have no learning curve.
        curve: serde_json::from_value(curve).unwrap_or_default(),
        model,
    };
    println!(
        "{:<5} F1 {:.3}  pass {:.1} / {:.1}  realism AUC {realism_auc:.3}",
        entry.name, entry.rebuilt.at_one_half.f1, entry.drawn.pass, entry.drawn.pass_and_novel
    );
    Ok(entry)
}
