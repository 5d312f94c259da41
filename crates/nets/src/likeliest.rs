//! The pattern at temperature 0: from logits to the likeliest pattern.

use beat::{INSTRUMENTS, Pattern, STEPS};

use crate::pattern_decoder::{Logits, probability};

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
    Above([f32; INSTRUMENTS]),
}

impl Likeliest {
    /// The likeliest pattern of `logits`, each raised by `shift`. A higher shift only adds hits.
    pub(crate) fn pattern(&self, logits: &Logits, shift: f32) -> Pattern {
        let mut steps = [0; STEPS];
        for instrument in 0..INSTRUMENTS {
            let own: [f32; STEPS] =
                std::array::from_fn(|step| logits[step * INSTRUMENTS + instrument] + shift);
            let hits = match self {
                Self::Expected => expected(&own),
                Self::Above(thresholds) => above(&own, thresholds[instrument]),
            };
            for (step, hit) in steps.iter_mut().zip(hits) {
                *step |= u16::from(hit) << instrument;
            }
        }
        // Only the bits of the 14 instruments were set above.
        Pattern::new(steps).unwrap_or_default()
    }
}

fn above(own: &[f32; STEPS], threshold: f32) -> [bool; STEPS] {
    own.map(|logit| logit > threshold)
}

/// The likeliest steps of an instrument, as many as are expected.
fn expected(own: &[f32; STEPS]) -> [bool; STEPS] {
    let likely = own.map(probability);
    let [certain, possible] = [CERTAIN, UNLIKELY].map(|least| likely.iter().filter(|p| **p > least).count());
    let count = (likely.iter().sum::<f32>().round() as usize).clamp(certain, possible);
    let mut hits = [false; STEPS];
    if count == 0 {
        return hits;
    }
    let mut order: [usize; STEPS] = std::array::from_fn(|step| step);
    // By step where logits are equal, so that the order is always the same one.
    let likelier = |a: &usize, b: &usize| own[*b].total_cmp(&own[*a]).then(a.cmp(b));
    if count < STEPS {
        order.select_nth_unstable_by(count, likelier);
    }
    for step in &order[..count] {
        hits[*step] = true;
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;
    use beat::CELLS;

    /// Logits of one instrument, silence elsewhere.
    fn of(instrument: usize, logit: impl Fn(usize) -> f32) -> Logits {
        let mut logits = [-20.0; CELLS];
        for step in 0..STEPS {
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
        let hits: Vec<usize> = (0..STEPS).filter(|step| pattern.has(*step, 2)).collect();
        assert_eq!((hits.as_slice(), pattern.hits()), ([20, 24, 28].as_slice(), 3));
        assert_eq!(Likeliest::Above([0.0; INSTRUMENTS]).pattern(&logits, 0.0), Pattern::EMPTY);
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
        assert_eq!(last.hits(), STEPS as u32);
    }

    #[test]
    fn logits_that_are_not_finite_still_give_a_pattern() {
        for logit in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let hits = Likeliest::Expected.pattern(&[logit; CELLS], 0.0).hits();
            assert!(hits == 0 || hits == CELLS as u32, "{hits}");
        }
    }
}
