//! The cross-entropy of what a decoder said of some steps, with its gradients by all that the last layer
//! was made from, off the tape.

use anyhow::Result;
use beat::CLASSES;
use burn::tensor::{Tensor, TensorData};
use nets::ClassReadout;

use crate::training::next_class::cross_entropy_slopes;

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
        let next: Vec<i32> = truth.iter().map(|class| i32::from(*class)).collect();
        let nats = cross_entropy_slopes(&mut rows, CLASSES, &next, &vec![1.0; truth.len()]);
        let rows = Tensor::<2>::from_data(TensorData::new(rows, [truth.len(), CLASSES]), &said.device());
        Ok(Self {
            nats,
            bias: rows.clone().sum_dim(0).squeeze_dim::<1>(0),
            matrix: said.transpose().matmul(rows.clone()),
            said: rows.matmul(matrix.transpose()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::activation::log_softmax;
    use burn::tensor::{Int, TensorData};
    use nets::{SequenceVae, VaeDecoder, VaeShape, Weights};

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
