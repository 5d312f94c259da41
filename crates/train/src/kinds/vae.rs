//! Variational autoencoders of whole bars: MusicVAE (Roberts et al., arXiv 1803.05428) and its relatives,
//! scaled to a CPU.
//!
//! An encoder maps a *passage*, a fixed number of bars, to one latent, and a decoder reconstructs it. The kinds
//! differ in the decoder: a perceptron for all steps at once, one LSTM through all steps, or a conductor with an
//! LSTM for each bar. All of them end in the same output head over classes.

mod class_head;
mod decoders;
mod encoder;
mod generator;
mod network;
mod objective;
mod principal;
mod reconstruction;
mod step_gradients;

use anyhow::{Result, ensure};
use beat::PIECES;
use corpus::rows::UNKNOWN_GENRE;
use nets::ONE_BAR;
use nets::layers::weights_of;
use nets::{NamedShape, PHRASE_BARS, SequenceModel, Weights, WeightsFault};
use serde::{Deserialize, Serialize};

use super::{Kind, KindOption, PhraseRequest, Run, SequenceFigures, SequenceKind, TrainKind};
use crate::excerpts::Passages;
use crate::metrics::phrases::form::PIECE_BARS;
use crate::metrics::phrases::set::PhraseSet;
use crate::songs::Songs;
use crate::training::{LearningRate, Recipe};
pub use generator::VaeGenerator;
use objective::VaeTraining;
pub use reconstruction::ReconstructionFigures;
use reconstruction::reconstruction_figures;

/// The name of these kinds in model files; the config's `decoder` tells which it is.
const FILE_KIND: &str = "vae";

/// The most bars of a passage: two minutes.
const MOST_BARS: u64 = 64;

const OPTIONS: &[KindOption] = &[
    KindOption {
        name: "bars",
        help: "Bars of a passage",
        range: (1, MOST_BARS),
        default: Some(2),
        repeated: false,
    },
    KindOption {
        name: "latent",
        help: "Dimensions of the latent; 64 for 2 bars and 128 for more if left out",
        range: (1, 512),
        default: None,
        repeated: false,
    },
];

/// The perceptron.
pub(super) const MLP: Kind = Kind {
    name: "mlp",
    about: "Autoencoder of passages: a perceptron for all steps at once; learns from whole songs",
    options: OPTIONS,
    train: TrainKind::Songs(|run, songs| train(run, songs, DecoderKind::Mlp)),
    sequence: Some(sequence(
        |model| is(model, DecoderKind::Mlp),
        |bars| Some(if bars > 2 { "mlp-16.safetensors" } else { "mlp-2.safetensors" }),
        "perceptron VAE",
    )),
};

/// The flat MusicVAE.
pub(super) const FLAT: Kind = Kind {
    name: "flat",
    about: "Autoencoder of passages: one LSTM through all steps (flat MusicVAE); learns from whole songs",
    options: OPTIONS,
    train: TrainKind::Songs(|run, songs| train(run, songs, DecoderKind::Flat)),
    sequence: Some(sequence(
        |model| is(model, DecoderKind::Flat),
        |bars| Some(if bars > 2 { "flat-16.safetensors" } else { "flat-2.safetensors" }),
        "flat VAE",
    )),
};

/// The hierarchical MusicVAE.
pub(super) const HIERARCHICAL: Kind = Kind {
    name: "hierarchical",
    about: "Autoencoder of passages: a conductor and an LSTM for each bar (hierarchical MusicVAE); learns from whole songs",
    options: OPTIONS,
    train: TrainKind::Songs(|run, songs| train(run, songs, DecoderKind::Hierarchical)),
    sequence: Some(sequence(
        |model| is(model, DecoderKind::Hierarchical),
        |_| Some("hierarchical-16.safetensors"),
        "hierarchical VAE",
    )),
};

const fn sequence(
    matches: fn(&SequenceModel) -> bool,
    shipped: fn(usize) -> Option<&'static str>,
    title: &'static str,
) -> SequenceKind {
    SequenceKind {
        matches,
        generator: |model| Ok(Box::new(VaeGenerator::new(model)?)),
        evaluate: |model, songs| Ok(SequenceFigures::Reconstruction(reconstruction_figures(model, songs)?)),
        shipped,
        title,
        predicts_steps: false,
        generates_phrases: |model| {
            VaeConfig::of(model).is_ok_and(|config| usize::from(config.bars) >= PHRASE_BARS)
        },
        phrases,
    }
}

fn is(model: &SequenceModel, decoder: DecoderKind) -> bool {
    model.kind() == FILE_KIND && model.config::<VaeConfig>().is_ok_and(|config| config.decoder == decoder)
}

/// Phrases decoded from latents with the distribution of the training songs'. They have no song and no genre.
fn phrases(model: &SequenceModel, request: &PhraseRequest<'_>) -> Result<[PhraseSet; 2]> {
    let config = VaeConfig::of(model)?;
    ensure!(
        usize::from(config.bars) >= PHRASE_BARS,
        "a model of {} bars makes no phrase of sixteen",
        config.bars
    );
    let PhraseRequest { name, count, temperature, seed, .. } = request;
    let passages = VaeGenerator::new(model)?.passages(*count, *temperature, *seed);
    let set = PhraseSet {
        name: name.clone(),
        songs: (0..passages.len()).map(|row| format!("latent {row}")).collect(),
        genres: vec![UNKNOWN_GENRE.to_owned(); passages.len()],
        phrases: passages,
    };
    let long = set.bars() >= PIECE_BARS - 4; // two minutes are 60 to 64 bars
    let phrases = set.cut(PHRASE_BARS, *count);
    Ok([phrases, if long { set } else { PhraseSet::default() }])
}

/// Cells of one bar: sixteen steps of nine pieces.
const BAR_CELLS: usize = ONE_BAR * PIECES;

/// The largest size in a file, so that a damaged one can't take all memory or time.
const LARGEST: u16 = 1024;

/// The architecture of the decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DecoderKind {
    /// A perceptron for all steps at once; no step depends on the steps before.
    Mlp,
    /// One LSTM through all steps, with the latent as input at each.
    Flat,
    /// A conductor LSTM that computes an embedding for each bar, and an LSTM through each bar, with that as input.
    Hierarchical,
}

/// The sizes of a variational autoencoder, as its file holds them. They are small numbers, so that no product
/// overflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VaeConfig {
    /// The architecture of the decoder.
    pub(crate) decoder: DecoderKind,
    /// Bars of a passage.
    pub(crate) bars: u16,
    /// Dimensions of the latent.
    pub(crate) latent: u16,
    /// Width of the encoder's hidden layers.
    pub(crate) encoder_width: u16,
    /// Width of the decoder's hidden layers.
    pub(crate) decoder_width: u16,
    /// Joint features of a step, beside the logits of the nine pieces.
    pub(crate) joint: u16,
    /// Width of the conductor's embedding of a bar; 0 where there is no conductor.
    #[serde(default)]
    pub(crate) embedding: u16,
}

impl VaeConfig {
    /// The config in a model's file, with every size in its bounds.
    pub(crate) fn of(model: &SequenceModel) -> Result<Self> {
        let config: Self = model.config()?;
        config.check()?;
        Ok(config)
    }

    /// The config of a run's options.
    fn from_options(run: &Run<'_>, decoder: DecoderKind) -> Self {
        let bars = run.option("bars").unwrap_or(2) as u16;
        let latent = run.option("latent").map_or(if bars > 2 { 128 } else { 64 }, |latent| latent as u16);
        // The first and last layer grow with the bars, so the layers between shrink: a file stays under 3 MB
        // at 16 bars.
        let (encoder_width, decoder_width) = match (decoder, bars) {
            (DecoderKind::Mlp, 1..=2) => (256, 256),
            (_, 1..=2) => (256, 192),
            (DecoderKind::Hierarchical, _) => (96, 160),
            _ => (128, 192),
        };
        let embedding = if decoder == DecoderKind::Hierarchical { 64 } else { 0 };
        Self { decoder, bars, latent, encoder_width, decoder_width, joint: 16, embedding }
    }

    /// Checks every size against its bounds.
    pub(crate) fn check(&self) -> Result<(), WeightsFault> {
        let Self { decoder, bars, latent, encoder_width, decoder_width, joint, embedding } = *self;
        let needed = if decoder == DecoderKind::Hierarchical { embedding } else { 1 };
        let sizes = [bars, latent, encoder_width, decoder_width, joint, needed];
        if sizes.iter().all(|size| (1..=LARGEST).contains(size)) && embedding <= LARGEST {
            return Ok(());
        }
        let sizes = format!(
            "{bars} bars, latent {latent}, widths {encoder_width} and {decoder_width}, joint {joint}, embedding {embedding}"
        );
        Err(WeightsFault::Sizes(sizes))
    }

    /// Steps of a passage.
    pub(crate) fn steps(&self) -> usize {
        usize::from(self.bars) * ONE_BAR
    }

    /// Cells of a passage.
    pub(crate) fn cells(&self) -> usize {
        usize::from(self.bars) * BAR_CELLS
    }

    /// Dimensions of the latent.
    pub(crate) fn latent(&self) -> usize {
        usize::from(self.latent)
    }

    /// Names and shapes of the trained weights, in the order of the network's fields.
    pub(crate) fn trained_arrays(&self) -> Vec<NamedShape> {
        let decoder = match self.decoder {
            DecoderKind::Mlp => decoders::dense_arrays(self),
            DecoderKind::Flat => decoders::step_arrays(self),
            DecoderKind::Hierarchical => {
                [decoders::conductor_arrays(self), decoders::step_arrays(self)].concat()
            }
        };
        [encoder::arrays(self), decoder, class_head::arrays(self).to_vec()].concat()
    }

    /// Fresh weights. They are drawn for the linear layers first, then for the LSTMs and the class head, as in every
    /// version so far: a seed gives the same weights as ever.
    pub(crate) fn initial_weights(&self, seed: u64) -> Weights {
        let mut arrays = self.trained_arrays();
        let is_lstm = |name: &str| name.contains("lstm") || name.contains("wards.");
        arrays.sort_by_key(|(name, _)| (name.starts_with("classes"), is_lstm(name)));
        Weights::initial(&arrays, seed)
    }
}

/// Trains a variational autoencoder of bars.
fn train(run: &mut Run<'_>, songs: Songs, decoder: DecoderKind) -> Result<SequenceModel> {
    let config = VaeConfig::from_options(run, decoder);
    let bars = usize::from(config.bars);
    let peak = if decoder == DecoderKind::Mlp { 2e-3 } else { 3e-3 };
    let rate = LearningRate::OneCycle { peak, warm_up: 0.05 };
    // An epoch is a fixed number of passages, not all of them.
    let (epochs, batch) = (run.epochs.unwrap_or(40), if config.bars > 2 { 32 } else { 64 });
    let subject = format!("{config:?} of {}", songs.sha256);
    let recipe =
        Recipe { clip: 5.0, early_stop_epochs: 8, ..Recipe::new(subject, epochs, batch, rate, run.seed) };
    let [training, validation] = [songs.training, songs.validation].map(|songs| Passages::new(songs, bars));
    let enough = training.count() > 0 && validation.count() > 0;
    ensure!(enough, "too few songs have {bars} bars; give more, or ask for fewer");
    let objective = VaeTraining::new(config, training, validation)?;
    let (network, trained) = run.train(&objective, &recipe)?;
    let mut weights = weights_of(&network, config.trained_arrays());
    objective.spread(&network).store(&mut weights);
    run.sequence_model(FILE_KIND, &config, weights, &trained)
}

#[cfg(test)]
mod tests;
