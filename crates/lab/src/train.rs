//! `train`: patterns in, a model without a map out.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use beat::Pattern;
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use nets::{Architecture, Autoencoder, CodeCloud, KitTable, Model, ModelParts, Precision, Provenance};
use serde_json::json;

use crate::codes::{calibrated, encode};
use crate::patterns::{Patterns, file_names};
use crate::training::{
    Autoencoding, Checkpoint, Loss, Moment, Objective, OneCycle, Outcome, Recipe, parameters, train,
};
use crate::{interrupt, progress};

/// What kind of autoencoder is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// The paper's autoencoder, 448-64-32-4-32-64-448.
    Ae,
    /// The same layers, variational.
    Vae,
    /// The same layers, with a critic of what lies between codes.
    Acai,
    /// The same losses on a residual decoder: what ships.
    ResidualAcai,
}

/// What `train` is told.
#[derive(Args, Debug)]
pub(crate) struct Train {
    /// The kind of model
    #[arg(long, value_enum)]
    kind: Kind,
    /// A TSV file of patterns, as `extract` writes it; may be repeated
    #[arg(long = "patterns", value_name = "FILE", required = true)]
    patterns: Vec<PathBuf>,
    /// Where the model goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Decides the first weights, the order of the patterns and all noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Times that every pattern is seen; the kind's own number if left out
    #[arg(long)]
    epochs: Option<usize>,
    /// Go on from the checkpoint of an interrupted run
    #[arg(long)]
    resume: bool,
    /// What the corpus is called, for the model's provenance
    #[arg(long, default_value = "")]
    corpus: String,
    /// A licence under which the corpus stands; may be repeated
    #[arg(long = "licence", value_name = "TEXT")]
    licences: Vec<String>,
}

impl Kind {
    fn architecture(self) -> Architecture {
        match self {
            Self::Ae | Self::Acai => Architecture::paper(),
            Self::Vae => Architecture::paper_variational(),
            Self::ResidualAcai => Architecture::residual(),
        }
    }

    fn loss(self) -> Loss {
        match self {
            Self::Ae => Loss::Plain,
            Self::Vae => Loss::Variational { beta: 1.0 },
            Self::Acai | Self::ResidualAcai => Loss::Interpolating { lambda: 0.5, gamma: 0.2 },
        }
    }

    fn recipe(self, epochs: Option<usize>, seed: u64) -> Recipe {
        let (usual, warm_up) = if self == Self::ResidualAcai { (20, 0.05) } else { (25, 0.25) };
        Recipe {
            epochs: epochs.unwrap_or(usual),
            batch: 256,
            rate: OneCycle { peak: 3e-3, warm_up },
            critic_rate: 1e-3,
            clip: 50.0,
            patience: 5,
            seed,
        }
    }
}

/// Trains and writes the model, or leaves a checkpoint where Ctrl-C was pressed.
pub(crate) fn run(args: &Train) -> Result<()> {
    let patterns = Patterns::read(&args.patterns)?;
    let of = |rows: Vec<&corpus::rows::Row>| -> Vec<Pattern> { rows.iter().map(|row| row.pattern).collect() };
    let objective = Autoencoding {
        architecture: args.kind.architecture(),
        loss: args.kind.loss(),
        training: of(patterns.training()),
        validation: of(patterns.validation()),
    };
    let recipe = args.kind.recipe(args.epochs, args.seed);
    let (training, validation) = (objective.training.len(), objective.validation.len());
    eprintln!(
        "{training} patterns to learn from, {validation} to stop by, {} held out",
        patterns.held_out().len()
    );
    if training == 0 || validation == 0 {
        bail!("the files hold too few songs: training and validation are split by song, and one is empty");
    }
    let place = checkpoint_path(&args.out);
    let outcome = with_checkpoints(&objective, &recipe, &place, args.resume)?;
    let model = finished(args, &patterns, &objective, &recipe, &outcome)?;
    let bytes = model.to_bytes(Precision::Half);
    corpus::rows::write_atomically(&args.out, |file| file.write_all(&bytes))?;
    if place.exists() {
        std::fs::remove_file(&place).with_context(|| format!("{}: can't be removed", place.display()))?;
    }
    println!("{}: {} bytes, quality {}", args.out.display(), bytes.len(), model.provenance().quality);
    Ok(())
}

fn checkpoint_path(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".checkpoint");
    PathBuf::from(name)
}

/// Trains under a progress bar and keeps a checkpoint after every epoch.
pub(crate) fn with_checkpoints<O: Objective>(
    objective: &O,
    recipe: &Recipe,
    place: &Path,
    resume: bool,
) -> Result<Outcome> {
    let start = match resume {
        true => Some(Checkpoint::load(place).context("nothing to resume; train without --resume")?),
        false => None,
    };
    interrupt::listen()?;
    let steps = recipe.epochs * objective.rows().div_ceil(recipe.batch);
    let bar = progress::bar("train", steps);
    let outcome = train(objective, recipe, start, |moment| watch(&bar, place, moment))?;
    bar.finish();
    if outcome.interrupted {
        let done = outcome.epochs.len();
        bail!(
            "interrupted; {done} of {} epochs are kept in {}, and --resume goes on from there",
            recipe.epochs,
            place.display()
        );
    }
    Ok(outcome)
}

fn watch(bar: &ProgressBar, place: &Path, moment: Moment) -> Result<ControlFlow<()>> {
    match moment {
        Moment::Step { done, loss, .. } => {
            bar.set_position(done as u64);
            bar.set_message(format!("loss {loss:.2}"));
        }
        Moment::Epoch(checkpoint) => {
            checkpoint.save(place)?;
            if let Some(epoch) = checkpoint.epochs.last() {
                let number = checkpoint.epochs.len();
                let line = format!(
                    "epoch {number}: loss {:.3}, validation {:.3}",
                    epoch.training_loss, epoch.validation_loss
                );
                // Without a terminal the bar is silent, and a log wants its lines.
                if bar.is_hidden() { eprintln!("{line}") } else { bar.println(line) }
            }
        }
    }
    Ok(if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}

/// The model of the best epoch, calibrated on the training patterns.
fn finished(
    args: &Train,
    patterns: &Patterns,
    objective: &Autoencoding,
    recipe: &Recipe,
    outcome: &Outcome,
) -> Result<Model> {
    let device = nets::device();
    let trained = objective.initial(recipe.seed, &device)?;
    let trained: Autoencoder = parameters::write(trained, &outcome.best, &device)?.autoencoder;
    let codes = encode(&trained.encoder, &objective.training)?;
    let parts = ModelParts {
        kit: KitTable { notes: *patterns.kit.notes(), ..KitTable::default() },
        genres: Vec::new(),
        architecture: objective.architecture.clone(),
        provenance: provenance(args, patterns, recipe, outcome),
        weights: trained.weights(),
        thresholds: [0.5; beat::INSTRUMENTS],
        codes: CodeCloud::of(codes),
        map: None,
    };
    let file = args.out.display().to_string();
    // As it will be read back: calibrated on the rounded weights.
    let model = Model::new(&file, parts)?;
    let mut parts = Model::from_bytes(&file, &model.to_bytes(Precision::Half))?.into_parts();
    let decoder = nets::PatternDecoder::new(&Model::new(&file, parts.clone())?);
    let logits = decoder.logits(&parts.codes.codes);
    parts.thresholds = calibrated(objective.training.iter().zip(&logits));
    Ok(Model::new(&file, parts)?)
}

fn provenance(args: &Train, patterns: &Patterns, recipe: &Recipe, outcome: &Outcome) -> Provenance {
    let files = file_names(&args.patterns);
    let kind = args.kind.to_possible_value().map_or(String::new(), |kind| kind.get_name().to_owned());
    let mut command = format!("cargo xtask train --kind {kind}");
    for file in &files {
        command += &format!(" --patterns {file}");
    }
    command += &format!(" --seed {} --epochs {}", args.seed, recipe.epochs);
    let best = outcome.epochs.iter().map(|epoch| epoch.validation_loss).fold(f64::INFINITY, f64::min);
    Provenance {
        commands: vec![command],
        seed: args.seed,
        corpus: if args.corpus.is_empty() { files.join(" + ") } else { args.corpus.clone() },
        corpus_sha256: patterns.sha256.clone(),
        licences: args.licences.clone(),
        quality: json!({ "epochs": outcome.epochs.len(), "validation_loss": best }),
    }
}
