//! A perceptron over sparse binary inputs as a burn module. [`SparsePerceptron`] in `nets` is the same network
//! for inference.
//!
//! [`SparsePerceptron`]: nets::SparsePerceptron

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use nets::layers::{linear, store_linear};
use nets::{PerceptronShape, Weights, WeightsFault};

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
        let [first, inner, output] =
            shape.layers().map(|(name, sizes)| linear(weights, &name, sizes, device));
        Ok(Self { first: first?, inner: inner?, output: output? })
    }

    /// Its weights, under the names of [`PerceptronShape::arrays`].
    pub(crate) fn weights(&self, shape: &PerceptronShape) -> Weights {
        let mut weights = Weights::default();
        for ((name, _), layer) in shape.layers().iter().zip([&self.first, &self.inner, &self.output]) {
            store_linear(&mut weights, name, layer);
        }
        weights
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
    use burn::tensor::TensorData;
    use nets::SparsePerceptron;
    use nets::layers::floats;

    use super::*;

    #[test]
    fn inference_and_training_network_agree() {
        let shape = PerceptronShape { name: "test", inputs: 70, width: 24, outputs: 33 };
        let weights = Weights::initial(&shape.arrays(), 3);
        let network =
            PerceptronNetwork::from_weights(&shape, &weights, &nets::device()).expect("sound weights");
        let inference = SparsePerceptron::new(&shape, &weights).expect("sound weights");
        assert_eq!(network.weights(&shape), weights);
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
