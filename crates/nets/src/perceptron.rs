//! Perceptrons over sparse binary inputs, for inference: the building block of the step and phrase models.
//!
//! Three linear layers with ReLU between them, in plain Rust. Few inputs are 1, so the first layer is a sum
//! of a few rows of its matrix. `train` has the same network as a burn module; its test
//! `inference_and_training_network_agree` holds both together.

use crate::{NamedShape, Weights, WeightsFault, linear_arrays};

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
    pub fn arrays(&self) -> Vec<NamedShape> {
        self.layers().iter().flat_map(|(name, sizes)| linear_arrays(name, *sizes)).collect()
    }
}

/// A trained perceptron.
#[derive(Clone, Debug, PartialEq)]
pub struct SparsePerceptron {
    layers: [LinearLayer; 3],
}

impl SparsePerceptron {
    /// The perceptron of these weights.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn new(shape: &PerceptronShape, weights: &Weights) -> Result<Self, WeightsFault> {
        let layer = |(name, sizes): (String, [usize; 2])| LinearLayer::from_weights(weights, &name, sizes);
        let [first, inner, output] = shape.layers().map(layer);
        Ok(Self { layers: [first?, inner?, output?] })
    }

    /// The logits for the features that `encode` switches on: it calls its argument with the index of each
    /// input that is 1, below the shape's `inputs`.
    pub fn logits(&self, encode: impl FnOnce(&mut dyn FnMut(usize))) -> Vec<f32> {
        let [first, inner, output] = &self.layers;
        let mut sums = first.bias.clone();
        encode(&mut |input| first.add(&mut sums, input, &[1.0]));
        output.forward(&relu(inner.forward(&relu(sums))))
    }
}

/// A linear layer for inference.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LinearLayer {
    /// `[inputs, outputs]`, row by row.
    weight: Vec<f32>,
    /// `[outputs]`
    pub(crate) bias: Vec<f32>,
}

impl LinearLayer {
    /// The layer `name` of `[inputs, outputs]`.
    pub(crate) fn from_weights(
        weights: &Weights,
        name: &str,
        sizes: [usize; 2],
    ) -> Result<Self, WeightsFault> {
        let [weight, bias] =
            linear_arrays(name, sizes).map(|(name, shape)| weights.checked(&name, &shape).cloned());
        Ok(Self { weight: weight?.values, bias: bias?.values })
    }

    pub(crate) fn forward(&self, inputs: &[f32]) -> Vec<f32> {
        let mut sums = self.bias.clone();
        self.add(&mut sums, 0, inputs);
        sums
    }

    /// Adds the products of `inputs` with the rows from `from` on.
    pub(crate) fn add(&self, sums: &mut [f32], from: usize, inputs: &[f32]) {
        let rows = self.weight.chunks_exact(sums.len()).skip(from);
        for (row, input) in rows.zip(inputs).filter(|(_, input)| **input != 0.0) {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += input * value);
        }
    }
}

/// ReLU.
pub(crate) fn relu(mut values: Vec<f32>) -> Vec<f32> {
    values.iter_mut().for_each(|value| *value = value.max(0.0));
    values
}
