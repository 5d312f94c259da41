//! Form: where changes begin and end, and what a long piece repeats.

use nets::hamming;
use nets::{ONE_BAR, TWO_BARS};
use serde::Serialize;

use super::bars::hits;
use super::statistics::Share;

/// Bars of a long piece: two minutes at 128 beats a minute.
pub const PIECE_BARS: usize = 64;
/// Steps of four bars.
const BLOCK: usize = 4 * ONE_BAR;
/// Two blocks of four bars are alike where they differ in at most this many hits, two a bar.
const ALIKE: u32 = 8;

/// The form of a set of long pieces, over their blocks of four bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FormStatistics {
    /// The number of pieces.
    pub count: usize,
    /// Blocks that are not like the one before: they differ in more than two hits a bar.
    pub changes: f64,
    /// Of those, the ones that are like an earlier block: returns.
    pub returns: f64,
    /// Mean likeness of two blocks of a piece, whichever they are: twice the shared hits over the hits of
    /// both.
    pub self_similarity: f64,
    /// Mean likeness of adjacent blocks less that of all pairs: 0 where nothing changes and where changes are
    /// anywhere, high where a piece has sections.
    pub section_contrast: f64,
    /// Standard deviation of the hits of a piece's blocks, over their mean: the rise and fall of density.
    pub swell: f64,
}

/// Measures the form of pieces.
pub fn form(pieces: &[Vec<u16>]) -> FormStatistics {
    let (mut changes, mut returns) = (Share::default(), Share::default());
    let (mut all, mut adjacent, mut swell) = (Mean::default(), Mean::default(), Mean::default());
    for piece in pieces {
        let (blocks, _) = piece.as_chunks::<BLOCK>();
        for (number, block) in blocks.iter().enumerate().skip(1) {
            let changed = hamming(block, &blocks[number - 1]) > ALIKE;
            changes.count(changed);
            if changed {
                returns.count(blocks[..number].iter().any(|earlier| hamming(block, earlier) <= ALIKE));
            }
            adjacent.add(likeness(block, &blocks[number - 1]));
            blocks[..number].iter().for_each(|earlier| all.add(likeness(block, earlier)));
        }
        swell.add(relative_deviation(&blocks.iter().map(|block| f64::from(hits(block))).collect::<Vec<_>>()));
    }
    FormStatistics {
        count: pieces.len(),
        changes: changes.value(),
        returns: returns.value(),
        self_similarity: all.value(),
        section_contrast: adjacent.value() - all.value(),
        swell: swell.value(),
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1.0;
    }

    /// 0 of no values.
    fn value(self) -> f64 {
        self.sum / self.count.max(1.0)
    }
}

/// Twice the shared hits over the hits of both; silence is like silence.
fn likeness(a: &[u16], b: &[u16]) -> f64 {
    let both = hits(a) + hits(b);
    if both == 0 { 1.0 } else { 1.0 - f64::from(hamming(a, b)) / f64::from(both) }
}

/// Standard deviation over mean; 0 of silence.
fn relative_deviation(values: &[f64]) -> f64 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    if mean > 0.0 { variance.sqrt() / mean } else { 0.0 }
}

/// Steps of a beat.
const BEAT: usize = 4;

/// How often a change begins or ends at a beat: a beat has changed where it is not as two bars before, and
/// a change begins or ends where one beat has and its neighbour has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Turns {
    /// Where four bars begin.
    pub four_bars: f64,
    /// Where another bar begins.
    pub bar: f64,
    /// Within a bar.
    pub elsewhere: f64,
}

impl Turns {
    /// How many times as often at the borders of four bars and of other bars as within bars; 0 where nothing
    /// turns there.
    pub fn over_elsewhere(&self) -> [f64; 2] {
        [self.four_bars, self.bar].map(|at| if self.elsewhere > 0.0 { at / self.elsewhere } else { 0.0 })
    }
}

/// Counts the turns of phrases, each from the first of four bars on.
pub fn turns(phrases: &[Vec<u16>]) -> Turns {
    let [mut four_bars, mut bar, mut elsewhere] = [Share::default(); 3];
    for phrase in phrases {
        let now = phrase.chunks_exact(BEAT).skip(TWO_BARS / BEAT);
        let changed: Vec<bool> =
            now.zip(phrase.chunks_exact(BEAT)).map(|(now, before)| now != before).collect();
        for (number, pair) in changed.windows(2).enumerate() {
            let step = TWO_BARS + (number + 1) * BEAT;
            let at = match step {
                _ if step.is_multiple_of(4 * ONE_BAR) => &mut four_bars,
                _ if step.is_multiple_of(ONE_BAR) => &mut bar,
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
    fn a_chorus_that_comes_back_is_a_return_and_a_loop_has_no_change() {
        let [verse, chorus] = [rock(), roll()].map(|bar| [bar; 4].concat());
        let song = [&verse, &verse, &chorus, &chorus, &verse, &verse, &chorus, &chorus].map(Vec::as_slice);
        let form = super::form(&[song.concat()]);
        assert_eq!((form.count, form.changes, form.returns), (1, 3.0 / 7.0, 2.0 / 3.0));
        assert!(form.section_contrast > 0.03, "{form:?}");
        let looped = super::form(&[verse.repeat(16)]);
        assert_eq!((looped.changes, looped.returns, looped.self_similarity), (0.0, 0.0, 1.0));
        assert_eq!((looped.section_contrast, looped.swell), (0.0, 0.0));
        assert_eq!(super::form(&[]), FormStatistics::default());
    }

    #[test]
    fn a_fill_before_every_four_bars_turns_within_its_bar_and_where_four_bars_begin() {
        let song = [rock(), rock(), rock(), roll()].repeat(4).concat();
        let turns = turns(&[song]);
        // From its third beat on the roll's bar differs from two bars ago, and the bar after next from it.
        assert_eq!((turns.four_bars, turns.bar > 0.0, turns.elsewhere > 0.0), (1.0, true, true));
        assert_eq!(super::turns(&[rock().repeat(16)]).over_elsewhere(), [0.0, 0.0]);
    }
}
