//! Bars out of a variational autoencoder: from anywhere among its latents, or from around a beat.

use anyhow::Result;
use beat::STEPS_PER_BAR;
use burn::tensor::{Tensor, TensorData};
use nets::{History, LatentSpread, SequenceVae, SongModel, VaeShape};

use super::figures::drawn;
use super::training::{likeliest, numbers};
use crate::chance::{Dice, Purpose};

/// A variational autoencoder that plays.
pub(in crate::songs) struct VaePlayer {
    network: SequenceVae,
    shape: VaeShape,
    spread: LatentSpread,
}

impl VaePlayer {
    /// The player of a model's weights.
    pub(in crate::songs) fn new(model: &SongModel, shape: &VaeShape) -> Result<Self> {
        let network = SequenceVae::from_weights(shape, model.weights(), &nets::device())?;
        // A file of this kind was checked for all its weights.
        let spread = LatentSpread::of(model.weights());
        let even = || LatentSpread { mean: vec![0.0; shape.latent()], deviation: vec![1.0; shape.latent()] };
        Ok(Self { network, shape: *shape, spread: spread.unwrap_or_else(even) })
    }

    /// `bars` bars, one passage of the model's own length after another, the last one cut. With a beat to
    /// start from, each latent is drawn from where the encoder says that the beat, over and over, lies;
    /// without one from the spread of all songs. Steps are drawn at `temperature`, at 0 the likeliest.
    pub(in crate::songs) fn bars(
        &self,
        prime: Option<&[u16]>,
        bars: usize,
        temperature: f32,
        (seed, take): (u64, u32),
    ) -> Vec<u16> {
        let mut dice = Dice::new(seed, Purpose::Latents, u64::from(take));
        let steps = bars * STEPS_PER_BAR;
        let mut played = Vec::with_capacity(steps);
        while played.len() < steps {
            let latent = self.latent(prime, &mut dice);
            let latent =
                Tensor::from_data(TensorData::new(latent, [1, self.shape.latent()]), &nets::device());
            let mut choose = |logits: &[f32]| {
                if temperature > 0.0 { drawn(logits, temperature, dice.unit()) } else { likeliest(logits) }
            };
            let rows = self.network.play(&self.shape, latent, History::Own, &mut choose);
            let before = played.len();
            played.extend(rows.into_iter().flatten().take(steps - before));
            if played.len() == before {
                break; // a model of no bars has none to give
            }
        }
        played
    }

    fn latent(&self, prime: Option<&[u16]>, dice: &mut Dice) -> Vec<f32> {
        let (mean, deviation) = match prime.filter(|prime| !prime.is_empty()) {
            Some(prime) => {
                let passage: Vec<u16> = prime.iter().copied().cycle().take(self.shape.steps()).collect();
                let posterior = self.network.encode(SequenceVae::cells_of(&[&passage], &nets::device()));
                (numbers(posterior.mean), numbers((posterior.log_variance * 0.5).exp()))
            }
            None => (self.spread.mean.clone(), self.spread.deviation.clone()),
        };
        mean.iter().zip(&deviation).map(|(mean, deviation)| mean + deviation * dice.normal()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nets::{Provenance, SongKind, VaeDecoder, Weights};

    #[test]
    fn as_many_bars_come_as_are_asked_for_and_seeds_fix_them() -> Result<()> {
        for decoder in [VaeDecoder::Mlp, VaeDecoder::Flat, VaeDecoder::Hierarchical] {
            let (encoder_width, decoder_width, joint) = (8, 8, 2);
            let shape =
                VaeShape { decoder, bars: 2, latent: 5, encoder_width, decoder_width, joint, embedding: 3 };
            let kind = SongKind::Vae(shape);
            let weights = Weights::initial(&kind.arrays(), 1);
            let bytes = SongModel::new(kind, weights, Provenance::default())?;
            let bytes = bytes.to_bytes(nets::Precision::Half);
            let player = VaePlayer::new(&SongModel::from_bytes("its own", &bytes)?, &shape)?;
            let bars = |seed, prime| player.bars(prime, 5, 1.0, (seed, 0));
            assert_eq!(bars(1, None).len(), 80, "{decoder:?}");
            assert_eq!(bars(1, None), bars(1, None));
            assert_ne!(bars(1, None), bars(2, None));
            assert_ne!(bars(1, None), bars(1, Some(&[1, 0, 2, 0])));
        }
        Ok(())
    }
}
