//! Latents of patterns by the encoder, random latents, and patterns from them.

use anyhow::Result;
use beat::{Grid, Pattern};
use nets::{CodeCloud, Draw, Encoder, Latent, Model, PatternDecoder, patterns_tensor};
use rayon::prelude::*;

use crate::rng::{Purpose, TrainingRng};

/// Patterns of one forward pass.
const BATCH: usize = 512;

/// The latent of each pattern on `grid`, in their order.
///
/// # Errors
///
/// A tensor can't be read back.
pub fn encode(encoder: &Encoder, patterns: &[Pattern], grid: &Grid) -> Result<Vec<Latent>> {
    let batches: Vec<Result<Vec<f32>>> = patterns
        .par_chunks(BATCH)
        .map(|batch| {
            Ok(encoder
                .forward(patterns_tensor(batch, grid, &nets::device()))
                .mean
                .try_into_vec_as::<f32>()?)
        })
        .collect();
    let mut latents = Vec::with_capacity(patterns.len());
    for batch in batches {
        latents.extend_from_slice(batch?.as_chunks().0);
    }
    Ok(latents)
}

/// Standard deviation of the noise on a training code that a latent is drawn around, in deviations of all codes.
const CODE_NOISE: f32 = 0.05;

/// Where latents come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatentSource {
    /// Around the codes of training patterns.
    Data,
    /// From a normal with the codes' mean and deviation in each dimension: the paper's protocol.
    Normal,
}

/// Random latents, each with the index of the code that it was drawn around. [`LatentSource::Data`] falls back
/// to the normal where the model has no codes; a latent from the normal has its own number as index.
pub fn draw_latents(codes: &CodeCloud, from: LatentSource, count: usize, seed: u64) -> Vec<(Latent, usize)> {
    let mut rng = TrainingRng::new(seed, Purpose::Latents, 0);
    (0..count)
        .map(|row| {
            let (centre, width, code) = match from {
                LatentSource::Data if !codes.codes.is_empty() => {
                    let code = rng.below(codes.codes.len());
                    (codes.codes[code], CODE_NOISE, code)
                }
                _ => (codes.mean, 1.0, row),
            };
            (std::array::from_fn(|d| centre[d] + width * codes.deviation[d] * rng.normal()), code)
        })
        .collect()
}

/// The pattern of each latent, with the random numbers of a take of its own.
pub fn draw_patterns(model: &Model, latents: &[Latent], temperature: f32, seed: u64) -> Vec<Pattern> {
    let decoder = PatternDecoder::new(model);
    decoder.patterns(latents, |row| draw(temperature, seed, row))
}

/// How pattern `row` is drawn.
pub fn draw(temperature: f32, seed: u64, row: usize) -> Draw {
    Draw { temperature, density: 0.0, rng: nets::CounterRng { seed, take: row as u32 } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latents_of_data_lie_near_codes_and_normal_ones_have_their_spread() {
        let codes = CodeCloud::of(
            (0..200).map(|k| [if k % 2 == 0 { -3.0 } else { 3.0 }, 1.0, 0.0, k as f32]).collect(),
        );
        for (z, code) in draw_latents(&codes, LatentSource::Data, 300, 4) {
            assert_eq!(z[0] < 0.0, code % 2 == 0);
            assert!((z[0].abs() - 3.0).abs() < 1.0 && z[1] == 1.0, "{z:?}");
        }
        let normal = draw_latents(&codes, LatentSource::Normal, 4000, 4);
        let spread = (normal.iter().map(|(z, _)| z[0] * z[0]).sum::<f32>() / 4000.0).sqrt();
        assert!((spread - 3.0).abs() < 0.15, "{spread}");
        assert_eq!(normal, draw_latents(&codes, LatentSource::Normal, 4000, 4));
    }
}
