//! Statistics of phrases: where bars change, where fills and crashes are, what repeats.

use rayon::prelude::*;
use serde::Serialize;

use super::bars::{Bar, bars, differs_clearly, fills, first_same, hits};
use super::originality::TrainingPhrases;
use nets::begins_with_crash;

/// Lags in bars at which repeats are counted.
pub const REPEATS: [usize; 4] = [1, 2, 4, 8];
/// With fewer fills than this at the ends of four bars, their lift is noise.
pub const FILLS_ENOUGH: f64 = 0.08;

/// The statistics of a set of phrases: shares in 0..=1 unless noted otherwise; lists of four are of the first to
/// the last bar of each group of four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PhraseStatistics {
    /// The number of phrases.
    pub count: usize,
    /// Mean hits a bar.
    pub hits: f64,
    /// Bars that differ clearly from the one before ([`differs_clearly`]).
    pub changed: [f64; 4],
    /// Bars that are fills ([`fills`]).
    pub fills: [f64; 4],
    /// Fills in the last bars of four over fills in the others; meaningful only where the former are more than
    /// [`FILLS_ENOUGH`].
    pub fill_lift: f64,
    /// Bars that begin with a crash.
    pub crashes: [f64; 4],
    /// Of bars after a fill, those that begin with a crash.
    pub crash_after_fill: f64,
    /// Of the other bars but the first, those that do.
    pub crash_otherwise: f64,
    /// Mean number of distinct bars of a phrase.
    pub distinct_bars: f64,
    /// Bars that are exactly as 1, 2, 4 and 8 bars before ([`REPEATS`]).
    pub repeats: [f64; 4],
    /// Phrases that a training song contains exactly, from any bar on.
    pub known: f64,
}

/// The statistics of phrases, each of whole bars from the first of a group of four on.
pub fn statistics(phrases: &[Vec<u16>], training: &TrainingPhrases) -> PhraseStatistics {
    // Integers, so that the sum does not depend on the order of threads.
    let tally = phrases
        .par_iter()
        .map(|phrase| PhraseTally::of(bars(phrase)))
        .reduce(PhraseTally::default, PhraseTally::and);
    let fills = tally.fills.map(Share::value);
    let [first, second, third, _] = tally.fills;
    let elsewhere = first.and(second).and(third).value();
    PhraseStatistics {
        count: phrases.len(),
        hits: tally.hits.value(),
        changed: tally.changed.map(Share::value),
        fills,
        fill_lift: if elsewhere > 0.0 { fills[3] / elsewhere } else { 0.0 },
        crashes: tally.crashes.map(Share::value),
        crash_after_fill: tally.crash_after_fill.value(),
        crash_otherwise: tally.crash_otherwise.value(),
        distinct_bars: tally.distinct.value(),
        repeats: tally.repeats.map(Share::value),
        known: Share::of(phrases.iter().map(|phrase| training.contains(phrase))).value(),
    }
}

/// A share as two counts: `part` of `whole`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    part: u64,
    whole: u64,
}

impl Share {
    /// The share of those that are true.
    pub fn of(all: impl IntoIterator<Item = bool>) -> Self {
        let mut share = Self::default();
        all.into_iter().for_each(|is| share.count(is));
        share
    }

    /// Counts one more, true or not.
    pub fn count(&mut self, is: bool) {
        self.add(u64::from(is), 1);
    }

    /// Adds to both counts.
    pub fn add(&mut self, part: u64, whole: u64) {
        self.part += part;
        self.whole += whole;
    }

    /// The sum of both.
    pub fn and(self, other: Self) -> Self {
        Self { part: self.part + other.part, whole: self.whole + other.whole }
    }

    /// Part over whole; 0 where the whole is 0.
    pub fn value(self) -> f64 {
        self.part as f64 / self.whole.max(1) as f64
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct PhraseTally {
    hits: Share,
    changed: [Share; 4],
    fills: [Share; 4],
    crashes: [Share; 4],
    crash_after_fill: Share,
    crash_otherwise: Share,
    distinct: Share,
    repeats: [Share; 4],
}

impl PhraseTally {
    fn of(bars: &[Bar]) -> Self {
        let mut tally = Self::default();
        let fills = fills(bars);
        for (number, bar) in bars.iter().enumerate() {
            let of_four = number % 4;
            tally.hits.add(hits(bar).into(), 1);
            tally.fills[of_four].count(fills[number]);
            tally.crashes[of_four].count(begins_with_crash(bar));
            if number > 0 {
                tally.changed[of_four].count(differs_clearly(bar, &bars[number - 1]));
                let after =
                    if fills[number - 1] { &mut tally.crash_after_fill } else { &mut tally.crash_otherwise };
                after.count(begins_with_crash(bar));
            }
            for (repeat, lag) in tally.repeats.iter_mut().zip(REPEATS) {
                if number >= lag {
                    repeat.count(bars[number - lag] == *bar);
                }
            }
        }
        let different =
            first_same(bars).iter().enumerate().filter(|(number, first)| number == *first).count();
        tally.distinct.add(different as u64, 1);
        tally
    }

    fn and(self, other: Self) -> Self {
        let each = |a: [Share; 4], b: [Share; 4]| std::array::from_fn(|k| a[k].and(b[k]));
        Self {
            hits: self.hits.and(other.hits),
            changed: each(self.changed, other.changed),
            fills: each(self.fills, other.fills),
            crashes: each(self.crashes, other.crashes),
            crash_after_fill: self.crash_after_fill.and(other.crash_after_fill),
            crash_otherwise: self.crash_otherwise.and(other.crash_otherwise),
            distinct: self.distinct.and(other.distinct),
            repeats: each(self.repeats, other.repeats),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bars::tests::{rock, roll};
    use super::*;

    /// Three bars of rock and a roll, four times, with a crash at the start of all but the first.
    fn song() -> Vec<u16> {
        let mut phrase = [rock(), rock(), rock(), roll()].repeat(4);
        for bar in [4, 8, 12] {
            phrase[bar][0] |= 1 << 7;
        }
        phrase.concat()
    }

    #[test]
    fn a_song_with_a_fill_every_four_bars_is_counted_so() {
        let counted = statistics(&[song(), song()], &TrainingPhrases::of(&[song()]));
        assert_eq!((counted.count, counted.fills, counted.known), (2, [0.0, 0.0, 0.0, 1.0], 1.0));
        assert_eq!((counted.crash_after_fill, counted.crash_otherwise), (1.0, 0.0));
        assert_eq!((counted.crashes, counted.changed), ([0.75, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 1.0]));
        assert_eq!(counted.distinct_bars, 3.0, "rock, roll and rock with a crash");
        assert_eq!(counted.repeats[2], 11.0 / 12.0, "only the crash is new after four bars");
    }

    #[test]
    fn a_loop_repeats_and_has_no_fill() {
        let counted = statistics(&[[rock(), roll()].repeat(8).concat()], &TrainingPhrases::default());
        assert_eq!((counted.repeats, counted.distinct_bars), ([0.0, 1.0, 1.0, 1.0], 2.0));
        assert_eq!((counted.fill_lift, counted.known), (0.0, 0.0));
        assert_eq!(statistics(&[], &TrainingPhrases::default()), PhraseStatistics::default());
    }
}
