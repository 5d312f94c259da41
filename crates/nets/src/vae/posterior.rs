//! What the encoder says of some bars, and how all of it spreads.

use burn::tensor::Tensor;

use super::VaeShape;
use crate::{Array, Weights};

const MEAN: &str = "latents.mean";
const DEVIATION: &str = "latents.deviation";

/// Where some bars lie among the latents: a normal of its own for each.
#[derive(Clone, Debug)]
pub struct Posterior {
    /// `[batch, latent]`
    pub mean: Tensor<2>,
    /// `[batch, latent]`: the logarithm of the variance.
    pub log_variance: Tensor<2>,
}

impl Posterior {
    /// How far each lies from the standard normal that one would draw from: the Kullback-Leibler
    /// divergence, in nats.
    ///
    /// # Shapes
    ///
    /// - output: `[batch]`
    pub fn divergence(&self) -> Tensor<1> {
        let Self { mean, log_variance } = self.clone();
        let nats = mean.square() + log_variance.clone().exp() - log_variance - 1.0; // [batch, latent]
        nats.sum_dim(1).squeeze_dim::<1>(1) * 0.5
    }
}

/// How the latents of all training songs spread, each number by itself: what bars are drawn from when they
/// are drawn from nothing. A standard normal it is only where the divergence was pressed down, and bits
/// that are free are not.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentSpread {
    /// The mean of each number.
    pub mean: Vec<f32>,
    /// The deviation of each number.
    pub deviation: Vec<f32>,
}

pub(super) fn arrays(shape: &VaeShape) -> [(String, Vec<usize>); 2] {
    [MEAN, DEVIATION].map(|name| (name.to_owned(), vec![shape.latent()]))
}

impl LatentSpread {
    /// The spread among a model's weights; `None` while it is being trained.
    pub fn of(weights: &Weights) -> Option<Self> {
        let values = |name| weights.get(name).map(|array| array.values.clone());
        Some(Self { mean: values(MEAN)?, deviation: values(DEVIATION)? })
    }

    /// Keeps it among a model's weights.
    pub fn keep(self, weights: &mut Weights) {
        for (name, values) in [(MEAN, self.mean), (DEVIATION, self.deviation)] {
            weights.insert(name, Array { shape: vec![values.len()], values });
        }
    }
}
