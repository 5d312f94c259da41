//! Training on a few composed songs: what a person relies on is that something is learnt and kept.

use std::ops::ControlFlow;

use super::*;
use crate::training::{Moment, OneCycle, Recipe, parameters, train};

/// Songs of four beats with fills, each at its own pace.
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

fn recipe() -> Recipe {
    Recipe {
        subject: String::new(),
        epochs: 4,
        batch: 8,
        rate: OneCycle { peak: 4e-3, warm_up: 0.0 },
        critic_rate: 1e-3,
        clip: 5.0,
        patience: 5,
        seed: 1,
    }
}

fn check_learns(decoder: VaeDecoder, bars: u16) -> Result<()> {
    let encoder_width = 16;
    let shape =
        VaeShape { decoder, bars, latent: 8, encoder_width, decoder_width: 24, joint: 4, embedding: 6 };
    let objective = VaeTraining::new(shape, songs(), songs())?;
    let mut losses = Vec::new();
    let outcome = train(&objective, &recipe(), None, |moment| {
        if let Moment::Step { loss, .. } = moment {
            losses.push(loss);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let (first, last) = (losses[0], losses[losses.len() - 1]);
    assert!(last < first / 2.0, "{decoder:?} {bars}: {losses:?}");

    let device = nets::device();
    let network = parameters::write(objective.initial(1, &device)?, &outcome.best, &device)?;
    let again = SequenceVae::from_weights(&shape, &network.weights(&shape), &device)?;
    let passages = objective.training.spread(5);
    let mean = again.encode(SequenceVae::cells_of(&passages, &device)).mean;
    let own = again.play(&shape, mean.clone(), History::Own, &mut |logits| likeliest(logits));
    assert!(own.len() == 5 && own.iter().all(|row| row.len() == shape.steps()));
    let forced = again.play(&shape, mean, History::Given(&own), &mut |logits| likeliest(logits));
    assert_eq!(own, forced, "what it plays by itself is what it plays when it is told just that");
    let LatentSpread { mean, deviation } = objective.spread(&network);
    assert!(mean.len() == 8 && deviation.iter().all(|deviation| *deviation > 0.0));
    Ok(())
}

#[test]
fn a_perceptron_learns_composed_songs() -> Result<()> {
    check_learns(VaeDecoder::Mlp, 2)
}

#[test]
fn an_lstm_through_all_steps_learns_composed_songs() -> Result<()> {
    check_learns(VaeDecoder::Flat, 2)
}

#[test]
fn a_conductor_with_an_lstm_for_each_bar_learns_composed_songs() -> Result<()> {
    check_learns(VaeDecoder::Hierarchical, 4)
}

#[test]
fn songs_that_are_too_short_are_refused_with_a_sentence() {
    let decoder = VaeDecoder::Mlp;
    let encoder_width = 8;
    let shape =
        VaeShape { decoder, bars: 60, latent: 8, encoder_width, decoder_width: 8, joint: 2, embedding: 0 };
    let said = VaeTraining::new(shape, songs(), songs()).map(|_| ()).map_err(|error| error.to_string());
    assert!(said.is_err_and(|said| said.contains("60 bars")));
}
