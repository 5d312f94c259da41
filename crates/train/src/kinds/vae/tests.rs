//! Training on a few synthetic songs: the loss falls, weights are restored, sizes out of bounds are refused.

use nets::{Precision, Provenance};

use super::encoder::LatentSpread;
use super::network::{History, SequenceVae, most_probable};
use super::*;
use crate::training::{Objective, train, write_parameters};

/// Songs in 4/4 with fills, each with other kicks and hats.
fn songs() -> Vec<Vec<u16>> {
    let step = |song: usize, step: usize| -> u16 {
        let kick = u16::from(step.is_multiple_of(4 + 4 * (song % 2)));
        let snare = u16::from(step % 16 == 4 || step % 16 == 12) << 1;
        let hat = u16::from(step.is_multiple_of(1 + song % 3)) << 2;
        let fill = u16::from(step % 64 > 56 + song % 4) << 5;
        kick | snare | hat | fill
    };
    (0..12).map(|song| (0..256).map(|at| step(song, at)).collect()).collect()
}

/// A small config.
pub(super) fn small(decoder: DecoderKind, bars: u16) -> VaeConfig {
    VaeConfig { decoder, bars, latent: 5, encoder_width: 8, decoder_width: 8, joint: 3, embedding: 3 }
}

fn check_learns(decoder: DecoderKind, bars: u16) -> Result<()> {
    let config = VaeConfig {
        latent: 8,
        encoder_width: 16,
        decoder_width: 24,
        joint: 4,
        embedding: 6,
        ..small(decoder, bars)
    };
    let rate = LearningRate::OneCycle { peak: 4e-3, warm_up: 0.0 };
    let recipe = Recipe { clip: 5.0, ..Recipe::new(String::new(), 4, 8, rate, 1) };
    let objective = VaeTraining::new(config, passages(bars), passages(bars))?;
    let mut losses = Vec::new();
    let outcome = train(&objective, &recipe, None, &mut |progress| {
        if let crate::training::Progress::Step { loss, .. } = progress {
            losses.push(loss);
        }
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    let (first, last) = (losses[0], losses[losses.len() - 1]);
    assert!(last < first / 2.0, "{decoder:?} {bars}: {losses:?}");

    let device = nets::device();
    let network = write_parameters(objective.initial(1, &device)?, &outcome.best, &device)?;
    let weights = weights_of(&network, config.trained_arrays());
    let again = SequenceVae::from_weights(&config, &weights, &device)?;
    let passages = objective.training.passages.spread(5);
    let mean = again.encode(SequenceVae::cells_of(&passages, &device)).mean;
    let own = again.decode(&config, mean.clone(), History::Own, &mut |logits| most_probable(logits));
    assert!(own.len() == 5 && own.iter().all(|row| row.len() == config.steps()));
    let forced = again.decode(&config, mean, History::Given(&own), &mut |logits| most_probable(logits));
    assert_eq!(own, forced, "free running equals teacher forcing with its own steps");
    let LatentSpread { mean, deviation } = objective.spread(&network);
    assert!(mean.len() == 8 && deviation.iter().all(|deviation| *deviation > 0.0));
    Ok(())
}

#[test]
fn a_perceptron_learns_composed_songs() -> Result<()> {
    check_learns(DecoderKind::Mlp, 2)
}

#[test]
fn an_lstm_through_all_steps_learns_composed_songs() -> Result<()> {
    check_learns(DecoderKind::Flat, 2)
}

#[test]
fn a_conductor_with_an_lstm_for_each_bar_learns_composed_songs() -> Result<()> {
    check_learns(DecoderKind::Hierarchical, 4)
}

#[test]
fn sizes_out_of_bounds_are_refused_before_anything_is_built() -> Result<()> {
    for decoder in [DecoderKind::Mlp, DecoderKind::Flat, DecoderKind::Hierarchical] {
        let config = |bars, embedding| VaeConfig { embedding, ..small(decoder, bars) };
        let loaded = |config: VaeConfig| VaeGenerator::new(&untrained(&config)?);
        assert!(loaded(config(2, 3)).is_ok());
        assert!(loaded(config(0, 3)).is_err(), "{decoder:?}");
        assert!(config(u16::MAX, 3).check().is_err());
        assert_eq!(loaded(config(2, 0)).is_ok(), decoder != DecoderKind::Hierarchical);
    }
    Ok(())
}

/// A model of fresh weights, written and read back.
pub(super) fn untrained(config: &VaeConfig) -> Result<SequenceModel> {
    let mut weights = config.initial_weights(1);
    LatentSpread { mean: vec![0.0; config.latent()], deviation: vec![1.0; config.latent()] }
        .store(&mut weights);
    let model = SequenceModel::new(FILE_KIND, config, weights, Provenance::default())?;
    Ok(SequenceModel::from_bytes("its own", &model.to_bytes(Precision::Half))?)
}

/// Passages of the composed songs.
fn passages(bars: u16) -> Passages {
    Passages::new(songs(), usize::from(bars))
}
