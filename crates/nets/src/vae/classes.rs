//! From what a decoder says of a step to the logits of its 512 classes.
//!
//! Nine numbers are logits of the nine pieces; a class's logit is the sum of those that it hits. That alone
//! would draw pieces independently of one another, so a few more numbers speak for whole classes.

use beat::{CLASSES, PIECES};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

use super::VaeShape;
use crate::layers::{array, parameter};
use crate::{Weights, WeightsFault};

const JOINT: &str = "classes.joint.weight";
const BIAS: &str = "classes.bias";

/// The last layer of every decoder.
#[derive(Module, Debug)]
pub struct ClassReadout {
    joint: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

pub(super) fn arrays(shape: &VaeShape) -> [(String, Vec<usize>); 2] {
    [(JOINT.to_owned(), vec![usize::from(shape.joint), CLASSES]), (BIAS.to_owned(), vec![CLASSES])]
}

impl ClassReadout {
    pub(super) fn from_weights(
        shape: &VaeShape,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        Ok(Self {
            joint: parameter(weights.checked(JOINT, &[usize::from(shape.joint), CLASSES])?, device),
            bias: parameter(weights.checked(BIAS, &[CLASSES])?, device),
        })
    }

    pub(super) fn keep(&self, weights: &mut Weights) {
        weights.insert(JOINT, array(&self.joint));
        weights.insert(BIAS, array(&self.bias));
    }

    /// What each number that is said of a step adds to each class.
    ///
    /// # Shapes
    ///
    /// - output: `[9 + joint, 512]`
    pub fn matrix(&self) -> Tensor<2> {
        let joint = self.joint.val();
        let cell = |index: usize| f32::from(u8::from((index % CLASSES) >> (index / CLASSES) & 1 == 1));
        let pieces: Vec<f32> = (0..PIECES * CLASSES).map(cell).collect();
        let pieces = Tensor::from_data(TensorData::new(pieces, [PIECES, CLASSES]), &joint.device());
        Tensor::cat(vec![pieces, joint], 0) // [9, 512] and [joint, 512] to [9 + joint, 512]
    }

    /// What each class has whatever is said of a step.
    ///
    /// # Shapes
    ///
    /// - output: `[512]`
    pub fn bias(&self) -> Tensor<1> {
        self.bias.val()
    }

    /// # Shapes
    ///
    /// - said: `[steps, 9 + joint]`
    /// - output: `[steps, 512]`, logits
    pub fn logits(&self, said: Tensor<2>) -> Tensor<2> {
        said.matmul(self.matrix()) + self.bias().unsqueeze()
    }
}
