//! Attention to what was remembered before, with what followed then.
//!
//! Bahdanau et al. 2015 as Magenta's DrumsRNN uses it, with two changes: what is found does not go back
//! into the recurrence, so that all steps of a window are asked at once; and what is found is not only
//! what was remembered but also what was played then, so that a place that was heard before says what
//! comes next.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use crate::layers::{array, keep_linear, linear, parameter};
use crate::{Weights, WeightsFault};

const QUERY: &str = "attention.query";
const KEY: &str = "attention.key";
const NEAR: &str = "attention.near";

/// Names and shapes of its weights; none where nothing is reached.
pub(super) fn arrays(width: usize, reach: usize) -> Vec<(String, Vec<usize>)> {
    let square =
        |name: &str| [(format!("{name}.weight"), vec![width, width]), (format!("{name}.bias"), vec![width])];
    let all = || [QUERY, KEY].into_iter().flat_map(square).chain([(NEAR.to_owned(), vec![reach])]);
    if reach == 0 { Vec::new() } else { all().collect() }
}

/// Attention, ready to train.
#[derive(Module, Debug)]
pub(super) struct Attention {
    query: Linear,
    key: Linear,
    /// What each distance adds, `[reach]`: one step ago first.
    near: Param<Tensor<1>>,
}

impl Attention {
    pub(super) fn from_weights(
        weights: &Weights,
        width: usize,
        reach: usize,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        Ok(Self {
            query: linear(weights, QUERY, [width, width], device)?,
            key: linear(weights, KEY, [width, width], device)?,
            near: parameter(weights.checked(NEAR, &[reach])?, device),
        })
    }

    pub(super) fn keep(&self, weights: &mut Weights) {
        keep_linear(weights, QUERY, &self.query);
        keep_linear(weights, KEY, &self.key);
        weights.insert(NEAR, array(&self.near));
    }

    /// What each step finds; zeros where there is nothing before it.
    ///
    /// # Shapes
    ///
    /// - hidden: `[batch, steps, width]`, what was remembered before each step
    /// - found: `[batch, steps, values]`, what there is to find at each step
    /// - output: `[batch, steps, values]`
    pub(super) fn forward(&self, hidden: Tensor<3>, found: Tensor<3>) -> Tensor<3> {
        let [_, steps, width] = hidden.dims();
        let device = hidden.device();
        let (distances, unseen) = before(steps, self.near.dims()[0], &device);
        let near = self.near.val().select(0, distances).reshape([1, steps, steps]);
        let query = self.query.forward(hidden.clone()) / (width as f32).sqrt(); // [batch, steps, width]
        let key = self.key.forward(hidden).swap_dims(1, 2); // [batch, width, steps]
        let scores = query.matmul(key) + near; // [batch, steps, steps]
        let unseen = unseen.expand(scores.dims());
        let weights = softmax(scores.mask_fill(unseen.clone(), -1e9), 2).mask_fill(unseen, 0.0);
        weights.matmul(found)
    }
}

/// For each pair of steps, now and then: which entry of `near` stands for their distance, and whether then
/// can't be seen from now.
fn before(steps: usize, reach: usize, device: &Device) -> (Tensor<1, Int>, Tensor<3, Bool>) {
    let pairs = || (0..steps).flat_map(|now| (0..steps).map(move |then| (now, then)));
    let seen = |(now, then): (usize, usize)| then < now && now - then <= reach;
    let distance = |pair: (usize, usize)| if seen(pair) { pair.0 - pair.1 - 1 } else { 0 };
    let distances: Vec<i32> = pairs().map(|pair| distance(pair) as i32).collect();
    let unseen: Vec<bool> = pairs().map(|pair| !seen(pair)).collect();
    (
        Tensor::from_data(TensorData::new(distances, [steps * steps]), device),
        Tensor::from_data(TensorData::new(unseen, [1, steps, steps]), device),
    )
}
