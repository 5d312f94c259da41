//! The cross-entropy of classes with its gradients, worked out here in two passes over the steps' 512
//! numbers. On the tape it would be a dozen, and most of what a training step costs.

use anyhow::Result;
use beat::CLASSES;
use burn::tensor::{Tensor, TensorData};
use nets::ClassReadout;

/// What some steps cost, and where the cost comes from.
pub(super) struct ClassLoss {
    /// The sum over the steps, in nats.
    pub(super) nats: f64,
    /// `[steps, 9 + joint]`: the gradient by what was said of each step.
    pub(super) said: Tensor<2>,
    /// `[9 + joint, 512]`: the gradient by the readout's matrix.
    pub(super) matrix: Tensor<2>,
    /// `[512]`: the gradient by its bias.
    pub(super) bias: Tensor<1>,
}

impl ClassLoss {
    /// What it costs to have said `said` of steps whose classes are `truth`.
    ///
    /// # Shapes
    ///
    /// - said: `[steps, 9 + joint]`
    pub(super) fn of(readout: &ClassReadout, said: Tensor<2>, truth: &[u16]) -> Result<Self> {
        let (said, matrix) = (said.inner(), readout.matrix().inner());
        let logits = said.clone().matmul(matrix.clone()) + readout.bias().inner().unsqueeze::<2>();
        let mut rows: Vec<f32> = logits.into_data().try_into_vec_as()?; // [steps, 512]
        let nats = rows
            .chunks_exact_mut(CLASSES)
            .zip(truth)
            .map(|(row, truth)| f64::from(gradient_of(row, usize::from(*truth) % CLASSES)))
            .sum();
        let rows = Tensor::<2>::from_data(TensorData::new(rows, [truth.len(), CLASSES]), &said.device());
        Ok(Self {
            nats,
            bias: rows.clone().sum_dim(0).squeeze_dim::<1>(0),
            matrix: said.transpose().matmul(rows.clone()),
            said: rows.matmul(matrix.transpose()),
        })
    }
}

/// Replaces the logits of a step by the gradient of its nats, `softmax - truth`, and returns the nats.
pub(super) fn gradient_of(row: &mut [f32], truth: usize) -> f32 {
    let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let logit = row[truth] - highest;
    for value in row.iter_mut() {
        *value = exp(*value - highest);
    }
    let sum = sum_of(row);
    let share = 1.0 / sum;
    row.iter_mut().for_each(|value| *value *= share);
    row[truth] -= 1.0;
    sum.ln() - logit
}

/// A sum in eight strands, which a processor adds at once.
fn sum_of(row: &[f32]) -> f32 {
    let mut strands = [0.0_f32; 8];
    for eight in row.as_chunks::<8>().0 {
        strands.iter_mut().zip(eight).for_each(|(strand, value)| *strand += value);
    }
    strands.iter().sum::<f32>() + row.as_chunks::<8>().1.iter().sum::<f32>()
}

/// e to the power of something not above zero, within five millionths of it, in operations that a compiler can do on
/// many numbers at once: two to the whole part through the exponent's bits, a polynomial for the rest.
pub(super) fn exp(x: f32) -> f32 {
    /// Adding this rounds a small number to a whole one, in the lowest bits.
    const ROUNDER: f32 = 12_582_912.0;
    let power = (x * std::f32::consts::LOG2_E).max(-120.0);
    let rounded = power + ROUNDER;
    let rest = (power - (rounded - ROUNDER)) * std::f32::consts::LN_2; // within half a ln 2 of zero
    let whole = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    let tail = 0.5 + rest * (1.0 / 6.0 + rest * (1.0 / 24.0 + rest * (1.0 / 120.0 + rest * (1.0 / 720.0))));
    whole * (1.0 + rest * (1.0 + rest * tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::activation::log_softmax;
    use burn::tensor::{Int, TensorData};
    use nets::{SequenceVae, VaeDecoder, VaeShape, Weights};

    #[test]
    fn powers_of_e_are_within_a_few_millionths() {
        for k in 0..2000 {
            let x = -(k as f32) * 0.04;
            assert!((exp(x) - x.exp()).abs() <= 5e-6 * x.exp(), "{x}: {} and {}", exp(x), x.exp());
        }
        assert!(exp(-1e9) < 1e-30);
    }

    #[test]
    fn gradients_are_those_of_the_tape() -> Result<()> {
        let (decoder, encoder_width) = (VaeDecoder::Mlp, 8);
        let shape =
            VaeShape { decoder, bars: 1, latent: 4, encoder_width, decoder_width: 8, joint: 5, embedding: 0 };
        let device = nets::device().autodiff();
        let weights = Weights::initial(&shape.trained_arrays(), 2);
        let network = SequenceVae::from_weights(&shape, &weights, &device)?;
        let readout = network.classes();
        let said: Vec<f32> = (0..6 * 14).map(|k| ((k * 37 % 23) as f32 - 11.0) / 4.0).collect();
        let said = Tensor::<2>::from_data(TensorData::new(said, [6, 14]), &device).require_grad();
        let truth = [0_u16, 5, 511, 3, 3, 256];

        let index: Vec<i32> = truth.iter().map(|class| i32::from(*class)).collect();
        let index = Tensor::<2, Int>::from_data(TensorData::new(index, [6, 1]), &device);
        let (matrix, bias) = (readout.matrix(), readout.bias());
        let (matrix, bias) = (matrix.detach().require_grad(), bias.detach().require_grad());
        let logits = said.clone().matmul(matrix.clone()) + bias.clone().unsqueeze::<2>();
        let taped = log_softmax(logits, 1).gather(1, index).sum().neg();
        let gradients = taped.backward();

        let ours = ClassLoss::of(readout, said.clone(), &truth)?;
        assert!((ours.nats - f64::from(taped.try_into_scalar::<f32>()?)).abs() < 1e-3);
        let far = |ours: Tensor<2>, taped: Option<Tensor<2>>| -> Result<f32> {
            let taped = taped.ok_or_else(|| anyhow::anyhow!("no gradient"))?;
            Ok((ours - taped).abs().max().try_into_scalar::<f32>()?)
        };
        assert!(far(ours.said, said.grad(&gradients))? < 1e-4);
        assert!(far(ours.matrix, matrix.grad(&gradients))? < 1e-4);
        let taped = bias.grad(&gradients).map(|bias| bias.unsqueeze::<2>());
        assert!(far(ours.bias.unsqueeze::<2>(), taped)? < 1e-4);
        Ok(())
    }
}
