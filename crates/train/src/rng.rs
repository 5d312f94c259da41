//! Seeded random numbers. Every draw comes from a stream that is keyed by a seed, a purpose and an index, so
//! that a resumed run draws the same numbers as an uninterrupted one.

use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// What a stream of draws is for. Two purposes never share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// The weights before training.
    Weights = 1,
    /// The order of the patterns in an epoch.
    Order = 2,
    /// Noise inside a loss.
    Loss = 3,
    /// Latents that are sampled.
    Latents = 4,
    /// Directions of the sliced optimal transport, and of principal components.
    Directions = 5,
    /// Which patterns are placed on the map.
    Placing = 6,
    /// Which known patterns are compared with held-out ones.
    Control = 7,
}

/// One stream of draws.
#[derive(Clone, Debug)]
pub struct TrainingRng(ChaCha8Rng);

impl TrainingRng {
    /// The stream of `seed` for `purpose`; `index` tells apart epochs, folds or layers (below 2^56).
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream((purpose as u64) << 56 | index);
        Self(generator)
    }

    /// A uniform draw from 0..1.
    pub fn unit(&mut self) -> f32 {
        // 24 bits are what an f32 holds below 1, so that 1 itself never comes out.
        (self.0.next_u32() >> 8) as f32 / (1 << 24) as f32
    }

    /// A uniform draw from `low..high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// A uniform draw from `0..count`; 0 where `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        ((u64::from(self.0.next_u32()) * count as u64) >> 32) as usize
    }

    /// A draw from the standard normal distribution (Box and Muller 1958).
    pub fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.unit()).cos()
    }

    /// `0..count` in random order.
    pub fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        order.shuffle(&mut self.0);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_purpose_and_index_alone() {
        let draw = |seed, purpose, index| TrainingRng::new(seed, purpose, index).unit();
        assert_eq!(draw(1, Purpose::Order, 0), draw(1, Purpose::Order, 0));
        assert_ne!(draw(1, Purpose::Order, 0), draw(2, Purpose::Order, 0));
        assert_ne!(draw(1, Purpose::Order, 0), draw(1, Purpose::Loss, 0));
        assert_ne!(draw(1, Purpose::Order, 0), draw(1, Purpose::Order, 1));
    }

    #[test]
    fn normal_draws_have_mean_zero_and_deviation_one() {
        let mut rng = TrainingRng::new(7, Purpose::Latents, 0);
        let draws: Vec<f32> = (0..20_000).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f32>() / draws.len() as f32;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }
}
