//! Variational autoencoders of whole bars: their training and their figures.

mod class_loss;
mod figures;
mod playing;
mod principal;
mod training;
mod unrolled;
mod windows;

use anyhow::{Result, ensure};
use nets::{LatentSpread, SequenceVae, SongKind, VaeDecoder, VaeShape};

use super::train::{read, train};
use crate::train::Train;
use crate::training::{OneCycle, Recipe};
pub(super) use figures::vae_report;
pub(super) use playing::VaePlayer;
use training::VaeTraining;

/// The most bars that a variational autoencoder is built for: two minutes of them.
const MOST_BARS: u16 = 64;

/// Trains a variational autoencoder of bars and writes it.
pub(crate) fn train_vae(args: &Train, decoder: VaeDecoder) -> Result<()> {
    let shape = shape(args, decoder)?;
    let songs = read(args)?;
    let objective = VaeTraining::new(shape, songs.training, songs.validation)?;
    let recipe = recipe(args, &shape, &songs.sha256);
    train(args, &objective, &recipe, &songs.sha256, SongKind::Vae(shape), |network: &SequenceVae| {
        let mut weights = network.weights(&shape);
        LatentSpread::keep(objective.spread(network), &mut weights);
        weights
    })
}

/// The sizes that `args` asks for.
fn shape(args: &Train, decoder: VaeDecoder) -> Result<VaeShape> {
    let bars = args.bars.unwrap_or(2);
    ensure!((1..=MOST_BARS).contains(&bars), "--bars goes from 1 to {MOST_BARS}");
    let latent = args.latent.unwrap_or(if bars > 2 { 128 } else { 64 });
    ensure!((1..=512).contains(&latent), "--latent goes from 1 to 512");
    // What is read and written grows with the bars, so the layers between shrink: a file stays under 3 MB
    // at 16 bars.
    let (encoder_width, decoder_width) = match (decoder, bars) {
        (VaeDecoder::Mlp, 1..=2) => (256, 256),
        (_, 1..=2) => (256, 192),
        (VaeDecoder::Hierarchical, _) => (96, 160),
        _ => (128, 192),
    };
    let embedding = if decoder == VaeDecoder::Hierarchical { 64 } else { 0 };
    Ok(VaeShape { decoder, bars, latent, encoder_width, decoder_width, joint: 16, embedding })
}

fn recipe(args: &Train, shape: &VaeShape, sha256: &str) -> Recipe {
    let batch = if shape.bars > 2 { 32 } else { 64 };
    Recipe {
        subject: format!("{shape:?} of {sha256}"),
        // An epoch is a fixed number of passages, not all of them.
        epochs: args.epochs.unwrap_or(40),
        batch,
        rate: OneCycle { peak: if shape.decoder == VaeDecoder::Mlp { 2e-3 } else { 3e-3 }, warm_up: 0.05 },
        critic_rate: 1e-3,
        clip: 5.0,
        patience: 8,
        seed: args.seed,
    }
}
