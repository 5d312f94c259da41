//! A latent to all steps at once: a linear way straight to the pieces' logits, which training starts as
//! principal components, and a perceptron beside it.

use beat::PIECES;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::VaeShape;
use crate::layers::{keep_linear, linear};
use crate::{Weights, WeightsFault};

/// The perceptron for all steps.
#[derive(Module, Debug)]
pub(super) struct DenseDecoder {
    straight: Linear,
    seen: Linear,
    inner: Linear,
    output: Linear,
    joint: Linear,
}

/// Names and sizes of its layers.
pub(super) fn layers(shape: &VaeShape) -> Vec<(String, [usize; 2])> {
    let (cells, width, latent) = (shape.cells(), usize::from(shape.decoder_width), shape.latent());
    [
        ("straight", [latent, cells]),
        ("seen", [latent, width]),
        ("inner", [width, width]),
        ("output", [width, cells]),
        ("joint", [PIECES, usize::from(shape.joint)]),
    ]
    .map(|(name, sizes)| (format!("decoder.{name}"), sizes))
    .to_vec()
}

impl DenseDecoder {
    pub(super) fn from_weights(
        shape: &VaeShape,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        let mut layers = layers(shape).into_iter().map(|(name, sizes)| linear(weights, &name, sizes, device));
        // PANIC: `layers` names five.
        let mut next = || layers.next().expect("five layers");
        Ok(Self { straight: next()?, seen: next()?, inner: next()?, output: next()?, joint: next()? })
    }

    pub(super) fn keep(&self, shape: &VaeShape, weights: &mut Weights) {
        let own = [&self.straight, &self.seen, &self.inner, &self.output, &self.joint];
        for ((name, _), layer) in layers(shape).iter().zip(own) {
            keep_linear(weights, name, layer);
        }
    }

    /// What is said of every step: its pieces' logits, and what follows from all nine for whole classes.
    ///
    /// # Shapes
    ///
    /// - latents: `[batch, latent]`
    /// - output: `[batch x steps, 9 + joint]`
    pub(super) fn said(&self, latents: Tensor<2>) -> Tensor<2> {
        let h = relu(self.seen.forward(latents.clone())); // [batch, width]
        let h = relu(self.inner.forward(h)); // [batch, width]
        let cells = self.straight.forward(latents) + self.output.forward(h); // [batch, cells]
        let [batch, count] = cells.dims();
        let pieces = cells.reshape([batch * count / PIECES, PIECES]); // [batch x steps, 9]
        let joint = relu(self.joint.forward(pieces.clone())); // [batch x steps, joint]
        Tensor::cat(vec![pieces, joint], 1)
    }
}
