//! Where the training patterns lie in the code space.

use crate::{LATENT, Latent};

/// The latents of training patterns: what generation draws around.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeCloud {
    /// Latents of training patterns, perhaps a sample of them.
    pub codes: Vec<Latent>,
    /// Their mean per dimension.
    pub mean: Latent,
    /// Their standard deviation per dimension. With the mean it is the normal from which Tikhonov &
    /// Yamshchikov drew (arXiv 2007.06284).
    pub deviation: Latent,
}

impl CodeCloud {
    /// The cloud of these codes, with their own mean and deviation (0 and 1 for no code at all).
    pub fn of(codes: Vec<Latent>) -> Self {
        let count = codes.len() as f64;
        let (mut mean, mut deviation) = ([0.0; LATENT], [1.0; LATENT]);
        if !codes.is_empty() {
            for d in 0..LATENT {
                let average = codes.iter().map(|code| f64::from(code[d])).sum::<f64>() / count;
                let square = codes.iter().map(|code| (f64::from(code[d]) - average).powi(2)).sum::<f64>();
                mean[d] = average as f32;
                deviation[d] = (square / count).sqrt() as f32;
            }
        }
        Self { codes, mean, deviation }
    }

    /// Whether every number is finite and no deviation is negative.
    pub fn is_sound(&self) -> bool {
        let finite = |latent: &Latent| latent.iter().all(|value| value.is_finite());
        self.codes.iter().all(finite)
            && finite(&self.mean)
            && finite(&self.deviation)
            && self.deviation.iter().all(|&deviation| deviation >= 0.0)
    }
}

impl Default for CodeCloud {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_are_those_of_the_codes() {
        let cloud = CodeCloud::of(vec![[1.0, 0.0, 2.0, -4.0], [3.0, 0.0, 2.0, 4.0]]);
        assert_eq!(cloud.mean, [2.0, 0.0, 2.0, 0.0]);
        assert_eq!(cloud.deviation, [1.0, 0.0, 0.0, 4.0]);
        assert!(cloud.is_sound() && CodeCloud::default().is_sound());
        assert!(!CodeCloud::of(vec![[f32::INFINITY; 4]]).is_sound());
    }
}
