//! How a variational autoencoder of bars is trained: reconstruction with free bits, scheduled sampling, and
//! principal components as the initial encoder and decoder.

use std::f64::consts::LN_2;

use anyhow::Result;
use burn::optim::GradientsParams;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use nets::layers::floats;
use nets::{Array, Weights};

use super::class_head::ClassLoss;
use super::decoders::StepLayout;
use super::encoder::LatentSpread;
use super::network::{History, SequenceVae, Unrolling, most_probable};
use super::principal::Principal;
use super::step_gradients::{StepGradients, StepInput};
use super::{DecoderKind, VaeConfig};
use crate::excerpts::Passages;
use crate::rng::TrainingRng;
use crate::training::{BatchSource, Gradients, Objective};

/// Steps of the passages of an epoch.
const EPOCH_STEPS: usize = 1 << 20;
/// Validation steps that are measured after each epoch.
const VALIDATION_STEPS: usize = 1 << 15;
/// Passages from which mean and deviation of the latents are estimated.
const SPREAD_PASSAGES: usize = 4096;
/// Free bits of each dimension of the latent (tau of Ortiz, section 2.2, by dimension): 256 for 64 dimensions,
/// as MusicVAE has it.
const FREE_BITS: f64 = 4.0;
/// Weight of the divergence beyond the free bits (beta there).
const BETA: f64 = 0.2;
/// The initial logarithm of a latent's variance.
const LOG_VARIANCE: f32 = -5.0;
/// The probability that a step is hidden from the next one, so that a decoder does not rely on it alone.
const STEP_DROPOUT: f32 = 0.2;
/// The probability at the end of a run that the next step gets the generated step instead of the true one
/// (scheduled sampling, Bengio et al., arXiv 1506.03099); it rises linearly over the run.
const GENERATED_STEPS: f32 = 0.3;
/// The initial factor from a cell that the principal components reconstruct (0..1) to its logit.
const STEEPNESS: f32 = 8.0;

/// A variational autoencoder to be trained on songs.
pub(super) struct VaeTraining {
    pub(super) config: VaeConfig,
    pub(super) training: RandomPassages,
    validation: Passages,
    principal: Principal,
    /// Principal components of single bars, for the conductor's embeddings.
    bar: Option<Principal>,
}

/// Random passages of the songs.
pub(super) struct RandomPassages {
    pub(super) passages: Passages,
    epoch_len: usize,
}

impl BatchSource for RandomPassages {
    type Example<'a> = &'a [u16];

    fn epoch_len(&self) -> usize {
        self.epoch_len
    }

    fn epoch<'a>(&'a self, _: u64, _: u64) -> impl FnMut(usize, &mut TrainingRng) -> Vec<&'a [u16]> + 'a {
        |count, rng| (0..count).map(|_| self.passages.random(rng)).collect()
    }
}

impl VaeTraining {
    pub(super) fn new(config: VaeConfig, training: Passages, validation: Passages) -> Result<Self> {
        let principal = Principal::of(&training, config.latent(), 1)?;
        let bar = match config.decoder {
            DecoderKind::Hierarchical => {
                let bars = Passages::new(training.songs().to_vec(), 1);
                Some(Principal::of(&bars, usize::from(config.embedding), 2)?)
            }
            _ => None,
        };
        let epoch_len = (EPOCH_STEPS / config.steps()).min(training.count().next_multiple_of(64));
        let training = RandomPassages { passages: training, epoch_len };
        Ok(Self { config, training, validation, principal, bar })
    }

    /// Mean and standard deviation of the latents of training passages.
    pub(super) fn spread(&self, network: &SequenceVae) -> LatentSpread {
        let latent = self.config.latent();
        let (mut count, mut sums, mut squares) = (0.0, vec![0.0_f64; latent], vec![0.0_f64; latent]);
        for passages in self.training.passages.spread(SPREAD_PASSAGES).chunks(256) {
            let posterior = network.encode(SequenceVae::cells_of(passages, &nets::device()));
            let [means, variances] = [posterior.mean, posterior.log_variance.exp()].map(floats);
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

    /// The reconstruction loss of latents in nats, and a scalar whose gradient is that of the loss: the decoder's
    /// gradients are computed by hand and enter autodiff as constants.
    fn reconstruction(
        &self,
        model: &SequenceVae,
        latents: Tensor<2>,
        truth: &[u16],
        rng: &mut TrainingRng,
        progress: f64,
    ) -> Result<(Tensor<1>, f64)> {
        let head = model.classes();
        let (scalar, loss) = match model.unrolling(latents) {
            Unrolling::AtOnce(outputs) => {
                let loss = ClassLoss::of(head, outputs.clone(), truth)?;
                (with_gradient(outputs, loss.outputs.clone()), loss)
            }
            Unrolling::Stepwise { decoder, embeddings } => {
                let generated = GENERATED_STEPS * progress as f32;
                let mut input_of = || match rng.unit() {
                    uniform if uniform < STEP_DROPOUT => StepInput::Hidden,
                    uniform if uniform < STEP_DROPOUT + generated => StepInput::Own,
                    _ => StepInput::Truth,
                };
                let rows = StepLayout::of(&self.config);
                let by = StepGradients::of(decoder, head, &rows, embeddings.clone(), truth, &mut input_of)?;
                let mut scalar = with_gradient(embeddings, by.embeddings)
                    + with_gradient(decoder.lstm.matrix(), by.matrix)
                    + with_gradient(decoder.lstm.bias(), by.bias)
                    + with_gradient(decoder.output.weight.val(), by.output_weight);
                if let Some(bias) = &decoder.output.bias {
                    scalar = scalar + with_gradient(bias.val(), by.output_bias);
                }
                (scalar, by.loss)
            }
        };
        let scalar =
            scalar + with_gradient(head.matrix(), loss.matrix) + with_gradient(head.bias(), loss.bias);
        Ok((scalar, loss.nats))
    }
}

/// Sets the layer `name`, where there is one, to a zero matrix and the given bias of each output.
fn set_constant(weights: &mut Weights, name: &str, bias: impl Fn(usize) -> f32) {
    let [matrix, row] = ["weight", "bias"].map(|part| format!("{name}.{part}"));
    let Some(shape) = weights.get(&matrix).map(|array| array.shape.clone()) else { return };
    let values = vec![0.0; shape.iter().product()];
    let outputs = shape[1];
    weights.insert(matrix, Array { shape, values });
    weights.insert(row, Array { shape: vec![outputs], values: (0..outputs).map(bias).collect() });
}

/// A scalar whose gradient with respect to `tensor` is `gradient`.
fn with_gradient<const D: usize>(tensor: Tensor<D>, gradient: Tensor<D>) -> Tensor<1> {
    (tensor * gradient.autodiff()).sum()
}

impl Objective for VaeTraining {
    type Model = SequenceVae;
    type Source = RandomPassages;

    fn source(&self) -> &RandomPassages {
        &self.training
    }

    fn initial(&self, seed: u64, device: &Device) -> Result<SequenceVae> {
        let mut weights = self.config.initial_weights(seed);
        let latent = self.config.latent();
        // The nonlinear parts start at 0, so that the first codes are the principal components.
        set_constant(
            &mut weights,
            "encoder.output",
            |output| if output < latent { 0.0 } else { LOG_VARIANCE },
        );
        set_constant(&mut weights, "conductor.output", |_| 0.0);
        let mut put = |name: &str, (weight, bias): (Array, Array)| {
            weights.insert(format!("{name}.weight"), weight);
            weights.insert(format!("{name}.bias"), bias);
        };
        put("encoder.straight", self.principal.encoding(latent));
        if let Some(bar) = &self.bar {
            put("conductor.straight", self.principal.to_bars(latent, bar));
        }
        if self.config.decoder == DecoderKind::Mlp {
            put("decoder.straight", self.principal.decoding(latent, STEEPNESS));
            set_constant(&mut weights, "decoder.output", |_| 0.0);
        }
        Ok(SequenceVae::from_weights(&self.config, &weights, device)?)
    }

    fn gradients(
        &self,
        model: &SequenceVae,
        passages: &[&[u16]],
        rng: &mut TrainingRng,
        progress: f64,
    ) -> Result<Gradients> {
        let device = nets::device().autodiff();
        let posterior = model.encode(SequenceVae::cells_of(passages, &device));
        let noise = (0..passages.len() * self.config.latent()).map(|_| rng.normal()).collect();
        let noise = TensorData::new::<f32, _>(noise, [passages.len(), self.config.latent()]);
        let deviation = (posterior.log_variance.clone() * 0.5).exp();
        let latents = posterior.mean.clone() + deviation * Tensor::from_data(noise, &device); // [batch, latent]

        let truth = passages.concat();
        let (reconstruction, nats) = self.reconstruction(model, latents, &truth, rng, progress)?;
        let free = FREE_BITS * LN_2 * self.config.latent() as f64;
        let divergence = relu(posterior.divergence() - free).sum() * BETA; // nats
        let loss = (reconstruction + divergence) / truth.len() as f64;
        let gradients = GradientsParams::from_grads(loss.backward(), model);
        Ok(Gradients::of(nats / truth.len() as f64, gradients))
    }

    /// The share of steps that are not reconstructed when the decoder runs free.
    fn validation_loss(&self, model: &SequenceVae) -> Result<f64> {
        let passages = self.validation.spread(VALIDATION_STEPS / self.config.steps());
        let (mut wrong, mut steps) = (0, 0);
        for passages in passages.chunks(32) {
            let posterior = model.encode(SequenceVae::cells_of(passages, &nets::device()));
            let mut choose = |logits: &[f32]| most_probable(logits);
            let decoded = model.decode(&self.config, posterior.mean, History::Own, &mut choose);
            for (decoded, passage) in decoded.iter().zip(passages) {
                wrong += decoded.iter().zip(*passage).filter(|(one, other)| one != other).count();
                steps += passage.len();
            }
        }
        Ok(wrong as f64 / steps.max(1) as f64)
    }
}
