//! The cross-entropy of what comes next, with a backward pass written by hand.
//!
//! On the tape a softmax over 512 classes is ten passes over a matrix of megabytes, there and back; by hand
//! it is two, and the slope of a logit is simply its probability, less one for the class that came.

use super::quick::exp;

/// The sum over rows of the nats by which `logits`, one row of `classes` each, miss the class `next` of the
/// row, each row weighed by `counts`. Turns the logits into the slopes of that sum.
pub(crate) fn cross_entropy_slopes(logits: &mut [f32], classes: usize, next: &[i32], counts: &[f32]) -> f64 {
    let rows = logits.chunks_exact_mut(classes).zip(next.iter().zip(counts));
    rows.map(|(row, (next, count))| slopes(row, *next as usize, *count)).sum()
}

/// One row of [`cross_entropy_slopes`].
fn slopes(row: &mut [f32], next: usize, count: f32) -> f64 {
    let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let answer = row.get(next).copied().unwrap_or(highest) - highest;
    row.iter_mut().for_each(|logit| *logit = exp(*logit - highest));
    let total: f32 = row.iter().sum();
    let share = count / total;
    row.iter_mut().for_each(|weight| *weight *= share);
    if let Some(slope) = row.get_mut(next) {
        *slope -= count;
    }
    f64::from(count * (total.ln() - answer))
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, Result};
    use burn::tensor::activation::log_softmax;
    use burn::tensor::{Int, Tensor, TensorData};

    use super::*;

    #[test]
    fn loss_and_slopes_are_those_of_the_tape() -> Result<()> {
        let device = nets::device().autodiff();
        let mut values: Vec<f32> = (0..30).map(|k| (k * 7 % 11) as f32 / 2.0 - 3.0).collect();
        let (next, counts) = ([4, 0, 9], [1.0, 0.0, 0.5]);
        let logits = Tensor::<2>::from_data(TensorData::new(values.clone(), [3, 10]), &device).require_grad();
        let at = Tensor::<2, Int>::from_data(TensorData::new(next.to_vec(), [3, 1]), &device);
        let weighed = Tensor::<2>::from_data(TensorData::new(counts.to_vec(), [3, 1]), &device);
        let loss = (log_softmax(logits.clone(), 1).gather(1, at) * weighed).sum().neg();
        let taped = logits.grad(&loss.backward()).context("a slope")?.try_to_vec_as::<f32>()?;
        let by_hand = cross_entropy_slopes(&mut values, 10, &next, &counts);
        assert!((by_hand - f64::from(loss.try_into_scalar::<f32>()?)).abs() < 1e-5);
        for (one, other) in values.iter().zip(&taped) {
            assert!((one - other).abs() < 1e-5, "{one} and {other}");
        }
        Ok(())
    }
}
