//! A perceptron as a module of burn, a batch at once: the form that the lab trains.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::SparseShape;
use crate::layers::{keep_linear, linear};
use crate::{Weights, WeightsFault};

/// A perceptron, ready to train.
#[derive(Module, Debug)]
pub struct SparseNetwork {
    seen: Linear,
    inner: Linear,
    output: Linear,
}

impl SparseNetwork {
    /// The network of these weights. Fresh ones: `Weights::initial(&shape.arrays(), seed)`.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn from_weights(
        shape: &SparseShape,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        let [seen, inner, output] = shape.layers().map(|(name, sizes)| linear(weights, &name, sizes, device));
        Ok(Self { seen: seen?, inner: inner?, output: output? })
    }

    /// Its weights, under the names of [`SparseShape::arrays`].
    pub fn weights(&self, shape: &SparseShape) -> Weights {
        let mut weights = Weights::default();
        for ((name, _), layer) in shape.layers().iter().zip([&self.seen, &self.inner, &self.output]) {
            keep_linear(&mut weights, name, layer);
        }
        weights
    }

    /// What it answers.
    ///
    /// # Shapes
    ///
    /// - seen: `[batch, inputs]`, each 0 or 1
    /// - output: `[batch, outputs]`, logits
    pub fn forward(&self, seen: Tensor<2>) -> Tensor<2> {
        let h = relu(self.seen.forward(seen)); // [batch, width]
        let h = relu(self.inner.forward(h)); // [batch, width]
        self.output.forward(h)
    }
}
