//! A recurrent model as a module of burn, windows of many songs at once: the form that the lab trains.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::attention::Attention;
use super::{Lstm, LstmState, RecurrentShape};
use crate::layers::{keep_linear, linear};
use crate::{Weights, WeightsFault};

/// A recurrent model, ready to train.
#[derive(Module, Debug)]
pub struct RecurrentNetwork {
    layers: Vec<Lstm>,
    attention: Option<Attention>,
    /// One layer to the answer, or two behind attention.
    answering: Vec<Linear>,
}

impl RecurrentNetwork {
    /// The network of these weights. Fresh ones: `Weights::initial(&shape.arrays(), seed)`.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn from_weights(
        shape: &RecurrentShape,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        let layer = |layer: usize| {
            let (name, inputs) = (RecurrentShape::layer_name(layer), shape.layer_inputs(layer));
            Lstm::from_weights(weights, &name, inputs, shape.width, device)
        };
        let attention = || Attention::from_weights(weights, shape.width, shape.reach, device);
        Ok(Self {
            layers: (0..shape.layers).map(layer).collect::<Result<_, _>>()?,
            attention: if shape.reach == 0 { None } else { Some(attention()?) },
            answering: shape
                .answering()
                .into_iter()
                .map(|(name, sizes)| linear(weights, name, sizes, device))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Its weights, under the names of [`RecurrentShape::arrays`].
    pub fn weights(&self, shape: &RecurrentShape) -> Weights {
        let mut weights = Weights::default();
        for (number, layer) in self.layers.iter().enumerate() {
            layer.keep(&mut weights, &RecurrentShape::layer_name(number));
        }
        if let Some(attention) = &self.attention {
            attention.keep(&mut weights);
        }
        for ((name, _), layer) in shape.answering().into_iter().zip(&self.answering) {
            keep_linear(&mut weights, name, layer);
        }
        weights
    }

    /// The layers that remember, from what is heard up.
    pub fn layers(&self) -> &[Lstm] {
        &self.layers
    }

    /// What it answers to windows that begin with nothing remembered.
    ///
    /// # Shapes
    ///
    /// - heard: `[batch, inputs]` for each step, each 0 or 1
    /// - played: `[batch, steps, 9]`, the pieces of each step, each 0 or 1
    /// - output: `[batch * steps, 512]`, logits of each step
    pub fn forward(&self, heard: Vec<Tensor<2>>, played: Tensor<3>) -> Tensor<2> {
        let [batch, _, _] = played.dims();
        let device = played.device();
        let mut said = heard;
        for layer in &self.layers {
            said = layer.forward(said, LstmState::start(batch, layer.width(), &device)).0;
        }
        self.answer(Tensor::stack(said, 1), played)
    }

    /// What it answers, given what its last layer says at each step.
    ///
    /// # Shapes
    ///
    /// - said: `[batch, steps, width]`
    /// - played: `[batch, steps, 9]`, the pieces of each step; a step finds those before it
    /// - output: `[batch * steps, 512]`, logits of each step
    pub fn answer(&self, said: Tensor<3>, played: Tensor<3>) -> Tensor<2> {
        let seen = match &self.attention {
            Some(attention) => {
                let found = attention.forward(said.clone(), Tensor::cat(vec![said.clone(), played], 2));
                Tensor::cat(vec![said, found], 2) // [batch, steps, 2 * width + 9]
            }
            None => said,
        };
        let [batch, steps, width] = seen.dims();
        let mut hidden = seen.reshape([batch * steps, width]);
        for (number, layer) in self.answering.iter().enumerate() {
            hidden = layer.forward(if number == 0 { hidden } else { relu(hidden) });
        }
        hidden
    }
}
