//! Teaches a history head to go on from what was played, on top of a model that stays as it is.

use anyhow::Result;
use beat::{CELLS, Pattern};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use nets::{Decoder, HeadNetwork, LATENT, Latent, Weights, head_arrays, patterns_tensor};

use super::losses::cross_entropy;
use super::{Gradients, Objective};
use crate::chance::Dice;

/// How far a latent strays in training, in deviations of all codes: the head must not cling to it.
const STRAY: f32 = 0.05;
/// The share of patterns whose history is hidden, so that the head can also begin.
const HIDDEN: f32 = 0.08;

/// A history head to be trained beside a frozen decoder.
pub(crate) struct HeadTraining {
    /// The decoder, off the tape.
    pub(crate) decoder: Decoder,
    /// Patterns to learn from, with their latents.
    pub(crate) training: Vec<(Pattern, Latent)>,
    /// Patterns that decide when it has learnt enough.
    pub(crate) validation: Vec<(Pattern, Latent)>,
    /// The deviation of all codes.
    pub(crate) deviation: Latent,
}

impl HeadTraining {
    /// The logits of a batch, and what they are made from, all on `device`.
    fn logits(
        &self,
        head: &HeadNetwork,
        rows: &[(Pattern, Latent)],
        hidden: &[bool],
        device: &Device,
    ) -> Tensor<2> {
        let latents: Vec<f32> = rows.iter().flat_map(|(_, latent)| *latent).collect();
        let data = TensorData::new(latents, [rows.len(), LATENT]);
        let decoded = self.decoder.forward(Tensor::from_data(data.clone(), &nets::device())); // [batch, 448]
        // Through the host's memory: that cuts the tape, and the frozen decoder costs no backward pass.
        let decoded = Tensor::from_data(decoded.into_data(), device);
        let patterns: Vec<Pattern> = rows.iter().map(|(pattern, _)| *pattern).collect();
        let mut past = patterns.clone();
        for (past, hidden) in past.iter_mut().zip(hidden) {
            if *hidden {
                *past = Pattern::EMPTY;
            }
        }
        let [past, patterns] = [past, patterns].map(|rows| patterns_tensor(&rows, device)); // [batch, 448]
        head.forward(decoded, Tensor::from_data(data, device), past, patterns)
    }
}

impl Objective for HeadTraining {
    type Model = HeadNetwork;

    fn initial(&self, seed: u64, device: &Device) -> Result<HeadNetwork> {
        Ok(HeadNetwork::from_weights(&Weights::initial(&head_arrays(), seed), device)?)
    }

    fn rows(&self) -> usize {
        self.training.len()
    }

    fn gradients(
        &self,
        model: &HeadNetwork,
        rows: &[usize],
        dice: &mut Dice,
        _done: f64,
    ) -> Result<Gradients> {
        let device = nets::device().autodiff();
        let mut batch: Vec<(Pattern, Latent)> = rows.iter().map(|row| self.training[*row]).collect();
        for (_, latent) in &mut batch {
            for (value, deviation) in latent.iter_mut().zip(self.deviation) {
                *value += STRAY * deviation * dice.normal();
            }
        }
        let hidden: Vec<bool> = batch.iter().map(|_| dice.unit() < HIDDEN).collect();
        let truth: Vec<Pattern> = batch.iter().map(|(pattern, _)| *pattern).collect();
        let logits = self.logits(model, &batch, &hidden, &device);
        let loss = cross_entropy(logits, patterns_tensor(&truth, &device)).sum() / batch.len() as f32;
        let gradients = GradientsParams::from_grads(loss.backward(), model);
        Ok(Gradients { model: gradients, critic: None, loss: f64::from(loss.try_into_scalar::<f32>()?) })
    }

    fn validation_loss(&self, model: &HeadNetwork) -> Result<f64> {
        let device = nets::device();
        let mut total = 0.0;
        for batch in self.validation.chunks(256) {
            let truth: Vec<Pattern> = batch.iter().map(|(pattern, _)| *pattern).collect();
            let logits = self.logits(model, batch, &vec![false; batch.len()], &device);
            let cells = cross_entropy(logits, patterns_tensor(&truth, &device));
            debug_assert_eq!(cells.dims()[1], CELLS);
            total += f64::from(cells.sum().try_into_scalar::<f32>()?);
        }
        Ok(total / self.validation.len().max(1) as f64)
    }
}
