//! A perceptron where it plays: in plain Rust over the weights' numbers. Few of its inputs are on, so the
//! first layer is a sum of a few rows.

use super::SparseShape;
use crate::{Weights, WeightsFault};

/// A trained perceptron.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseWalk {
    layers: [Layer; 3],
}

#[derive(Clone, Debug, PartialEq)]
struct Layer {
    /// One row of outputs for each input.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl SparseWalk {
    /// The perceptron of these weights.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn new(shape: &SparseShape, weights: &Weights) -> Result<Self, WeightsFault> {
        let layer = |(name, [inputs, outputs]): (String, [usize; 2])| -> Result<Layer, WeightsFault> {
            let weight = weights.checked(&format!("{name}.weight"), &[inputs, outputs])?.values.clone();
            let bias = weights.checked(&format!("{name}.bias"), &[outputs])?.values.clone();
            Ok(Layer { weight, bias })
        };
        let [seen, inner, output] = shape.layers().map(layer);
        Ok(Self { layers: [seen?, inner?, output?] })
    }

    /// The logits where the inputs that `see` names are on, each below the shape's `inputs`.
    pub fn logits(&self, see: impl FnOnce(&mut dyn FnMut(usize))) -> Vec<f32> {
        let [seen, inner, output] = &self.layers;
        let mut first = seen.bias.clone();
        see(&mut |input| seen.add(&mut first, input, 1.0));
        let second = inner.after(&first);
        output.after(&second)
    }
}

impl Layer {
    fn add(&self, sums: &mut [f32], input: usize, weight: f32) {
        let row = &self.weight[input * self.bias.len()..][..self.bias.len()];
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += weight * value;
        }
    }

    /// This layer's outputs from rectified `inputs`.
    fn after(&self, inputs: &[f32]) -> Vec<f32> {
        let mut sums = self.bias.clone();
        for (input, weight) in inputs.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            self.add(&mut sums, input, *weight);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Tensor, TensorData};

    use super::*;
    use crate::SparseNetwork;
    use crate::layers::floats;

    #[test]
    fn the_walk_and_the_network_agree_on_every_output() {
        let shape = SparseShape { name: "test", inputs: 70, width: 24, outputs: 33 };
        let weights = Weights::initial(&shape.arrays(), 3);
        let network = SparseNetwork::from_weights(&shape, &weights, &crate::device()).expect("sound weights");
        let walk = SparseWalk::new(&shape, &weights).expect("sound weights");
        assert_eq!(network.weights(&shape), weights);
        for case in 0..8 {
            let on: Vec<usize> = (0..shape.inputs).filter(|input| (input * 7 + case) % 11 < case).collect();
            let mut row = vec![0.0; shape.inputs];
            on.iter().for_each(|input| row[*input] = 1.0);
            let row = Tensor::<2>::from_data(TensorData::new(row, [1, shape.inputs]), &crate::device());
            let batch = floats(network.forward(row));
            for (one, other) in walk.logits(|see| on.iter().for_each(|input| see(*input))).iter().zip(&batch)
            {
                assert!((one - other).abs() < 1e-5, "{one} and {other} in case {case}");
            }
        }
    }
}
