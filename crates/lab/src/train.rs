//! `train`: patterns in, a model without a map out.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use beat::Pattern;
use clap::{Args, ValueEnum};
use corpus::rows::Row;
use nets::{
    Architecture, Autoencoder, CodeCloud, Latent, Model, ModelParts, Precision, Provenance, VaeDecoder,
};
use serde_json::json;

use crate::codes::{calibrated, encode};
use crate::kits;
use crate::patterns::{Patterns, file_names};
use crate::songs;
use crate::training::{
    Autoencoding, HeadTraining, Loss, Objective, OneCycle, Outcome, Recipe, parameters, with_checkpoints,
};

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
    /// A history head for the model that --model names, which makes temperature musical.
    HistoryHead,
    /// What the next sixteenth of a song is: learns from whole songs, as `extract --bars` writes them.
    Step,
    /// How sixteen bars go on from a beat: learns from whole songs.
    Phrase,
    /// Some bars of a song through one latent and back, by a perceptron: learns from whole songs.
    Mlp,
    /// The same by an LSTM through all steps: the flat MusicVAE.
    Flat,
    /// The same by a conductor and an LSTM through each bar: the hierarchical MusicVAE.
    Hierarchical,
    /// The same from memory: Ortiz's recurrent network, three layers of 64.
    Lstm,
    /// The same from memory with attention to what followed before: DrumsRNN.
    #[value(name = "drumsrnn")]
    DrumsRnn,
}

/// What `train` is told.
#[derive(Args, Debug)]
pub(crate) struct Train {
    /// The kind of model
    #[arg(long, value_enum)]
    kind: Kind,
    /// The trained model that a history head is added to
    #[arg(long, value_name = "FILE", required_if_eq("kind", "history-head"))]
    model: Option<PathBuf>,
    /// A TSV file of patterns (or of songs, for a step model), as `extract` writes it; may be repeated
    #[arg(long = "patterns", value_name = "FILE", required = true)]
    pub(crate) patterns: Vec<PathBuf>,
    /// Where the model goes
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Decides the first weights, the order of the patterns and all noise
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Times that every pattern is seen; the kind's own number if left out
    #[arg(long)]
    pub(crate) epochs: Option<usize>,
    /// For an LSTM: also hear what was played so many steps ago; may be repeated
    #[arg(long = "lag", value_name = "STEPS")]
    pub(crate) lags: Vec<usize>,
    /// For DrumsRNN: attend to so many of the last steps
    #[arg(long, value_name = "STEPS", default_value_t = 64, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub(crate) reach: usize,
    /// Go on from the checkpoint of an interrupted run
    #[arg(long)]
    pub(crate) resume: bool,
    /// How many bars a variational autoencoder of songs takes: 1 to 64, 2 if left out
    #[arg(long)]
    pub(crate) bars: Option<u16>,
    /// How many numbers its latent has: 64 for 2 bars and 128 for more if left out
    #[arg(long)]
    pub(crate) latent: Option<u16>,
    /// What the corpus is called, for the model's provenance
    #[arg(long, default_value = "")]
    pub(crate) corpus: String,
    /// A licence under which the corpus stands; may be repeated
    #[arg(long = "licence", value_name = "TEXT")]
    pub(crate) licences: Vec<String>,
}

impl Train {
    /// What `train --kind KIND` is told where everything else is left as it is.
    pub(crate) fn of(kind: Kind, patterns: &[PathBuf], out: PathBuf, seed: u64) -> Self {
        let (model, epochs, resume) = (None, None, false);
        let (bars, latent, corpus, licences) = (None, None, String::new(), Vec::new());
        let (lags, reach) = (Vec::new(), 64);
        let patterns = patterns.to_vec();
        Self { kind, model, patterns, out, seed, epochs, lags, reach, resume, bars, latent, corpus, licences }
    }
}

impl Kind {
    /// The layers of an autoencoder and what is asked of it; `None` for a head.
    fn autoencoder(self) -> Option<(Architecture, Loss)> {
        let interpolating = Loss::Interpolating { lambda: 0.5, gamma: 0.2 };
        match self {
            Self::Ae => Some((Architecture::paper(), Loss::Plain)),
            Self::Vae => Some((Architecture::paper_variational(), Loss::Variational { beta: 1.0 })),
            Self::Acai => Some((Architecture::paper(), interpolating)),
            Self::ResidualAcai => Some((Architecture::residual(), interpolating)),
            _ => None,
        }
    }

    fn recipe(self, subject: &str, epochs: Option<usize>, seed: u64) -> Recipe {
        let (usual, peak, warm_up) = match self {
            Self::Ae | Self::Vae | Self::Acai => (25, 3e-3, 0.25),
            Self::ResidualAcai => (20, 3e-3, 0.05),
            _ => (16, 4e-3, 0.1),
        };
        Recipe {
            subject: format!("{self:?} of {subject}"),
            epochs: epochs.unwrap_or(usual),
            batch: 256,
            rate: OneCycle { peak, warm_up },
            critic_rate: 1e-3,
            clip: 50.0,
            patience: 5,
            seed,
        }
    }
}

/// Trains and writes the model, or leaves a checkpoint where Ctrl-C was pressed.
pub(crate) fn run(args: &Train) -> Result<()> {
    match args.kind {
        Kind::Step => return songs::train_step(args),
        Kind::Phrase => return songs::train_phrase(args),
        Kind::Mlp => return songs::train_vae(args, VaeDecoder::Mlp),
        Kind::Flat => return songs::train_vae(args, VaeDecoder::Flat),
        Kind::Hierarchical => return songs::train_vae(args, VaeDecoder::Hierarchical),
        Kind::Lstm => return songs::train_lstm(args),
        Kind::DrumsRnn => return songs::train_drums_rnn(args),
        _ => {}
    }
    let patterns = Patterns::read(&args.patterns)?;
    let [training, validation, held_out] =
        [patterns.training(), patterns.validation(), patterns.held_out()].map(|rows| rows.len());
    eprintln!("{training} patterns to learn from, {validation} to stop by, {held_out} held out");
    if training == 0 || validation == 0 {
        bail!("the files hold too few songs: training and validation are split by song, and one is empty");
    }
    let place = checkpoint_path(&args.out);
    let model = match (args.kind.autoencoder(), &args.model) {
        (Some((architecture, loss)), _) => autoencoder(args, &patterns, architecture, loss, &place)?,
        (None, Some(model)) => with_head(args, &patterns, Model::read(model)?, &place)?,
        (None, None) => bail!("a history head needs the model that it belongs to: --model FILE"),
    };
    finish(args, &model.to_bytes(Precision::Half), model.provenance())
}

/// Writes the trained model, whose checkpoint is no longer needed then.
pub(crate) fn finish(args: &Train, bytes: &[u8], provenance: &Provenance) -> Result<()> {
    corpus::rows::write_atomically(&args.out, |file| file.write_all(bytes))?;
    let place = checkpoint_path(&args.out);
    if place.exists() {
        std::fs::remove_file(&place).with_context(|| format!("{}: can't be removed", place.display()))?;
    }
    println!("{}: {} bytes, quality {}", args.out.display(), bytes.len(), provenance.quality);
    Ok(())
}

/// How a model was made that `args` asked for, in `epochs`, on files of this hash.
pub(crate) fn provenance(
    args: &Train,
    epochs: usize,
    sha256: &str,
    quality: serde_json::Value,
) -> Provenance {
    let corpus = match args.corpus.as_str() {
        "" => file_names(&args.patterns).join(" + "),
        name => name.to_owned(),
    };
    Provenance {
        commands: vec![command(args, epochs)],
        seed: args.seed,
        corpus,
        corpus_sha256: sha256.to_owned(),
        licences: args.licences.clone(),
        quality,
    }
}

fn of(rows: &[&Row]) -> Vec<Pattern> {
    rows.iter().map(|row| row.pattern).collect()
}

pub(crate) fn checkpoint_path(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".checkpoint");
    PathBuf::from(name)
}

/// Trains an autoencoder and calibrates it on the training patterns.
fn autoencoder(
    args: &Train,
    patterns: &Patterns,
    architecture: Architecture,
    loss: Loss,
    place: &Path,
) -> Result<Model> {
    let (training, validation) = (of(&patterns.training()), of(&patterns.validation()));
    let objective = Autoencoding { architecture, loss, training, validation };
    let recipe = args.kind.recipe(&patterns.sha256, args.epochs, args.seed);
    let outcome = with_checkpoints(&objective, &recipe, place, args.resume)?;

    let device = nets::device();
    let trained = objective.initial(recipe.seed, &device)?;
    let trained: Autoencoder = parameters::write(trained, &outcome.best, &device)?.autoencoder;
    let codes = encode(&trained.encoder, &objective.training)?;
    let measured = json!({ "autoencoder": quality(&outcome) });
    let provenance = provenance(args, recipe.epochs, &patterns.sha256, measured);
    let parts = ModelParts {
        kit: kits::named(&patterns.kit),
        genres: Vec::new(),
        architecture: objective.architecture.clone(),
        provenance,
        weights: trained.weights(),
        thresholds: [0.5; beat::INSTRUMENTS],
        codes: CodeCloud::of(codes),
        map: None,
    };
    // As it will be read back: calibrated on the rounded weights.
    let file = args.out.display().to_string();
    let model = Model::new(&file, parts)?;
    let mut parts = Model::from_bytes(&file, &model.to_bytes(Precision::Half))?.into_parts();
    let decoder = nets::PatternDecoder::new(&Model::new(&file, parts.clone())?);
    let logits = decoder.logits(&parts.codes.codes);
    parts.thresholds = calibrated(objective.training.iter().zip(&logits));
    Ok(Model::new(&file, parts)?)
}

/// Trains a history head for a model that stays as it is.
fn with_head(args: &Train, patterns: &Patterns, model: Model, place: &Path) -> Result<Model> {
    let device = nets::device();
    let encoder = model
        .encoder(&device)
        .with_context(|| format!("{} came without its encoder, so it can't be taught", model.file()))?;
    let coded = |rows: &[&Row]| -> Result<Vec<(Pattern, Latent)>> {
        let patterns = of(rows);
        let latents = encode(&encoder, &patterns)?;
        Ok(patterns.into_iter().zip(latents).collect())
    };
    let objective = HeadTraining {
        decoder: model.decoder(&device),
        training: coded(&patterns.training())?,
        validation: coded(&patterns.validation())?,
        deviation: model.codes().deviation,
    };
    let subject = format!("{} for {}", patterns.sha256, model.sha256_hex());
    let recipe = args.kind.recipe(&subject, args.epochs, args.seed);
    let outcome = with_checkpoints(&objective, &recipe, place, args.resume)?;
    let head = parameters::write(objective.initial(recipe.seed, &device)?, &outcome.best, &device)?;
    let mut parts = model.into_parts();
    parts.weights.extend(head.weights());
    parts.provenance.commands.push(command(args, recipe.epochs));
    note(&mut parts.provenance.quality, "head", quality(&outcome));
    Ok(Model::new(&args.out.display().to_string(), parts)?)
}

/// Writes `value` under `name` into what was measured, which in a model of another program may be anything:
/// what is no table of names is replaced by one.
pub(crate) fn note(measured: &mut serde_json::Value, name: &str, value: serde_json::Value) {
    if let Some(measured) = measured.as_object_mut() {
        measured.insert(name.to_owned(), value);
    } else {
        *measured = json!({ name: value });
    }
}

/// The command that makes this model again, without the folders that its files lie in.
fn command(args: &Train, epochs: usize) -> String {
    let kind = args.kind.to_possible_value().map_or(String::new(), |kind| kind.get_name().to_owned());
    let files: String = file_names(&args.patterns).iter().map(|file| format!(" --patterns {file}")).collect();
    let sizes = [("bars", args.bars), ("latent", args.latent)];
    let size =
        |(name, size): (&str, Option<u16>)| size.map_or(String::new(), |size| format!(" --{name} {size}"));
    let sizes: String = sizes.map(size).concat();
    let lags: String = args.lags.iter().map(|lag| format!(" --lag {lag}")).collect();
    let reach = if args.kind == Kind::DrumsRnn { format!(" --reach {}", args.reach) } else { String::new() };
    format!(
        "cargo xtask train --kind {kind}{sizes}{files}{lags}{reach} --seed {} --epochs {epochs}",
        args.seed
    )
}

pub(crate) fn quality(outcome: &Outcome) -> serde_json::Value {
    let best = outcome.epochs.iter().map(|epoch| epoch.validation_loss).fold(f64::INFINITY, f64::min);
    json!({ "epochs": outcome.epochs.len(), "validation_loss": best, "curve": outcome.epochs })
}

#[cfg(test)]
mod tests;
