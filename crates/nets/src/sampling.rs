//! Drawing from logits, and generating a song step by step. Plain Rust for the decode thread and the
//! command line; the random numbers are stateless, so the same seed generates the same steps.

use crate::{CounterRng, RngStream};

/// The state of a next-step model while a song is generated or scored.
pub trait GenerationState {
    /// The logits of every class for the next step.
    fn logits(&self) -> Vec<f32>;

    /// Appends the class of the next step.
    fn push(&mut self, class: u16);
}

/// Generates `steps` steps and appends them to `state`. At temperature 0 each is the most probable class, at
/// 1 each is drawn from the model's distribution. `first` is the index of the first one in the song: the
/// random numbers are keyed by it.
pub fn generate(
    state: &mut dyn GenerationState,
    first: usize,
    steps: usize,
    temperature: f32,
    rng: CounterRng,
) -> Vec<u16> {
    let next = |step: usize| {
        let uniform = rng.uniform(step, RngStream::Step);
        let class = sample_categorical(&state.logits(), temperature, uniform) as u16;
        state.push(class);
        class
    };
    (first..first + steps).map(next).collect()
}

/// Draws an index from the softmax of `logits / temperature` by inverse transform sampling with `uniform`
/// (0..1). At temperature 0, or below, it is the first of the highest logits. A logit of minus infinity is
/// never drawn, unless all are; no logits at all give 0.
pub fn sample_categorical(logits: &[f32], temperature: f32, uniform: f32) -> usize {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if temperature > 0.0 && highest.is_finite() {
        let weight = |logit: &f32| ((logit - highest) / temperature).exp();
        let mut left = uniform * logits.iter().map(weight).sum::<f32>();
        for (index, logit) in logits.iter().enumerate() {
            left -= weight(logit);
            if left < 0.0 {
                return index;
            }
        }
    }
    logits.iter().position(|logit| *logit == highest).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_drawn_by_their_odds_and_impossible_ones_never() {
        let logits = [0.0, 2.0_f32.ln(), f32::NEG_INFINITY, 0.0];
        let mut counts = [0; 4];
        (0..4000).for_each(|k| counts[sample_categorical(&logits, 1.0, k as f32 / 4000.0)] += 1);
        assert_eq!(counts, [1000, 2000, 0, 1000]);
        let drawn = |temperature, uniform| sample_categorical(&logits, temperature, uniform);
        assert_eq!([drawn(0.0, 0.9), drawn(1.0, 1.0), sample_categorical(&[], 1.0, 0.5)], [1, 1, 0]);
    }
}
