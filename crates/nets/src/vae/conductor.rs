//! The conductor of the hierarchical model: from one latent to an embedding for each bar.
//!
//! An LSTM walks the bars, hearing the latent and the bar's number. A linear way straight from the latent
//! stands beside it, which training starts as principal components of bars.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Tensor, TensorData};

use super::VaeShape;
use crate::layers::{keep_linear, linear};
use crate::{Lstm, LstmState, Weights, WeightsFault};

const LSTM: &str = "conductor.lstm";
const OUTPUT: &str = "conductor.output";
const STRAIGHT: &str = "conductor.straight";

/// Latents to embeddings of bars.
#[derive(Module, Debug)]
pub(super) struct Conductor {
    lstm: Lstm,
    output: Linear,
    straight: Linear,
}

/// The sizes of its linear layers.
pub(super) fn layers(shape: &VaeShape) -> Vec<(String, [usize; 2])> {
    let (bars, embedding) = (usize::from(shape.bars), usize::from(shape.embedding));
    vec![
        (OUTPUT.to_owned(), [usize::from(shape.encoder_width), embedding]),
        (STRAIGHT.to_owned(), [shape.latent(), bars * embedding]),
    ]
}

/// Names and shapes of its LSTM's weights.
pub(super) fn lstms(shape: &VaeShape) -> Vec<(String, Vec<usize>)> {
    let inputs = shape.latent() + usize::from(shape.bars);
    Lstm::arrays(LSTM, inputs, usize::from(shape.encoder_width)).to_vec()
}

impl Conductor {
    pub(super) fn from_weights(
        shape: &VaeShape,
        weights: &Weights,
        device: &burn::tensor::Device,
    ) -> Result<Self, WeightsFault> {
        let (bars, embedding) = (usize::from(shape.bars), usize::from(shape.embedding));
        let (inputs, width) = (shape.latent() + bars, usize::from(shape.encoder_width));
        Ok(Self {
            lstm: Lstm::from_weights(weights, LSTM, inputs, width, device)?,
            output: linear(weights, OUTPUT, [width, embedding], device)?,
            straight: linear(weights, STRAIGHT, [shape.latent(), bars * embedding], device)?,
        })
    }

    pub(super) fn keep(&self, weights: &mut Weights) {
        self.lstm.keep(weights, LSTM);
        keep_linear(weights, OUTPUT, &self.output);
        keep_linear(weights, STRAIGHT, &self.straight);
    }

    /// # Shapes
    ///
    /// - latents: `[batch, latent]`
    /// - output: `[batch x bars, embedding]`
    pub(super) fn embeddings(&self, latents: Tensor<2>) -> Tensor<2> {
        let ([batch, _], device) = (latents.dims(), latents.device());
        let straight = self.straight.forward(latents.clone()); // [batch, bars x embedding]
        let embedding = self.output.weight.dims()[1];
        let bars = straight.dims()[1] / embedding.max(1);
        let number = |bar: usize| {
            let row = (0..batch * bars).map(|index| f32::from(u8::from(index % bars == bar)));
            Tensor::from_data(TensorData::new(row.collect::<Vec<f32>>(), [batch, bars]), &device)
        };
        let heard = (0..bars).map(|bar| Tensor::cat(vec![latents.clone(), number(bar)], 1)).collect();
        let (said, _) = self.lstm.forward(heard, LstmState::start(batch, self.lstm.width(), &device));
        let width = self.lstm.width();
        let said = Tensor::cat(said, 1).reshape([batch * bars, width]); // [batch, bars x width] by the bar
        self.output.forward(said) + straight.reshape([batch * bars, embedding])
    }
}
