//! A stack of linear layers with ReLU between them: the building block of the critics.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};

use crate::rng::{Purpose, TrainingRng};

/// Linear layers with ReLU between them.
#[derive(Module, Debug)]
pub(crate) struct Mlp {
    layers: Vec<Linear>,
}

impl Mlp {
    /// Layers of these widths, inputs first, with weights uniform within one over the root of the inputs, from the
    /// random numbers of `seed` and stream `number`.
    pub(crate) fn initial(widths: &[usize], seed: u64, number: u64, device: &Device) -> Self {
        let mut rng = TrainingRng::new(seed, Purpose::Weights, number);
        let layer = |pair: &[usize]| {
            let bound = 1.0 / (pair[0] as f32).sqrt();
            let mut draw = |count| (0..count).map(|_| rng.between(-bound, bound)).collect::<Vec<_>>();
            let weight = TensorData::new(draw(pair[0] * pair[1]), [pair[0], pair[1]]);
            let bias = TensorData::new(draw(pair[1]), [pair[1]]);
            Linear { weight: Param::from_data(weight, device), bias: Some(Param::from_data(bias, device)) }
        };
        Self { layers: widths.windows(2).map(layer).collect() }
    }

    /// # Shapes
    /// `[rows, first width]` to `[rows, last width]`
    pub(crate) fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        let mut hidden = inputs;
        for (number, layer) in self.layers.iter().enumerate() {
            hidden = layer.forward(if number == 0 { hidden } else { relu(hidden) });
        }
        hidden
    }
}
