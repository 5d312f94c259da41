//! Encoding of patterns in batches.

use anyhow::Result;
use beat::Pattern;
use nets::{Encoder, Latent, patterns_tensor};
use rayon::prelude::*;

/// Patterns of one forward pass.
const BATCH: usize = 512;

/// The latent of each pattern, in their order.
///
/// # Errors
///
/// A tensor can't be read back.
pub fn encode(encoder: &Encoder, patterns: &[Pattern]) -> Result<Vec<Latent>> {
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
