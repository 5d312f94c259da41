//! The step model where it plays: in plain Rust over the weights' slices, one step at a time. Few of its
//! inputs are on, so the first layer is a sum of a few rows.

use beat::CLASSES;

use super::{STEP_SEEN, STEP_WIDTH, see, step_arrays};
use crate::{Provenance, Weights, WeightsFault};

/// A trained step model.
#[derive(Clone, Debug, PartialEq)]
pub struct StepModel {
    weights: Weights,
    provenance: Provenance,
    seen: Vec<[f32; STEP_WIDTH]>,
    seen_bias: Vec<f32>,
    inner: Vec<[f32; STEP_WIDTH]>,
    inner_bias: Vec<f32>,
    output: Vec<[f32; CLASSES]>,
    output_bias: Vec<f32>,
}

impl StepModel {
    /// The model of these weights.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn new(weights: Weights, provenance: Provenance) -> Result<Self, WeightsFault> {
        weights.check(&step_arrays())?;
        // Every name and shape was checked, so that each array divides into its rows.
        fn rows<const N: usize>(weights: &Weights, name: &str) -> Vec<[f32; N]> {
            weights.get(name).map(|array| array.values.as_chunks().0.to_vec()).unwrap_or_default()
        }
        let bias = |name: &str| weights.get(name).map(|array| array.values.clone()).unwrap_or_default();
        let seen: Vec<_> = rows(&weights, "step.seen.weight");
        debug_assert_eq!(seen.len(), STEP_SEEN);
        Ok(Self {
            seen,
            seen_bias: bias("step.seen.bias"),
            inner: rows(&weights, "step.inner.weight"),
            inner_bias: bias("step.inner.bias"),
            output: rows(&weights, "step.output.weight"),
            output_bias: bias("step.output.bias"),
            provenance,
            weights,
        })
    }

    /// Its weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// How it was made.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The logits of every class for the step behind `past`: the classes of all steps so far, from the
    /// first step of a bar on.
    pub fn logits(&self, past: &[u16]) -> Vec<f32> {
        let mut first = self.seen_bias.clone();
        see(past, |_| false, |input| add(&mut first, &self.seen[input], 1.0));
        let mut second = self.inner_bias.clone();
        weigh(&mut second, &first, &self.inner);
        let mut logits = self.output_bias.clone();
        weigh(&mut logits, &second, &self.output);
        logits
    }
}

/// Adds `rows`, each weighed by its rectified input.
fn weigh<const N: usize>(sums: &mut [f32], inputs: &[f32], rows: &[[f32; N]]) {
    for (input, row) in inputs.iter().zip(rows).filter(|(input, _)| **input > 0.0) {
        add(sums, row, *input);
    }
}

fn add(sums: &mut [f32], row: &[f32], weight: f32) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += weight * value;
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Tensor, TensorData};

    use super::*;
    use crate::StepNetwork;
    use crate::layers::floats;

    #[test]
    fn the_walk_and_the_network_agree_on_every_class() {
        let weights = Weights::initial(&step_arrays(), 3);
        let network = StepNetwork::from_weights(&weights, &crate::device()).expect("sound weights");
        let model = StepModel::new(weights, Provenance::default()).expect("sound weights");
        let song: Vec<u16> = (0..200).map(|step: u16| step * 77 % CLASSES as u16).collect();
        for now in [0, 1, 15, 16, 40, 131, 200] {
            let mut row = vec![0.0; STEP_SEEN];
            see(&song[..now], |_| false, |input| row[input] = 1.0);
            let row = Tensor::<2>::from_data(TensorData::new(row, [1, STEP_SEEN]), &crate::device());
            let batch = floats(network.forward(row));
            for (one, other) in model.logits(&song[..now]).iter().zip(&batch) {
                assert!((one - other).abs() < 1e-5, "{one} and {other} behind {now} steps");
            }
        }
    }
}
