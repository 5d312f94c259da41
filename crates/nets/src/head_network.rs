//! The history head as a module of burn, all 448 cells of a batch at once: the form that the lab
//! trains. [`HistoryHead`](crate::HistoryHead) walks the same numbers where they play.
//!
//! `logit = decoder(z) + C relu(M relu(A last-16-steps + B z + P[step])) + U (lower instruments)`

use beat::{CELLS, INSTRUMENTS, STEPS};
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};

use crate::layers::{array, keep_linear, linear, parameter};
use crate::{HEAD_INNER, HEAD_WIDTH, HISTORY, LATENT, Weights, WeightsFault};

/// The history head, ready to train.
#[derive(Module, Debug)]
pub struct HeadNetwork {
    history: Param<Tensor<2>>,
    latent: Param<Tensor<2>>,
    position: Param<Tensor<2>>,
    inner: Linear,
    output: Linear,
    lower: Param<Tensor<2>>,
}

impl HeadNetwork {
    /// The head of these weights. Fresh ones: `Weights::initial(&head_arrays(), seed)`.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn from_weights(weights: &Weights, device: &Device) -> Result<Self, WeightsFault> {
        let matrix = |name: &str, rows: usize, columns: usize| {
            Ok(parameter(weights.checked(&format!("head.{name}.weight"), &[rows, columns])?, device))
        };
        Ok(Self {
            history: matrix("history", HISTORY * INSTRUMENTS, HEAD_WIDTH)?,
            latent: matrix("latent", LATENT, HEAD_WIDTH)?,
            position: matrix("position", STEPS, HEAD_WIDTH)?,
            inner: linear(weights, "head.inner", [HEAD_WIDTH, HEAD_INNER], device)?,
            output: linear(weights, "head.output", [HEAD_INNER, INSTRUMENTS], device)?,
            lower: matrix("lower", INSTRUMENTS, INSTRUMENTS)?,
        })
    }

    /// The head's weights, under the names of [`head_arrays`](crate::head_arrays).
    pub fn weights(&self) -> Weights {
        let mut weights = Weights::default();
        weights.insert("head.history.weight", array(&self.history));
        weights.insert("head.latent.weight", array(&self.latent));
        weights.insert("head.position.weight", array(&self.position));
        keep_linear(&mut weights, "head.inner", &self.inner);
        keep_linear(&mut weights, "head.output", &self.output);
        weights.insert("head.lower.weight", array(&self.lower));
        weights
    }

    /// The logits of every cell given the true cells before it. `past` is what the history is taken
    /// from: the patterns, with rows of zeros where training hides the history.
    ///
    /// # Shapes
    ///
    /// - logits: `[batch, 448]`, of the decoder
    /// - latents: `[batch, 4]`
    /// - past and patterns: `[batch, 448]`, each cell 0 or 1
    /// - output: `[batch, 448]`, logits
    pub fn forward(
        &self,
        logits: Tensor<2>,
        latents: Tensor<2>,
        past: Tensor<2>,
        patterns: Tensor<2>,
    ) -> Tensor<2> {
        let [batch, _] = logits.dims();
        let rows = batch * STEPS;
        let seen = windows(past).matmul(self.history.val()).reshape([batch, STEPS, HEAD_WIDTH]);
        let place = latents.matmul(self.latent.val()).reshape([batch, 1, HEAD_WIDTH]);
        let position = self.position.val().reshape([1, STEPS, HEAD_WIDTH]);
        let h = relu(seen + place + position).reshape([rows, HEAD_WIDTH]); // [batch x 32, 128]
        let h = relu(self.inner.forward(h)); // [batch x 32, 64]
        let now = patterns.reshape([rows, INSTRUMENTS]); // [batch x 32, 14]
        let lower = self.lower.val() * lower_instruments(&now.device());
        let added = self.output.forward(h) + now.matmul(lower); // [batch x 32, 14]
        logits + added.reshape([batch, CELLS]) // [batch, 448]
    }
}

/// What each step sees of the 16 before it.
///
/// # Shapes
///
/// - past: `[batch, 448]`
/// - output: `[batch x 32, 16 x 14]`, the step before first
fn windows(past: Tensor<2>) -> Tensor<2> {
    let [batch, _] = past.dims();
    let silence = Tensor::zeros([batch, HISTORY, INSTRUMENTS], &past.device());
    let padded = Tensor::cat(vec![silence, past.reshape([batch, STEPS, INSTRUMENTS])], 1); // [batch, 48, 14]
    let lagged = |lag: usize| padded.clone().narrow(1, HISTORY - lag, STEPS); // [batch, 32, 14]
    let windows = Tensor::cat((1..=HISTORY).map(lagged).collect(), 2); // [batch, 32, 224]
    windows.reshape([batch * STEPS, HISTORY * INSTRUMENTS])
}

/// # Shapes
///
/// - output: `[14, 14]`, 1 where the row is a lower instrument than the column
fn lower_instruments(device: &Device) -> Tensor<2> {
    let cell = |index: usize| f32::from(u8::from(index / INSTRUMENTS < index % INSTRUMENTS));
    let mask: Vec<f32> = (0..INSTRUMENTS * INSTRUMENTS).map(cell).collect();
    Tensor::from_data(TensorData::new(mask, [INSTRUMENTS, INSTRUMENTS]), device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::floats;
    use crate::{Dice, HistoryHead, Logits, Stream, device, head_arrays, patterns_tensor, probability};

    fn row(values: &[f32]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [1, values.len()]), &device())
    }

    #[test]
    fn the_walk_and_the_parallel_head_agree_on_every_cell() {
        let weights = Weights::initial(&head_arrays(), 5);
        let walk = HistoryHead::from_weights(&weights).expect("sound weights");
        let head = HeadNetwork::from_weights(&weights, &device()).expect("sound weights");
        for take in 0..4 {
            let dice = Dice { seed: 1, take };
            let decoded: Logits = std::array::from_fn(|cell| 4.0 * dice.throw(cell, Stream::Latent) - 3.0);
            let latent = [0.5, -1.0, 2.0, take as f32];
            let mut walked = [0.0; CELLS];
            let pattern = walk.walk(
                |_| latent,
                &decoded,
                |step, instrument, logit| {
                    let cell = step * INSTRUMENTS + instrument;
                    walked[cell] = logit;
                    dice.throw(cell, Stream::Onset) < probability(logit)
                },
            );
            assert!((20..300).contains(&pattern.hits()), "{} hits", pattern.hits());
            let cells = patterns_tensor(&[pattern], &device());
            let parallel = floats(head.forward(row(&decoded), row(&latent), cells.clone(), cells));
            for (cell, (walked, parallel)) in walked.iter().zip(parallel).enumerate() {
                assert!((walked - parallel).abs() < 1e-5, "cell {cell}: {walked} and {parallel}");
            }
        }
    }

    #[test]
    fn a_head_is_kept_and_made_again_from_its_weights() {
        let weights = Weights::initial(&head_arrays(), 5);
        let head = HeadNetwork::from_weights(&weights, &device()).expect("sound weights");
        assert_eq!(head.weights(), weights);
        assert!(HeadNetwork::from_weights(&Weights::default(), &device()).is_err());
    }
}
