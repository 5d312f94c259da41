//! Generating bars with a variational autoencoder: from latents with the distribution of the training songs', or
//! around the latent of a prime.

use anyhow::Result;
use burn::tensor::{Tensor, TensorData};
use nets::ONE_BAR;
use nets::layers::floats;
use nets::{CounterRng, SequenceModel, sample_categorical};

use super::super::BarGenerator;
use super::VaeConfig;
use super::encoder::LatentSpread;
use super::network::{History, SequenceVae, most_probable, sample_class};
use crate::rng::{Purpose, TrainingRng};

/// Latents of one forward pass.
const BATCH: usize = 250;

/// Generates bars from a variational autoencoder.
pub struct VaeGenerator {
    network: SequenceVae,
    config: VaeConfig,
    spread: LatentSpread,
}

impl VaeGenerator {
    /// The generator of a model.
    ///
    /// # Errors
    ///
    /// The model is of another kind, a size is out of bounds, or a weight is missing or of the wrong shape.
    pub fn new(model: &SequenceModel) -> Result<Self> {
        let config = VaeConfig::of(model)?;
        let network = SequenceVae::from_weights(&config, model.weights(), &nets::device())?;
        let spread = LatentSpread::of(model.weights(), config.latent())?;
        Ok(Self { network, config, spread })
    }

    /// `count` passages of the model's own length from latents with the distribution of the training songs'.
    pub(crate) fn passages(&self, count: usize, temperature: f32, seed: u64) -> Vec<Vec<u16>> {
        let (latent, device) = (self.config.latent(), nets::device());
        let mut rng = TrainingRng::new(seed, Purpose::Latents, 0);
        let mut passages = Vec::with_capacity(count);
        while passages.len() < count {
            let rows = BATCH.min(count - passages.len());
            let dimensions = |_| self.spread.mean.iter().zip(&self.spread.deviation).collect::<Vec<_>>();
            let latents: Vec<f32> = (0..rows)
                .flat_map(dimensions)
                .map(|(mean, deviation)| mean + deviation * rng.normal())
                .collect();
            let latents = Tensor::<2>::from_data(TensorData::new(latents, [rows, latent]), &device);
            let mut choose = |logits: &[f32]| sample_categorical(logits, temperature, rng.unit()) as u16;
            passages.extend(self.network.decode(&self.config, latents, History::Own, &mut choose));
        }
        passages
    }

    /// A latent from the posterior of the prime, repeated to the length of a passage; without a prime, from the
    /// distribution of the training songs' latents.
    fn latent(&self, prime: Option<&[u16]>, rng: &mut TrainingRng) -> Vec<f32> {
        let (mean, deviation) = match prime.filter(|prime| !prime.is_empty()) {
            Some(prime) => {
                let passage: Vec<u16> = prime.iter().copied().cycle().take(self.config.steps()).collect();
                let posterior = self.network.encode(SequenceVae::cells_of(&[&passage], &nets::device()));
                (floats(posterior.mean), floats((posterior.log_variance * 0.5).exp()))
            }
            None => (self.spread.mean.clone(), self.spread.deviation.clone()),
        };
        mean.iter().zip(&deviation).map(|(mean, deviation)| mean + deviation * rng.normal()).collect()
    }
}

impl BarGenerator for VaeGenerator {
    /// One passage of the model's own length after another, each from a latent of its own, the last one cut.
    fn bars(&self, prime: Option<&[u16]>, bars: usize, temperature: f32, rng: CounterRng) -> Vec<u16> {
        let mut rng = TrainingRng::new(rng.seed, Purpose::Latents, u64::from(rng.take));
        let steps = bars * ONE_BAR;
        let mut generated = Vec::with_capacity(steps);
        while generated.len() < steps {
            let latent = self.latent(prime, &mut rng);
            let latent =
                Tensor::from_data(TensorData::new(latent, [1, self.config.latent()]), &nets::device());
            let mut choose = |logits: &[f32]| {
                if temperature > 0.0 {
                    sample_class(logits, temperature, rng.unit())
                } else {
                    most_probable(logits)
                }
            };
            let rows = self.network.decode(&self.config, latent, History::Own, &mut choose);
            let before = generated.len();
            generated.extend(rows.into_iter().flatten().take(steps - before));
            if generated.len() == before {
                break; // a model of 0 bars never gets there
            }
        }
        generated
    }

    fn default_prime(&self) -> Option<&[u16]> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::DecoderKind;
    use super::super::tests::{small, untrained};
    use super::*;

    #[test]
    fn the_requested_number_of_bars_is_generated_and_the_seed_fixes_them() -> Result<()> {
        for decoder in [DecoderKind::Mlp, DecoderKind::Flat, DecoderKind::Hierarchical] {
            let generator = VaeGenerator::new(&untrained(&small(decoder, 2))?)?;
            let bars = |seed, prime| generator.bars(prime, 5, 1.0, CounterRng { seed, take: 0 });
            assert_eq!(bars(1, None).len(), 80, "{decoder:?}");
            assert_eq!(bars(1, None), bars(1, None));
            assert_ne!(bars(1, None), bars(2, None));
            assert_ne!(bars(1, None), bars(1, Some(&[1, 0, 2, 0])));
        }
        Ok(())
    }
}
