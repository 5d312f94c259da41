//! Linear layers with ReLU between them, as burn modules: [`Mlp`], the building block of the critics, and
//! [`PerceptronNetwork`], the training network of [`SparsePerceptron`] in `nets`.
//!
//! [`SparsePerceptron`]: nets::SparsePerceptron

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use nets::layers::LayerReader;
use nets::{PerceptronShape, Weights, WeightsFault};

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

/// Three linear layers with ReLU between them.
#[derive(Module, Debug)]
pub(crate) struct PerceptronNetwork {
    first: Linear,
    inner: Linear,
    output: Linear,
}

impl PerceptronNetwork {
    /// The network of these weights. Fresh ones: `Weights::initial(&shape.arrays(), seed)`.
    pub(crate) fn from_weights(
        shape: &PerceptronShape,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        let mut reader = LayerReader::new(weights, shape.arrays(), device);
        Ok(Self { first: reader.linear()?, inner: reader.linear()?, output: reader.linear()? })
    }

    /// # Shapes
    ///
    /// - features: `[batch, inputs]`, each 0 or 1
    /// - output: `[batch, outputs]`, logits
    pub(crate) fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        let h = relu(self.first.forward(features)); // [batch, width]
        let h = relu(self.inner.forward(h)); // [batch, width]
        self.output.forward(h)
    }
}

#[cfg(test)]
mod tests {
    use nets::SparsePerceptron;
    use nets::layers::{floats, weights_of};

    use super::*;

    #[test]
    fn inference_and_training_network_agree() {
        let shape = PerceptronShape { name: "test", inputs: 70, width: 24, outputs: 33 };
        let weights = Weights::initial(&shape.arrays(), 3);
        let network =
            PerceptronNetwork::from_weights(&shape, &weights, &nets::device()).expect("sound weights");
        let inference = SparsePerceptron::new(&shape, &weights).expect("sound weights");
        assert_eq!(weights_of(&network, shape.arrays()), weights);
        for case in 0..8 {
            let on: Vec<usize> = (0..shape.inputs).filter(|input| (input * 7 + case) % 11 < case).collect();
            let mut row = vec![0.0; shape.inputs];
            on.iter().for_each(|input| row[*input] = 1.0);
            let row = Tensor::<2>::from_data(TensorData::new(row, [1, shape.inputs]), &nets::device());
            let batch = floats(network.forward(row));
            let logits = inference.logits(|encode| on.iter().for_each(|input| encode(*input)));
            for (one, other) in logits.iter().zip(&batch) {
                assert!((one - other).abs() < 1e-5, "{one} and {other} in case {case}");
            }
        }
    }
}
