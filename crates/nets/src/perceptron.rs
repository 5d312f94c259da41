//! Perceptrons over sparse binary inputs, for inference: the building block of the step and phrase models.
//!
//! Three linear layers with ReLU between them, in plain Rust. Few inputs are 1, so the first layer is a sum
//! of a few rows of its matrix. `train` has the same network as a burn module; its test
//! `inference_and_training_network_agree` holds both together.

use crate::{Weights, WeightsFault};

/// The sizes of one perceptron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerceptronShape {
    /// Prefix of its weights' names.
    pub name: &'static str,
    /// Number of inputs.
    pub inputs: usize,
    /// Width of both hidden layers.
    pub width: usize,
    /// Number of outputs.
    pub outputs: usize,
}

impl PerceptronShape {
    /// Its layers in order: name, `[inputs, outputs]`.
    pub fn layers(&self) -> [(String, [usize; 2]); 3] {
        let Self { name, inputs, width, outputs } = *self;
        // The first layer is called `seen` in model files.
        [("seen", [inputs, width]), ("inner", [width, width]), ("output", [width, outputs])]
            .map(|(layer, sizes)| (format!("{name}.{layer}"), sizes))
    }

    /// Names and shapes of its weights; a matrix is `[inputs, outputs]`.
    pub fn arrays(&self) -> Vec<(String, Vec<usize>)> {
        let both = |(name, [inputs, outputs]): (String, [usize; 2])| {
            [(format!("{name}.weight"), vec![inputs, outputs]), (format!("{name}.bias"), vec![outputs])]
        };
        self.layers().into_iter().flat_map(both).collect()
    }
}

/// A trained perceptron.
#[derive(Clone, Debug, PartialEq)]
pub struct SparsePerceptron {
    layers: [PerceptronLayer; 3],
}

#[derive(Clone, Debug, PartialEq)]
struct PerceptronLayer {
    /// `[inputs, outputs]`, row by row.
    weight: Vec<f32>,
    /// `[outputs]`
    bias: Vec<f32>,
}

impl SparsePerceptron {
    /// The perceptron of these weights.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn new(shape: &PerceptronShape, weights: &Weights) -> Result<Self, WeightsFault> {
        let layer = |(name, [inputs, outputs]): (String, [usize; 2])| -> Result<_, WeightsFault> {
            let weight = weights.checked(&format!("{name}.weight"), &[inputs, outputs])?.values.clone();
            let bias = weights.checked(&format!("{name}.bias"), &[outputs])?.values.clone();
            Ok(PerceptronLayer { weight, bias })
        };
        let [first, inner, output] = shape.layers().map(layer);
        Ok(Self { layers: [first?, inner?, output?] })
    }

    /// The logits for the features that `encode` switches on: it calls its argument with the index of each
    /// input that is 1, below the shape's `inputs`.
    pub fn logits(&self, encode: impl FnOnce(&mut dyn FnMut(usize))) -> Vec<f32> {
        let [first, inner, output] = &self.layers;
        let mut sums = first.bias.clone();
        encode(&mut |input| first.add_row(&mut sums, input, 1.0));
        output.forward_relu(&inner.forward_relu(&sums))
    }
}

impl PerceptronLayer {
    fn add_row(&self, sums: &mut [f32], input: usize, factor: f32) {
        let row = &self.weight[input * self.bias.len()..][..self.bias.len()];
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += factor * value;
        }
    }

    /// This layer's outputs for ReLU of `inputs`.
    fn forward_relu(&self, inputs: &[f32]) -> Vec<f32> {
        let mut sums = self.bias.clone();
        for (input, value) in inputs.iter().enumerate().filter(|(_, value)| **value > 0.0) {
            self.add_row(&mut sums, input, *value);
        }
        sums
    }
}
