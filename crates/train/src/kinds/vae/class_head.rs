//! The output head of every decoder, and the cross-entropy of its logits with gradients by hand for everything that
//! enters it.

use anyhow::Result;
use beat::{CLASSES, PIECES};
use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};
use nets::layers::LayerReader;
use nets::{NamedShape, WeightsFault};

use super::VaeConfig;
use crate::layers::cross_entropy::class_cross_entropy;

/// The last layer of every decoder. The logit of a class is the sum of the logits of its pieces, a linear function
/// of the joint features, and a bias.
#[derive(Module, Debug)]
pub(crate) struct ClassHead {
    joint: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

/// Names and shapes of its weights.
pub(super) fn arrays(config: &VaeConfig) -> [NamedShape; 2] {
    let joint = vec![usize::from(config.joint), CLASSES];
    [("classes.joint.weight".to_owned(), joint), ("classes.bias".to_owned(), vec![CLASSES])]
}

impl ClassHead {
    pub(super) fn read(reader: &mut LayerReader<'_>) -> Result<Self, WeightsFault> {
        Ok(Self { joint: reader.parameter()?, bias: reader.parameter()? })
    }

    /// The matrix from decoder outputs to logits: constant rows of 0 and 1 for the pieces of each class, then the
    /// trained rows of the joint features.
    ///
    /// # Shapes
    ///
    /// - output: `[9 + joint, 512]`
    pub(crate) fn matrix(&self) -> Tensor<2> {
        let joint = self.joint.val();
        let cell = |index: usize| f32::from(u8::from((index % CLASSES) >> (index / CLASSES) & 1 == 1));
        let pieces: Vec<f32> = (0..PIECES * CLASSES).map(cell).collect();
        let pieces = Tensor::from_data(TensorData::new(pieces, [PIECES, CLASSES]), &joint.device());
        Tensor::cat(vec![pieces, joint], 0) // [9, 512] and [joint, 512] to [9 + joint, 512]
    }

    /// The trained rows of [`Self::matrix`], `[joint, 512]`.
    #[cfg(test)]
    pub(super) fn joint(&self) -> Tensor<2> {
        self.joint.val()
    }

    /// The bias of each class.
    ///
    /// # Shapes
    ///
    /// - output: `[512]`
    pub(crate) fn bias(&self) -> Tensor<1> {
        self.bias.val()
    }

    /// The logits of every class.
    ///
    /// # Shapes
    ///
    /// - outputs: `[steps, 9 + joint]`
    /// - output: `[steps, 512]`, logits
    pub(crate) fn logits(&self, outputs: Tensor<2>) -> Tensor<2> {
        outputs.matmul(self.matrix()) + self.bias().unsqueeze()
    }
}

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
