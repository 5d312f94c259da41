//! Sampling a pattern from logits at a temperature.

use beat::{INSTRUMENTS, Pattern, STEPS, STEPS_PER_BAR};

use crate::pattern_decoder::{Logits, probability};
use crate::{CounterRng, HistoryHead, Latent, RngStream};

/// Density 1 adds this much to every logit, density -1 takes it away.
pub(crate) const DENSITY_LOGITS: f32 = 2.5;
/// Up to this temperature the share of cells that are redrawn rises to 1; above it their logits are divided too.
const ALL_REDRAWN: f32 = 1.0;
/// The highest temperature, and by what the logits are divided there.
const HOTTEST: (f32, f32) = (1.5, 1.3);

/// How a pattern is sampled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draw {
    /// 0 (the likeliest pattern) to 1.5; clamped to that range, NaN to 0.
    pub temperature: f32,
    /// -1 (sparser) to 1 (denser); 0 is the model's own.
    pub density: f32,
    /// The random numbers of the take.
    pub rng: CounterRng,
}

impl Draw {
    /// The likeliest pattern, without random numbers.
    pub const LIKELIEST: Self = Self { temperature: 0.0, density: 0.0, rng: CounterRng { seed: 0, take: 0 } };

    /// The pattern drawn from `logits`. `likeliest` is their pattern at temperature 0.
    ///
    /// With probability min(temperature, 1) a cell is redrawn from its own probability, else it stays
    /// what it is at temperature 0. Above 1 the logits are divided by up to 1.3. The random numbers are keyed
    /// by seed, take and cell, so that cells change one by one as the temperature rises; steps s and s + 16
    /// share theirs, so that both bars vary alike.
    pub(crate) fn pattern(&self, logits: &Logits, likeliest: &Pattern) -> Pattern {
        let (redrawn, flattened) = self.redraw_and_flatten();
        let mut steps = [0; STEPS];
        for (cell, &logit) in logits.iter().enumerate() {
            let (step, instrument) = (cell / INSTRUMENTS, cell % INSTRUMENTS);
            let onset = if self.rng.uniform(tied(cell), RngStream::Redraw) < redrawn {
                let logit = logit + self.density_shift();
                self.rng.uniform(tied(cell), RngStream::Onset) < probability(logit / flattened)
            } else {
                likeliest.has(step, instrument)
            };
            steps[step] |= u16::from(onset) << instrument;
        }
        // Only the bits of the 14 instruments were set above.
        Pattern::new(steps).unwrap_or_default()
    }

    /// As [`Self::pattern`], but a redrawn cell comes from the history head, given what was decided
    /// before it. Which cells are redrawn is tied across the bars; what they become is not, since the
    /// second bar depends on the first.
    pub(crate) fn pattern_with_history(
        &self,
        logits: &Logits,
        likeliest: &Pattern,
        latent_of: impl Fn(usize) -> Latent,
        head: &HistoryHead,
    ) -> Pattern {
        let (redrawn, flattened) = self.redraw_and_flatten();
        if redrawn == 0.0 {
            return *likeliest; // no cell would be redrawn
        }
        head.decode(latent_of, logits, |step, instrument, given| {
            let cell = step * INSTRUMENTS + instrument;
            if self.rng.uniform(tied(cell), RngStream::Redraw) < redrawn {
                let logit = given + self.density_shift();
                self.rng.uniform(cell, RngStream::Onset) < probability(logit / flattened)
            } else {
                likeliest.has(step, instrument)
            }
        })
    }

    /// The share of cells that are redrawn, 0..=1, and by what their logits are divided, 1..=1.3.
    fn redraw_and_flatten(&self) -> (f32, f32) {
        let (hottest, flattest) = HOTTEST;
        let temperature = within(self.temperature, 0.0, hottest);
        let above = (temperature - ALL_REDRAWN).max(0.0) / (hottest - ALL_REDRAWN);
        (temperature.min(ALL_REDRAWN), 1.0 + above * (flattest - 1.0))
    }

    /// What the density adds to every logit.
    pub(crate) fn density_shift(&self) -> f32 {
        density_shift(self.density)
    }
}

/// What a density of -1..=1 adds to every logit.
pub(crate) fn density_shift(density: f32) -> f32 {
    DENSITY_LOGITS * within(density, -1.0, 1.0)
}

/// The cell of the first bar at the same position in the bar as `cell`.
fn tied(cell: usize) -> usize {
    cell % (STEPS_PER_BAR * INSTRUMENTS)
}

/// `value` clamped to its range, 0 where it is NaN.
pub(crate) fn within(value: f32, least: f32, most: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(least, most) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::likeliest::Likeliest;
    use beat::CELLS;

    /// Logits from -4.8 to 3.2, the same in every run; both bars alike.
    fn logits() -> Logits {
        let rng = CounterRng { seed: 9, take: 9 };
        std::array::from_fn(|cell| 8.0 * (rng.uniform(cell % (CELLS / 2), RngStream::Latent) - 0.6))
    }

    fn draw(temperature: f32, density: f32, take: u32) -> Pattern {
        let rng = CounterRng { seed: 4711, take };
        let draw = Draw { temperature, density, rng };
        let likeliest = Likeliest::Above([0.0; INSTRUMENTS]).pattern(&logits(), draw.density_shift());
        draw.pattern(&logits(), &likeliest)
    }

    #[test]
    fn at_temperature_zero_every_take_is_the_likeliest_pattern() {
        let likeliest = draw(0.0, 0.0, 0);
        for (cell, logit) in logits().iter().enumerate() {
            assert_eq!(likeliest.has(cell / INSTRUMENTS, cell % INSTRUMENTS), *logit > 0.0);
        }
        for take in 1..8 {
            assert_eq!(draw(0.0, 0.0, take), likeliest);
        }
    }

    #[test]
    fn a_rising_temperature_changes_cells_one_by_one_and_none_back() {
        let likeliest = draw(0.0, 0.0, 3);
        let mut last = likeliest;
        let mut changed = 0;
        for hundredth in 1..=100 {
            let pattern = draw(hundredth as f32 / 100.0, 0.0, 3);
            assert!(pattern.hamming(&last) <= 12, "a jump at {hundredth}");
            assert!(pattern.hamming(&likeliest) >= changed, "a cell changed back at {hundredth}");
            changed = pattern.hamming(&likeliest);
            last = pattern;
        }
        assert!(changed > 20, "only {changed} cells changed");
    }

    #[test]
    fn where_both_bars_are_alike_they_vary_alike() {
        let pattern = draw(1.5, 0.0, 5);
        assert_eq!(pattern.steps()[..16], pattern.steps()[16..]);
        assert_ne!(pattern, draw(0.0, 0.0, 5));
    }

    #[test]
    fn density_only_adds_hits_upwards_and_only_takes_them_downwards() {
        for temperature in [0.0, 0.7, 1.4] {
            let mut last = draw(temperature, -1.0, 2);
            for tenth in -9..=10 {
                let pattern = draw(temperature, tenth as f32 / 10.0, 2);
                assert!(last.steps().iter().zip(pattern.steps()).all(|(a, b)| a & b == *a));
                last = pattern;
            }
            assert!(last.hits() > draw(temperature, -1.0, 2).hits());
        }
    }

    #[test]
    fn settings_that_are_no_numbers_are_taken_as_zero() {
        assert_eq!(draw(f32::NAN, f32::NAN, 1), draw(0.0, 0.0, 1));
        assert_eq!(draw(f32::INFINITY, 0.0, 1), draw(1.5, 0.0, 1));
    }
}
