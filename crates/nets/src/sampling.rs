//! Counter-based random numbers, sampling from logits, and generating a song step by step.
//!
//! The random number generator is stateless: a number depends on its key alone. So a take depends on nothing but the
//! settings, a cell keeps its number while the puck or the temperature moves, and a seed always generates the same
//! steps.

/// What a random number decides. Different streams of one cell are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum RngStream {
    /// Whether the cell is redrawn.
    Redraw = 0,
    /// What the redrawn cell becomes.
    Onset = 1,
    /// How hard the cell is hit.
    Velocity = 2,
    /// A coordinate of a latent or of a map point.
    Latent = 3,
    /// A decision of a bar's plan.
    Plan = 4,
    /// The class of a step that a phrase writes.
    Written = 5,
    /// The class of a step that a next-step model generates.
    Step = 6,
}

/// The random numbers of one take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterRng {
    /// The seed parameter.
    pub seed: u64,
    /// The take.
    pub take: u32,
}

impl CounterRng {
    /// The draw for `cell` in `stream`: uniform in 0..1, in steps of 2^-24.
    ///
    /// Seed, take, cell and stream are mixed one after another by the finalizer of SplitMix64 (Steele,
    /// Lea & Flood, OOPSLA 2014), which is a bijection: within one seed and take, no two pairs of cell and
    /// stream have the same 64 bits.
    pub fn uniform(&self, cell: usize, stream: RngStream) -> f32 {
        let take = mix(mix(self.seed) ^ u64::from(self.take));
        let bits = mix(take ^ (cell as u64) << 8 ^ stream as u64);
        (bits >> 40) as f32 / (1_u64 << 24) as f32
    }
}

/// One round of SplitMix64.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

/// The probability of a logit (the logistic function), 0..=1.
pub fn probability(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// A model that predicts the next step of a song.
pub trait NextStepModel: Sync {
    /// The state before the first step of a bar.
    fn start(&self) -> Box<dyn GenerationState + '_>;
}

/// The state of a next-step model while a song is generated or scored.
pub trait GenerationState {
    /// The logits of every class for the next step.
    fn logits(&self) -> Vec<f32>;

    /// Appends the class of the next step.
    fn push(&mut self, class: u16);
}

/// Generates `steps` steps after those of `prime`, the beginning of a song. At temperature 0 each is the most
/// probable class, at 1 each is drawn from the model's distribution. Random numbers are keyed by the index of a step
/// in the song.
pub fn generate(
    model: &dyn NextStepModel,
    prime: &[u16],
    steps: usize,
    temperature: f32,
    rng: CounterRng,
) -> Vec<u16> {
    let mut state = model.start();
    prime.iter().for_each(|class| state.push(*class));
    let next = |step: usize| {
        let uniform = rng.uniform(step, RngStream::Step);
        let class = sample_categorical(&state.logits(), temperature, uniform) as u16;
        state.push(class);
        class
    };
    (prime.len()..prime.len() + steps).map(next).collect()
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

    /// Numbers of many cells and takes, all of one stream.
    fn draws(seed: u64, stream: RngStream) -> Vec<f32> {
        let cells = |take| (0..448).map(move |cell| CounterRng { seed, take }.uniform(cell, stream));
        (0..50).flat_map(cells).collect()
    }

    #[test]
    fn numbers_are_uniform_and_uncorrelated() {
        let draws = draws(4711, RngStream::Onset);
        let count = draws.len() as f32;
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        // Bounds are five standard errors of a uniform distribution.
        let mean = draws.iter().sum::<f32>() / count;
        assert!((mean - 0.5).abs() < 5.0 * (1.0 / 12.0 / count).sqrt(), "mean {mean}");
        for lag in [1, 14, 224, 448] {
            let pairs = draws.iter().zip(&draws[lag..]);
            let covariance = pairs.map(|(a, b)| (a - 0.5) * (b - 0.5)).sum::<f32>() / count;
            assert!(covariance.abs() < 5.0 / 12.0 / count.sqrt(), "lag {lag}: {covariance}");
        }
    }

    #[test]
    fn seed_take_cell_and_stream_each_change_the_draw() {
        let uniform = |seed, take, cell, stream| CounterRng { seed, take }.uniform(cell, stream);
        let first = uniform(1, 2, 3, RngStream::Redraw);
        assert_eq!(first, uniform(1, 2, 3, RngStream::Redraw));
        assert_ne!(first, uniform(2, 2, 3, RngStream::Redraw));
        assert_ne!(first, uniform(1, 3, 3, RngStream::Redraw));
        assert_ne!(first, uniform(1, 2, 4, RngStream::Redraw));
        assert_ne!(first, uniform(1, 2, 3, RngStream::Onset));
    }

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
