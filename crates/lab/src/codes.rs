//! Patterns through a trained encoder, many at once.

use anyhow::Result;
use beat::{INSTRUMENTS, Pattern, STEPS};
use nets::{Encoder, Latent, Logits, patterns_tensor};
use rayon::prelude::*;

/// Patterns that go through a network at once.
const BATCH: usize = 512;

/// The latent of each pattern, in their order.
pub(crate) fn encode(encoder: &Encoder, patterns: &[Pattern]) -> Result<Vec<Latent>> {
    let batches: Vec<Result<Vec<f32>>> = patterns
        .par_chunks(BATCH)
        .map(|batch| {
            Ok(encoder.forward(patterns_tensor(batch, &nets::device())).mean.try_into_vec_as::<f32>()?)
        })
        .collect();
    let mut latents = Vec::with_capacity(patterns.len());
    for batch in batches {
        latents.extend_from_slice(batch?.as_chunks().0);
    }
    Ok(latents)
}

/// How finely thresholds are searched, in steps over 0..1.
const GRID: usize = 100;

/// For each instrument the probability above which a cell should count as a hit, so that F1 over
/// `patterns` is highest. Decoders are shy: at 0.5 they leave out what they are not sure of.
pub(crate) fn calibrated<'a>(decoded: impl Iterator<Item = (&'a Pattern, &'a Logits)>) -> [f32; INSTRUMENTS] {
    // Hits and misses by instrument and by the probability that the decoder gave, in GRID bins.
    let mut counts = [[[0_u64; 2]; GRID]; INSTRUMENTS];
    for (pattern, logits) in decoded {
        for step in 0..STEPS {
            for (instrument, counts) in counts.iter_mut().enumerate() {
                let likely = nets::probability(logits[step * INSTRUMENTS + instrument]);
                let bin = ((likely * GRID as f32) as usize).min(GRID - 1);
                counts[bin][usize::from(pattern.has(step, instrument))] += 1;
            }
        }
    }
    counts.map(|bins| best_threshold(&bins))
}

/// The threshold of highest F1; 0.5 for an instrument that never plays.
fn best_threshold(bins: &[[u64; 2]; GRID]) -> f32 {
    let all: u64 = bins.iter().map(|bin| bin[1]).sum();
    let (mut best, mut best_f1) = (0.5, 0.0);
    let (mut hits, mut called) = (0, 0);
    for (bin, [quiet, hit]) in bins.iter().enumerate().rev() {
        hits += hit;
        called += hit + quiet;
        let f1 = 2.0 * hits as f64 / (called + all).max(1) as f64;
        // Below 0.1 an instrument would be called on where it plays one time in ten.
        if f1 > best_f1 && bin >= GRID / 10 {
            (best, best_f1) = (bin as f32 / GRID as f32, f1);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use beat::CELLS;

    #[test]
    fn a_shy_decoder_is_called_at_a_lower_threshold() {
        // Kicks are on step 0, where the decoder says 0.357; elsewhere it says 0.05. Snares never play.
        let pattern = Pattern::EMPTY.with(0, 0);
        let mut logits = [-3.0; CELLS];
        logits[0] = (0.357_f32 / 0.643).ln();
        let thresholds = calibrated([(&pattern, &logits)].into_iter());
        assert!((0.1..0.357).contains(&thresholds[0]), "{}", thresholds[0]);
        assert_eq!(thresholds[1], 0.5);
    }
}
