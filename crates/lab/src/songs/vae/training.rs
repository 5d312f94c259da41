//! Teaches a variational autoencoder to send bars through a latent and back.

use std::f64::consts::LN_2;

use anyhow::{Result, ensure};
use burn::optim::GradientsParams;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use nets::{Array, History, LatentSpread, SequenceVae, StepRows, Unrolling, VaeDecoder, VaeShape, Weights};

use super::class_loss::ClassLoss;
use super::principal::Principal;
use super::unrolled::{Heard, Unrolled};
use super::windows::Windows;
use crate::chance::Dice;
use crate::training::{Gradients, Objective};

/// Steps of the passages of an epoch.
const EPOCH_STEPS: usize = 1 << 20;
/// Steps that are measured after each, and passages that the latents' spread is taken from.
const CHECKED_STEPS: usize = 1 << 15;
const SPREAD_PASSAGES: usize = 4096;
/// Bits of each number of a latent that cost nothing (tau of Ortiz, section 2.2, by the number): 256 for 64
/// numbers, as MusicVAE has it.
const FREE_BITS: f64 = 4.0;
/// What a bit costs beyond (beta there).
const BETA: f64 = 0.2;
/// What the logarithm of a latent's variance starts as.
const LOG_VARIANCE: f32 = -5.0;
/// How often a step is hidden from the one that follows, so that a decoder does not lean on it.
const HIDDEN: f32 = 0.2;
/// How often at the end of a run it is what the decoder would have played itself (scheduled sampling, Bengio
/// et al., arXiv 1506.03099); the share rises evenly over the run.
const OWN: f32 = 0.3;
/// How much steeper a logit is than the cell that the principal components say.
const STEEPNESS: f32 = 8.0;

/// A variational autoencoder to be trained on songs.
pub(super) struct VaeTraining {
    shape: VaeShape,
    training: Windows,
    validation: Windows,
    principal: Principal,
    /// Of single bars, for what a conductor says of them.
    bar: Option<Principal>,
}

impl VaeTraining {
    /// What these songs teach.
    pub(super) fn new(shape: VaeShape, training: Vec<Vec<u16>>, validation: Vec<Vec<u16>>) -> Result<Self> {
        let bars = usize::from(shape.bars);
        let [training, validation] = [training, validation].map(|songs| Windows::new(songs, bars));
        let (passages, checks) = (training.count(), validation.count());
        eprintln!("{passages} passages of {bars} bars to learn from, {checks} to stop by");
        ensure!(passages > 0 && checks > 0, "too few songs have {bars} bars; give more, or ask for fewer");
        let principal = Principal::of(&training, shape.latent(), 1)?;
        let bar = match shape.decoder {
            VaeDecoder::Hierarchical => {
                let bars = Windows::new(training.songs().to_vec(), 1);
                Some(Principal::of(&bars, usize::from(shape.embedding), 2)?)
            }
            _ => None,
        };
        Ok(Self { shape, training, validation, principal, bar })
    }

    /// How the latents of training passages spread.
    pub(super) fn spread(&self, network: &SequenceVae) -> LatentSpread {
        let latent = self.shape.latent();
        let (mut count, mut sums, mut squares) = (0.0, vec![0.0_f64; latent], vec![0.0_f64; latent]);
        for passages in self.training.spread(SPREAD_PASSAGES).chunks(256) {
            let posterior = network.encode(SequenceVae::cells_of(passages, &nets::device()));
            let [means, variances] = [posterior.mean, posterior.log_variance.exp()].map(numbers);
            for (index, (mean, variance)) in means.iter().zip(&variances).enumerate() {
                sums[index % latent] += f64::from(*mean);
                squares[index % latent] += f64::from(mean * mean + variance);
            }
            count += passages.len() as f64;
        }
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / count) as f32).collect();
        let deviation = |(square, sum): (&f64, &f64)| (square / count - (sum / count).powi(2)).sqrt() as f32;
        LatentSpread { deviation: squares.iter().zip(&sums).map(deviation).collect(), mean }
    }
}

impl VaeTraining {
    /// What goes back along the tape for classes that came back wrong, and what that costs in nats.
    fn recalled(
        &self,
        model: &SequenceVae,
        latents: Tensor<2>,
        truth: &[u16],
        dice: &mut Dice,
        done: f64,
    ) -> Result<(Tensor<1>, f64)> {
        let readout = model.classes();
        let (pull, loss) = match model.unrolling(latents) {
            Unrolling::AtOnce(said) => {
                let loss = ClassLoss::of(readout, said.clone(), truth)?;
                (pulled(said, loss.said.clone()), loss)
            }
            Unrolling::Stepwise { decoder, embeddings } => {
                let own = OWN * done as f32;
                let mut heard = || match dice.unit() {
                    chance if chance < HIDDEN => Heard::Nothing,
                    chance if chance < HIDDEN + own => Heard::Own,
                    _ => Heard::Truth,
                };
                let rows = StepRows::of(&self.shape);
                let back = Unrolled::of(decoder, readout, &rows, embeddings.clone(), truth, &mut heard)?;
                let mut pull = pulled(embeddings, back.embeddings)
                    + pulled(decoder.lstm.matrix(), back.matrix)
                    + pulled(decoder.lstm.bias(), back.bias)
                    + pulled(decoder.output.weight.val(), back.output_weight);
                if let Some(bias) = &decoder.output.bias {
                    pull = pull + pulled(bias.val(), back.output_bias);
                }
                (pull, back.loss)
            }
        };
        let pull = pull + pulled(readout.matrix(), loss.matrix) + pulled(readout.bias(), loss.bias);
        Ok((pull, loss.nats))
    }
}

/// Makes the layer `name`, where there is one, say `bias` of each output whatever it hears.
fn silence(weights: &mut Weights, name: &str, bias: impl Fn(usize) -> f32) {
    let [matrix, row] = ["weight", "bias"].map(|part| format!("{name}.{part}"));
    let Some(shape) = weights.get(&matrix).map(|array| array.shape.clone()) else { return };
    let values = vec![0.0; shape.iter().product()];
    let outputs = shape[1];
    weights.insert(matrix, Array { shape, values });
    weights.insert(row, Array { shape: vec![outputs], values: (0..outputs).map(bias).collect() });
}

/// A tensor's numbers, in the order of its rows.
pub(super) fn numbers(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// What is added to the tape so that going back along it meets `gradient` at `tensor`.
fn pulled<const D: usize>(tensor: Tensor<D>, gradient: Tensor<D>) -> Tensor<1> {
    (tensor * gradient.autodiff()).sum()
}

impl Objective for VaeTraining {
    type Model = SequenceVae;

    fn initial(&self, seed: u64, device: &Device) -> Result<SequenceVae> {
        let mut weights = Weights::initial(&self.shape.trained_arrays(), seed);
        let latent = self.shape.latent();
        // Silent at first, so that what stands straight beside them begins alone: the first codes are the
        // principal components.
        silence(&mut weights, "encoder.output", |output| if output < latent { 0.0 } else { LOG_VARIANCE });
        silence(&mut weights, "conductor.output", |_| 0.0);
        let mut put = |name: &str, (weight, bias): (Array, Array)| {
            weights.insert(format!("{name}.weight"), weight);
            weights.insert(format!("{name}.bias"), bias);
        };
        put("encoder.straight", self.principal.encoding(latent));
        if let Some(bar) = &self.bar {
            put("conductor.straight", self.principal.through(latent, bar));
        }
        if self.shape.decoder == VaeDecoder::Mlp {
            put("decoder.straight", self.principal.decoding(latent, STEEPNESS));
            silence(&mut weights, "decoder.output", |_| 0.0);
        }
        Ok(SequenceVae::from_weights(&self.shape, &weights, device)?)
    }

    fn rows(&self) -> usize {
        (EPOCH_STEPS / self.shape.steps()).min(self.training.count().next_multiple_of(64))
    }

    fn gradients(
        &self,
        model: &SequenceVae,
        rows: &[usize],
        dice: &mut Dice,
        done: f64,
    ) -> Result<Gradients> {
        let device = nets::device().autodiff();
        let passages: Vec<&[u16]> = rows.iter().map(|_| self.training.anywhere(dice)).collect();
        let posterior = model.encode(SequenceVae::cells_of(&passages, &device));
        let noise = (0..rows.len() * self.shape.latent()).map(|_| dice.normal()).collect();
        let noise = TensorData::new::<f32, _>(noise, [rows.len(), self.shape.latent()]);
        let deviation = (posterior.log_variance.clone() * 0.5).exp();
        let latents = posterior.mean.clone() + deviation * Tensor::from_data(noise, &device); // [batch, latent]

        let truth = passages.concat();
        let (recalled, nats) = self.recalled(model, latents, &truth, dice, done)?;
        let free = FREE_BITS * LN_2 * self.shape.latent() as f64;
        let coded = relu(posterior.divergence() - free).sum() * BETA; // nats
        let taped = (recalled + coded) / truth.len() as f64;
        let gradients = GradientsParams::from_grads(taped.backward(), model);
        Ok(Gradients { model: gradients, critic: None, loss: nats / truth.len() as f64 })
    }

    /// The share of steps that do not come back, the decoder left to itself.
    fn validation_loss(&self, model: &SequenceVae) -> Result<f64> {
        let checks = self.validation.spread(CHECKED_STEPS / self.shape.steps());
        let (mut wrong, mut steps) = (0, 0);
        for passages in checks.chunks(32) {
            let posterior = model.encode(SequenceVae::cells_of(passages, &nets::device()));
            let played =
                model.play(&self.shape, posterior.mean, History::Own, &mut |logits| likeliest(logits));
            for (played, passage) in played.iter().zip(passages) {
                wrong += played.iter().zip(*passage).filter(|(one, other)| one != other).count();
                steps += passage.len();
            }
        }
        Ok(wrong as f64 / steps.max(1) as f64)
    }
}

/// The class of the highest logit.
pub(super) fn likeliest(logits: &[f32]) -> u16 {
    let best = logits.iter().enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other));
    best.map_or(0, |(class, _)| class as u16)
}

#[cfg(test)]
mod tests;
