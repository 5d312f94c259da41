//! Cross-entropy losses: of binary cells on tensors, of classes with a backward pass by hand.
//!
//! With autodiff a softmax over 512 classes is ten passes over a matrix of megabytes, forward and backward; by
//! hand it is two, and the gradient of a logit is its probability, less one for the true class.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;

use super::activations::exp;

/// Binary cross-entropy of each logit, in nats.
///
/// # Shapes
///
/// `[rows, n]` each, also the output
pub(crate) fn binary_cross_entropy(logits: Tensor<2>, truth: Tensor<2>) -> Tensor<2> {
    // -x log s(l) - (1 - x) log s(-l), where log s(-l) = log s(l) - l
    (truth.neg() + 1.0) * logits.clone() - log_sigmoid(logits)
}

/// The sum over rows of the cross-entropy of `logits`, one row of `classes` each, for the true class of the
/// row, in nats, each row with its weight. Replaces the logits by their gradients.
pub(crate) fn class_cross_entropy(logits: &mut [f32], classes: usize, truth: &[i32], weights: &[f32]) -> f64 {
    let rows = logits.chunks_exact_mut(classes).zip(truth.iter().zip(weights));
    rows.map(|(row, (truth, weight))| row_cross_entropy(row, *truth as usize, *weight)).sum()
}

/// One row of [`class_cross_entropy`].
fn row_cross_entropy(row: &mut [f32], truth: usize, weight: f32) -> f64 {
    let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let true_logit = row.get(truth).copied().unwrap_or(highest) - highest;
    row.iter_mut().for_each(|logit| *logit = exp(*logit - highest));
    let total: f32 = row.iter().sum();
    let scale = weight / total;
    row.iter_mut().for_each(|value| *value *= scale);
    if let Some(gradient) = row.get_mut(truth) {
        *gradient -= weight;
    }
    f64::from(weight * (total.ln() - true_logit))
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, Result};
    use burn::tensor::activation::log_softmax;
    use burn::tensor::{Int, Tensor, TensorData};

    use super::*;

    #[test]
    fn loss_and_gradients_are_those_of_autodiff() -> Result<()> {
        let device = nets::device().autodiff();
        let mut values: Vec<f32> = (0..30).map(|k| (k * 7 % 11) as f32 / 2.0 - 3.0).collect();
        let (next, counts) = ([4, 0, 9], [1.0, 0.0, 0.5]);
        let logits = Tensor::<2>::from_data(TensorData::new(values.clone(), [3, 10]), &device).require_grad();
        let at = Tensor::<2, Int>::from_data(TensorData::new(next.to_vec(), [3, 1]), &device);
        let weighed = Tensor::<2>::from_data(TensorData::new(counts.to_vec(), [3, 1]), &device);
        let loss = (log_softmax(logits.clone(), 1).gather(1, at) * weighed).sum().neg();
        let by_autodiff = logits.grad(&loss.backward()).context("a gradient")?.try_to_vec_as::<f32>()?;
        let by_hand = class_cross_entropy(&mut values, 10, &next, &counts);
        assert!((by_hand - f64::from(loss.try_into_scalar::<f32>()?)).abs() < 1e-5);
        for (one, other) in values.iter().zip(&by_autodiff) {
            assert!((one - other).abs() < 1e-5, "{one} and {other}");
        }
        Ok(())
    }
}
