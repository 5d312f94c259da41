//! From logits to a pattern and its velocities: the likeliest pattern, sampling at a temperature, dynamics.

use crate::{CounterRng, HistoryHead, Latent, Logits, RngStream, probability};
use beat::{Grid, INSTRUMENTS, MOST_STEPS, Pattern};

/// Density 1 adds this much to every logit, density -1 takes it away.
pub(crate) const DENSITY_LOGITS: f32 = 2.5;
/// Up to this temperature the share of cells that are redrawn rises to 1; above it their logits are divided too.
const ALL_REDRAWN: f32 = 1.0;
/// The highest temperature, and the divisor of the logits there.
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
    /// by seed, take and cell, so that cells change one by one as the temperature rises; the same step of each bar
    /// shares its own, so that both bars vary alike.
    pub(crate) fn pattern(&self, logits: &Logits, likeliest: &Pattern, grid: &Grid) -> Pattern {
        let (redrawn, flattened) = self.redraw_and_flatten();
        let mut steps = [0; MOST_STEPS];
        for (cell, &logit) in logits.iter().enumerate() {
            let (step, instrument) = (cell / INSTRUMENTS, cell % INSTRUMENTS);
            let onset = if self.rng.uniform(tied(cell, grid), RngStream::Redraw) < redrawn {
                let logit = logit + self.density_shift();
                self.rng.uniform(tied(cell, grid), RngStream::Onset) < probability(logit / flattened)
            } else {
                likeliest.has(step, instrument)
            };
            steps[step] |= u16::from(onset) << instrument;
        }
        // Only the bits of the 14 instruments were set above.
        Pattern::new(steps).unwrap_or_default()
    }

    /// As [`Self::pattern`], but the probability of a redrawn cell comes from the history head, given the cells
    /// before it. Both bars redraw the same cells, but with random numbers of their own, since the second bar
    /// depends on the first.
    pub(crate) fn pattern_with_history(
        &self,
        logits: &Logits,
        likeliest: &Pattern,
        latent_of: impl Fn(usize) -> Latent,
        head: &HistoryHead,
        grid: &Grid,
    ) -> Pattern {
        let (redrawn, flattened) = self.redraw_and_flatten();
        if redrawn == 0.0 {
            return *likeliest; // no cell would be redrawn
        }
        head.decode(latent_of, logits, |step, instrument, given| {
            let cell = step * INSTRUMENTS + instrument;
            if self.rng.uniform(tied(cell, grid), RngStream::Redraw) < redrawn {
                let logit = given + self.density_shift();
                self.rng.uniform(cell, RngStream::Onset) < probability(logit / flattened)
            } else {
                likeliest.has(step, instrument)
            }
        })
    }

    /// The share of cells that are redrawn, 0..=1, and the divisor of their logits, 1..=1.3.
    fn redraw_and_flatten(&self) -> (f32, f32) {
        let (hottest, flattest) = HOTTEST;
        let temperature = within(self.temperature, 0.0, hottest);
        let above = (temperature - ALL_REDRAWN).max(0.0) / (hottest - ALL_REDRAWN);
        (temperature.min(ALL_REDRAWN), 1.0 + above * (flattest - 1.0))
    }

    /// The term that the density adds to every logit.
    pub(crate) fn density_shift(&self) -> f32 {
        density_shift(self.density)
    }
}

/// The term that a density of -1..=1 adds to every logit.
pub(crate) fn density_shift(density: f32) -> f32 {
    DENSITY_LOGITS * within(density, -1.0, 1.0)
}

/// The cell of the first bar at the same position in the bar as `cell`.
fn tied(cell: usize, grid: &Grid) -> usize {
    cell % (grid.bar_steps() * INSTRUMENTS)
}

/// `value` clamped to its range, 0 where it is NaN.
pub(crate) fn within(value: f32, least: f32, most: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(least, most) }
}

/// A cell above this probability always plays, so that no bar loses one of its eight hi-hats.
const CERTAIN: f32 = 0.6;
/// A cell below this probability never plays.
const UNLIKELY: f32 = 0.25;

/// How logits become a pattern without random numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Likeliest {
    /// Each instrument plays its expected number of hits, the sum of its probabilities, in its likeliest cells,
    /// within the bounds of [`CERTAIN`] and [`UNLIKELY`]. Unlike a threshold this keeps the mean number of hits,
    /// lets the two bars differ, and changes with small changes of density over the map.
    Expected,
    /// Each cell whose logit is above its instrument's threshold plays.
    Thresholds([f32; INSTRUMENTS]),
}

impl Likeliest {
    /// The likeliest pattern of `logits`, each raised by `shift`. A higher shift only adds hits.
    pub(crate) fn pattern(&self, logits: &Logits, shift: f32) -> Pattern {
        let mut steps = [0; MOST_STEPS];
        for instrument in 0..INSTRUMENTS {
            let own: [f32; MOST_STEPS] =
                std::array::from_fn(|step| logits[step * INSTRUMENTS + instrument] + shift);
            let hits = match self {
                Self::Expected => expected(&own),
                Self::Thresholds(thresholds) => above(&own, thresholds[instrument]),
            };
            for (step, hit) in steps.iter_mut().zip(hits) {
                *step |= u16::from(hit) << instrument;
            }
        }
        // Only the bits of the 14 instruments were set above.
        Pattern::new(steps).unwrap_or_default()
    }
}

fn above(own: &[f32; MOST_STEPS], threshold: f32) -> [bool; MOST_STEPS] {
    own.map(|logit| logit > threshold)
}

/// The likeliest steps of an instrument, in the expected number.
fn expected(own: &[f32; MOST_STEPS]) -> [bool; MOST_STEPS] {
    let likely = own.map(probability);
    let [certain, possible] = [CERTAIN, UNLIKELY].map(|least| likely.iter().filter(|p| **p > least).count());
    let count = (likely.iter().sum::<f32>().round() as usize).clamp(certain, possible);
    let mut hits = [false; MOST_STEPS];
    if count == 0 {
        return hits;
    }
    let mut order: [usize; MOST_STEPS] = std::array::from_fn(|step| step);
    // By step where logits are equal, so that the order is always the same one.
    let likelier = |a: &usize, b: &usize| own[*b].total_cmp(&own[*a]).then(a.cmp(b));
    if count < MOST_STEPS {
        order.select_nth_unstable_by(count, likelier);
    }
    for step in &order[..count] {
        hits[*step] = true;
    }
    hits
}

/// The MIDI velocity of each cell, meaningful where it has an onset.
pub fn velocities(logits: &Logits, draw: &Draw, grid: &Grid) -> [[u8; INSTRUMENTS]; MOST_STEPS] {
    let mut velocities = [[0; INSTRUMENTS]; MOST_STEPS];
    for (cell, logit) in logits.iter().enumerate() {
        let (step, instrument) = (cell / INSTRUMENTS, cell % INSTRUMENTS);
        let likely = probability(logit + draw.density_shift());
        velocities[step][instrument] =
            velocity(likely, step, grid, draw.rng.uniform(cell, RngStream::Velocity));
    }
    velocities
}

/// The metrical weight of a step, 0..=1: highest on beat one, then, in a bar of four beats, beat three, the other
/// beats, the eighths between them (in triplets the third place, where a shuffle has them), what is between those. In
/// the middle of a bar of three beats lies the second beat of 6/8.
fn metrical_weight(step: usize, grid: &Grid) -> f32 {
    const FOUR: [f32; Grid::FOUR_FOUR.bar_steps()] =
        [1.0, 0.1, 0.45, 0.15, 0.85, 0.1, 0.45, 0.2, 0.92, 0.1, 0.45, 0.15, 0.85, 0.1, 0.5, 0.25];
    const SHUFFLE: [f32; Grid::SHUFFLE.bar_steps()] =
        [1.0, 0.1, 0.45, 0.85, 0.1, 0.45, 0.92, 0.1, 0.45, 0.85, 0.15, 0.5];
    const THREE: [f32; Grid::THREE.bar_steps()] =
        [1.0, 0.1, 0.45, 0.15, 0.85, 0.1, 0.65, 0.15, 0.85, 0.1, 0.5, 0.25];
    [&FOUR[..], &SHUFFLE, &THREE][grid.index()][step % grid.bar_steps()]
}

/// The MIDI velocity 1..=127 of an onset on `step` that the model gives `probability` (0..=1).
/// An unlikely hit off the beat is a ghost note; a likely one on the beat an accent. `uniform` (0..1) varies
/// it by up to four either way.
pub(crate) fn velocity(probability: f32, step: usize, grid: &Grid, uniform: f32) -> u8 {
    let metre = metrical_weight(step, grid);
    let velocity = 30.0 + 46.0 * probability + 44.0 * metre + 8.0 * (uniform - 0.5);
    // NaN is cast to 0, and clamped to 1.
    (velocity.round() as u8).clamp(1, 127)
}

#[cfg(test)]
mod tests {
    use super::*;
    use beat::MOST_CELLS;

    const GRID: Grid = Grid::FOUR_FOUR;

    /// Logits from -4.8 to 3.2, the same in every run; both bars alike.
    fn logits() -> Logits {
        let rng = CounterRng { seed: 9, take: 9 };
        std::array::from_fn(|cell| 8.0 * (rng.uniform(cell % (MOST_CELLS / 2), RngStream::Latent) - 0.6))
    }

    fn draw(temperature: f32, density: f32, take: u32) -> Pattern {
        let rng = CounterRng { seed: 4711, take };
        let draw = Draw { temperature, density, rng };
        let likeliest = Likeliest::Thresholds([0.0; INSTRUMENTS]).pattern(&logits(), draw.density_shift());
        draw.pattern(&logits(), &likeliest, &GRID)
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

    /// Logits of one instrument, silence elsewhere.
    fn of(instrument: usize, logit: impl Fn(usize) -> f32) -> Logits {
        let mut logits = [-20.0; MOST_CELLS];
        for step in 0..MOST_STEPS {
            logits[step * INSTRUMENTS + instrument] = logit(step);
        }
        logits
    }

    #[test]
    fn an_instrument_plays_as_often_as_it_is_expected_to_where_it_is_likeliest() {
        // Eight quarters at 0.4 are 3.2 hits: a threshold of one half would play none of them.
        let logits =
            of(2, |step| if step % 4 == 0 { (0.4_f32 / 0.6).ln() + 1e-3 * step as f32 } else { -9.0 });
        let pattern = Likeliest::Expected.pattern(&logits, 0.0);
        let hits: Vec<usize> = (0..MOST_STEPS).filter(|step| pattern.has(*step, 2)).collect();
        assert_eq!((hits.as_slice(), pattern.hits()), ([20, 24, 28].as_slice(), 3));
        assert_eq!(Likeliest::Thresholds([0.0; INSTRUMENTS]).pattern(&logits, 0.0), Pattern::EMPTY);
    }

    #[test]
    fn what_is_nearly_certain_plays_and_what_is_unlikely_does_not() {
        // Sixteen hi-hats at 0.8 add up to 12.8 hits, and sixteen at 0.2 to 3.2.
        let at = |likely: f32| {
            Likeliest::Expected.pattern(
                &of(4, |step| if step % 2 == 0 { (likely / (1.0 - likely)).ln() } else { -20.0 }),
                0.0,
            )
        };
        assert_eq!((at(0.8).hits(), at(0.5).hits(), at(0.2).hits()), (16, 8, 0));
    }

    #[test]
    fn equal_cells_are_played_from_the_front() {
        let pattern = Likeliest::Expected.pattern(&of(0, |_| 0.0), 0.0);
        assert_eq!(pattern.steps()[..16], [1; 16]);
        assert_eq!(pattern.steps()[16..], [0; 16]);
    }

    #[test]
    fn a_shift_upwards_only_adds_hits() {
        let logits = of(4, |step| (step as f32 * 0.7).sin() * 3.0 - 1.0);
        let mut last = Likeliest::Expected.pattern(&logits, -4.0);
        for tenth in -39..=80 {
            let pattern = Likeliest::Expected.pattern(&logits, tenth as f32 / 10.0);
            assert!(last.steps().iter().zip(pattern.steps()).all(|(a, b)| a & b == *a));
            last = pattern;
        }
        assert_eq!(last.hits(), MOST_STEPS as u32);
    }

    #[test]
    fn logits_that_are_not_finite_still_give_a_pattern() {
        for logit in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let hits = Likeliest::Expected.pattern(&[logit; MOST_CELLS], 0.0).hits();
            assert!(hits == 0 || hits == MOST_CELLS as u32, "{hits}");
        }
    }

    #[test]
    fn beats_are_accents_and_unlikely_hits_between_them_ghost_notes() {
        for uniform in [0.0, 0.5, 0.999] {
            assert!(velocity(0.95, 0, &GRID, uniform) > 105);
            assert!(velocity(0.95, 20, &GRID, uniform) > 100);
            assert!(velocity(0.1, 5, &GRID, uniform) < 50);
            assert!(velocity(0.95, 2, &GRID, uniform) < velocity(0.95, 4, &GRID, uniform));
        }
    }

    #[test]
    fn a_velocity_is_in_the_range_of_midi_for_every_input() {
        for probability in [0.0, 1.0, f32::NAN, f32::INFINITY, -1e9] {
            for step in 0..32 {
                assert!((1..=127).contains(&velocity(probability, step, &GRID, 0.999)));
            }
        }
    }
}
