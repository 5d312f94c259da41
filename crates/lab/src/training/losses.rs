//! The losses of the autoencoder family. They are all that differs between its members.

use anyhow::Result;
use beat::{CELLS, Pattern};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::activation::{log_sigmoid, sigmoid};
use burn::tensor::{Device, Tensor, TensorData};
use nets::{Architecture, Autoencoder, Coded, LATENT, patterns_tensor};

use super::{Gradients, Objective, Perceptron};
use crate::chance::Dice;

/// What is asked of the codes, beside that the patterns come back.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(crate) enum Loss {
    /// Nothing.
    Plain,
    /// That they fill a standard normal: Kingma & Welling, arXiv 1312.6114. Its weight rises over the
    /// first 30 % of the run.
    Variational {
        /// The weight of the divergence.
        beta: f32,
    },
    /// That a critic can't tell what lies between two codes from what lies at one: Berthelot et al.,
    /// arXiv 1807.07543, in whose letters this is written.
    Interpolating {
        /// The weight of fooling the critic, on the loss as a mean over cells.
        lambda: f32,
        /// How much of the true pattern is mixed into its reconstruction to steady the critic.
        gamma: f32,
    },
}

/// An autoencoder, and the critic that some losses train beside it.
#[derive(Module, Debug)]
pub(crate) struct Adversaries {
    /// What is wanted.
    pub(crate) autoencoder: Autoencoder,
    /// Guesses how far between two codes a decoded pattern lies.
    critic: Option<Perceptron>,
}

/// An autoencoder to be trained on patterns.
pub(crate) struct Autoencoding {
    /// Its layers.
    pub(crate) architecture: Architecture,
    /// What is asked of it.
    pub(crate) loss: Loss,
    /// What it learns from.
    pub(crate) training: Vec<Pattern>,
    /// What decides when it has learnt enough.
    pub(crate) validation: Vec<Pattern>,
}

/// Binary cross-entropy of each logit, in nats.
///
/// # Shapes
/// `[rows, n]` each, also the answer
pub(crate) fn cross_entropy(logits: Tensor<2>, truth: Tensor<2>) -> Tensor<2> {
    // -x log s(l) - (1 - x) log s(-l), where log s(-l) = log s(l) - l
    (truth.neg() + 1.0) * logits.clone() - log_sigmoid(logits)
}

/// The loss of a pattern: the sum over its cells, as a mean over the batch.
fn pattern_loss(logits: Tensor<2>, patterns: Tensor<2>) -> Tensor<1> {
    let rows = patterns.dims()[0];
    cross_entropy(logits, patterns).sum() / rows as f32
}

/// The divergence of the codes from a standard normal, in nats, as a mean over the batch.
fn divergence(coded: &Coded) -> Option<Tensor<1>> {
    let log_variance = coded.log_variance.clone()?;
    let mean = coded.mean.clone();
    let rows = mean.dims()[0];
    let nats = mean.square() + log_variance.clone().exp() - log_variance - 1.0; // [batch, 4]
    Some(nats.sum() * (0.5 / rows as f32))
}

impl Objective for Autoencoding {
    type Model = Adversaries;

    fn initial(&self, seed: u64, device: &Device) -> Result<Adversaries> {
        let critic = matches!(self.loss, Loss::Interpolating { .. })
            .then(|| Perceptron::initial(&[CELLS, 64, 32, 1], seed, 1, device));
        Ok(Adversaries { autoencoder: Autoencoder::initial(&self.architecture, seed, device)?, critic })
    }

    fn rows(&self) -> usize {
        self.training.len()
    }

    fn gradients(
        &self,
        model: &Adversaries,
        rows: &[usize],
        dice: &mut Dice,
        done: f64,
    ) -> Result<Gradients> {
        let device = nets::device().autodiff();
        let batch: Vec<Pattern> = rows.iter().map(|row| self.training[*row]).collect();
        let patterns = patterns_tensor(&batch, &device); // [batch, 448]
        let coded = model.autoencoder.encoder.forward(patterns.clone());
        match (self.loss, &model.critic) {
            (Loss::Variational { beta }, _) => {
                let warmed = beta * (done / 0.3).min(1.0) as f32;
                let logits = model.autoencoder.decoder.forward(drawn(&coded, dice, &device));
                let loss = pattern_loss(logits, patterns);
                let loss = divergence(&coded).map_or(loss.clone(), |nats| loss + nats * warmed);
                only(model, loss)
            }
            (Loss::Interpolating { lambda, gamma }, Some(critic)) => {
                interpolated(model, critic, patterns, coded.mean, [lambda, gamma], dice)
            }
            _ => only(model, pattern_loss(model.autoencoder.decoder.forward(coded.mean), patterns)),
        }
    }

    fn validation_loss(&self, model: &Adversaries) -> Result<f64> {
        let mut total = 0.0;
        for batch in self.validation.chunks(1024) {
            let patterns = patterns_tensor(batch, &nets::device());
            let coded = model.autoencoder.encoder.forward(patterns.clone());
            let mut loss = pattern_loss(model.autoencoder.decoder.forward(coded.mean.clone()), patterns);
            if let (Loss::Variational { beta }, Some(nats)) = (self.loss, divergence(&coded)) {
                loss = loss + nats * beta;
            }
            total += f64::from(loss.try_into_scalar::<f32>()?) * batch.len() as f64;
        }
        Ok(total / self.validation.len().max(1) as f64)
    }
}

/// Gradients of the autoencoder alone.
fn only(model: &Adversaries, loss: Tensor<1>) -> Result<Gradients> {
    let gradients = GradientsParams::from_grads(loss.backward(), &model.autoencoder);
    Ok(Gradients { model: gradients, critic: None, loss: f64::from(loss.try_into_scalar::<f32>()?) })
}

/// Latents drawn from the codes' own normals.
fn drawn(coded: &Coded, dice: &mut Dice, device: &Device) -> Tensor<2> {
    let Some(log_variance) = coded.log_variance.clone() else { return coded.mean.clone() };
    let rows = coded.mean.dims()[0];
    let noise: Vec<f32> = (0..rows * LATENT).map(|_| dice.normal()).collect();
    let noise = Tensor::<2>::from_data(TensorData::new(noise, [rows, LATENT]), device);
    coded.mean.clone() + (log_variance * 0.5).exp() * noise
}

/// Both sides of equations 1 and 2 of Berthelot et al.: the critic regresses alpha, the autoencoder
/// wants it to say 0.
fn interpolated(
    model: &Adversaries,
    critic: &Perceptron,
    x: Tensor<2>,
    z: Tensor<2>,
    [lambda, gamma]: [f32; 2],
    dice: &mut Dice,
) -> Result<Gradients> {
    let rows = x.dims()[0];
    let device = x.device();
    let alpha: Vec<f32> = (0..rows).map(|_| dice.between(0.0, 0.5)).collect();
    let alpha = Tensor::<2>::from_data(TensorData::new(alpha, [rows, 1]), &device); // [batch, 1]
    // Rows come in random order, so the next row is a random partner.
    let partner = z.clone().roll_dim(1, 0);
    let between = z.clone() + (partner - z.clone()) * alpha.clone(); // [batch, 4]
    let logits = model.autoencoder.decoder.forward(Tensor::cat(vec![z, between], 0)); // [2 batch, 448]
    let reconstructed = logits.clone().narrow(0, 0, rows);
    let x_alpha = sigmoid(logits.narrow(0, rows, rows));

    let fooled = critic.forward(x_alpha.clone()).square().mean();
    let loss = pattern_loss(reconstructed.clone(), x.clone());
    let shown = f64::from(loss.clone().try_into_scalar::<f32>()?);
    let loss = loss + fooled * (CELLS as f32 * lambda);
    let own = GradientsParams::from_grads(loss.backward(), &model.autoencoder);

    let told = (critic.forward(x_alpha.detach()) - alpha).square().mean();
    let mixed = x * gamma + sigmoid(reconstructed.detach()) * (1.0 - gamma);
    let told = told + critic.forward(mixed).square().mean();
    let critics = GradientsParams::from_grads(told.backward(), critic);
    Ok(Gradients { model: own, critic: Some(critics), loss: shown })
}
