//! Where changes begin and end: drummers change things at the borders of bars, a model that has not heard
//! them does so anywhere.

use beat::{STEPS, STEPS_PER_BAR};
use serde::Serialize;

use super::statistics::Share;

/// Steps of a beat.
const BEAT: usize = 4;

/// How often a change begins or ends at a beat: a beat has changed where it is not as two bars before, and
/// a change begins or ends where one beat has and its neighbour has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Turns {
    /// Where four bars begin.
    pub(crate) four_bars: f64,
    /// Where another bar begins.
    pub(crate) bar: f64,
    /// Within a bar.
    pub(crate) elsewhere: f64,
}

impl Turns {
    /// How many times as often at the borders of four bars and of other bars as within bars; 0 where nothing
    /// turns there.
    pub(crate) fn over_elsewhere(&self) -> [f64; 2] {
        [self.four_bars, self.bar].map(|at| if self.elsewhere > 0.0 { at / self.elsewhere } else { 0.0 })
    }
}

/// Counts the turns of phrases, each from the first of four bars on.
pub(crate) fn turns(phrases: &[Vec<u16>]) -> Turns {
    let [mut four_bars, mut bar, mut elsewhere] = [Share::default(); 3];
    for phrase in phrases {
        let now = phrase.chunks_exact(BEAT).skip(STEPS / BEAT);
        let changed: Vec<bool> =
            now.zip(phrase.chunks_exact(BEAT)).map(|(now, before)| now != before).collect();
        for (number, pair) in changed.windows(2).enumerate() {
            let step = STEPS + (number + 1) * BEAT;
            let at = match step {
                _ if step.is_multiple_of(4 * STEPS_PER_BAR) => &mut four_bars,
                _ if step.is_multiple_of(STEPS_PER_BAR) => &mut bar,
                _ => &mut elsewhere,
            };
            at.count(pair[0] != pair[1]);
        }
    }
    Turns { four_bars: four_bars.value(), bar: bar.value(), elsewhere: elsewhere.value() }
}

#[cfg(test)]
mod tests {
    use super::super::bars::tests::{rock, roll};
    use super::*;

    #[test]
    fn a_fill_before_every_four_bars_turns_within_its_bar_and_where_four_bars_begin() {
        let song = [rock(), rock(), rock(), roll()].repeat(4).concat();
        let turns = turns(&[song]);
        // From its third beat on the roll's bar differs from two bars ago, and the bar after next from it.
        assert_eq!((turns.four_bars, turns.bar > 0.0, turns.elsewhere > 0.0), (1.0, true, true));
        assert_eq!(super::turns(&[rock().repeat(16)]).over_elsewhere(), [0.0, 0.0]);
    }
}
