//! The cross-entropy of a decoder's outputs, with gradients by hand for everything that enters the class head.

use super::network::ClassHead;
use crate::layers::cross_entropy::class_cross_entropy;
use anyhow::Result;
use beat::CLASSES;
use burn::tensor::{Tensor, TensorData};

/// The loss of some steps with its gradients.
pub(super) struct ClassLoss {
    /// The sum over the steps, in nats.
    pub(super) nats: f64,
    /// `[steps, 9 + joint]`: the gradient of the decoder outputs.
    pub(super) outputs: Tensor<2>,
    /// `[9 + joint, 512]`: the gradient of the head's matrix.
    pub(super) matrix: Tensor<2>,
    /// `[512]`: the gradient of its bias.
    pub(super) bias: Tensor<1>,
}

impl ClassLoss {
    /// The loss of decoder outputs for steps whose classes are `truth`.
    ///
    /// # Shapes
    ///
    /// - outputs: `[steps, 9 + joint]`
    pub(super) fn of(head: &ClassHead, outputs: Tensor<2>, truth: &[u16]) -> Result<Self> {
        let (outputs, matrix) = (outputs.inner(), head.matrix().inner());
        let logits = outputs.clone().matmul(matrix.clone()) + head.bias().inner().unsqueeze::<2>();
        let mut rows: Vec<f32> = logits.into_data().try_into_vec_as()?; // [steps, 512]
        let next: Vec<i32> = truth.iter().map(|class| i32::from(*class)).collect();
        let nats = class_cross_entropy(&mut rows, CLASSES, &next, &vec![1.0; truth.len()]);
        let rows = Tensor::<2>::from_data(TensorData::new(rows, [truth.len(), CLASSES]), &outputs.device());
        Ok(Self {
            nats,
            bias: rows.clone().sum_dim(0).squeeze_dim::<1>(0),
            matrix: outputs.transpose().matmul(rows.clone()),
            outputs: rows.matmul(matrix.transpose()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::activation::log_softmax;
    use burn::tensor::{Int, TensorData};
    use nets::Weights;

    use super::super::{DecoderKind, SequenceVae, VaeConfig};

    #[test]
    fn gradients_are_those_of_autodiff() -> Result<()> {
        let (decoder, encoder_width) = (DecoderKind::Mlp, 8);
        let config = VaeConfig {
            decoder,
            bars: 1,
            latent: 4,
            encoder_width,
            decoder_width: 8,
            joint: 5,
            embedding: 0,
        };
        let device = nets::device().autodiff();
        let weights = Weights::initial(&config.trained_arrays(), 2);
        let network = SequenceVae::from_weights(&config, &weights, &device)?;
        let head = network.classes();
        let outputs: Vec<f32> = (0..6 * 14).map(|k| ((k * 37 % 23) as f32 - 11.0) / 4.0).collect();
        let outputs = Tensor::<2>::from_data(TensorData::new(outputs, [6, 14]), &device).require_grad();
        let truth = [0_u16, 5, 511, 3, 3, 256];

        let index: Vec<i32> = truth.iter().map(|class| i32::from(*class)).collect();
        let index = Tensor::<2, Int>::from_data(TensorData::new(index, [6, 1]), &device);
        let (matrix, bias) = (head.matrix(), head.bias());
        let (matrix, bias) = (matrix.detach().require_grad(), bias.detach().require_grad());
        let logits = outputs.clone().matmul(matrix.clone()) + bias.clone().unsqueeze::<2>();
        let by_autodiff = log_softmax(logits, 1).gather(1, index).sum().neg();
        let gradients = by_autodiff.backward();

        let ours = ClassLoss::of(head, outputs.clone(), &truth)?;
        assert!((ours.nats - f64::from(by_autodiff.try_into_scalar::<f32>()?)).abs() < 1e-3);
        let far = |ours: Tensor<2>, by_autodiff: Option<Tensor<2>>| -> Result<f32> {
            let by_autodiff = by_autodiff.ok_or_else(|| anyhow::anyhow!("no gradient"))?;
            Ok((ours - by_autodiff).abs().max().try_into_scalar::<f32>()?)
        };
        assert!(far(ours.outputs, outputs.grad(&gradients))? < 1e-4);
        assert!(far(ours.matrix, matrix.grad(&gradients))? < 1e-4);
        let by_autodiff = bias.grad(&gradients).map(|bias| bias.unsqueeze::<2>());
        assert!(far(ours.bias.unsqueeze::<2>(), by_autodiff)? < 1e-4);
        Ok(())
    }
}
