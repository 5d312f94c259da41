//! The step model as a module of burn, a batch of steps at once: the form that the lab trains.

use beat::CLASSES;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::{STEP_SEEN, STEP_WIDTH};
use crate::layers::{keep_linear, linear};
use crate::{Weights, WeightsFault};

/// The step model, ready to train.
#[derive(Module, Debug)]
pub struct StepNetwork {
    seen: Linear,
    inner: Linear,
    output: Linear,
}

impl StepNetwork {
    /// The network of these weights. Fresh ones: `Weights::initial(&step_arrays(), seed)`.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn from_weights(weights: &Weights, device: &Device) -> Result<Self, WeightsFault> {
        Ok(Self {
            seen: linear(weights, "step.seen", [STEP_SEEN, STEP_WIDTH], device)?,
            inner: linear(weights, "step.inner", [STEP_WIDTH, STEP_WIDTH], device)?,
            output: linear(weights, "step.output", [STEP_WIDTH, CLASSES], device)?,
        })
    }

    /// Its weights, under the names of [`step_arrays`](crate::step_arrays).
    pub fn weights(&self) -> Weights {
        let mut weights = Weights::default();
        keep_linear(&mut weights, "step.seen", &self.seen);
        keep_linear(&mut weights, "step.inner", &self.inner);
        keep_linear(&mut weights, "step.output", &self.output);
        weights
    }

    /// The logits of every class.
    ///
    /// # Shapes
    ///
    /// - seen: `[batch, STEP_SEEN]`, each 0 or 1, as [`see`](crate::see) says
    /// - output: `[batch, 512]`
    pub fn forward(&self, seen: Tensor<2>) -> Tensor<2> {
        let h = relu(self.seen.forward(seen)); // [batch, 256]
        let h = relu(self.inner.forward(h)); // [batch, 256]
        self.output.forward(h)
    }
}
