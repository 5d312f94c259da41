//! The form of long pieces: what changes from four bars to four bars, and what comes back.

use beat::STEPS_PER_BAR;
use serde::Serialize;

use super::bars::{differing, hits};
use super::statistics::Share;

/// Bars of a long piece: two minutes at 128 beats a minute.
pub(crate) const PIECE_BARS: usize = 64;
/// Steps of four bars.
const BLOCK: usize = 4 * STEPS_PER_BAR;
/// Two blocks of four bars are alike where they differ in at most so many hits, two a bar.
const ALIKE: u32 = 8;

/// The form of a set of long pieces, over their blocks of four bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct FormStatistics {
    /// How many pieces were counted.
    pub(crate) count: usize,
    /// Blocks that are not like the one before: they differ in more than two hits a bar.
    pub(crate) changes: f64,
    /// Of those, the ones that are like an earlier block: what was left comes back.
    pub(crate) returns: f64,
    /// Mean likeness of two blocks of a piece, whichever they are: twice the shared hits over the hits of
    /// both.
    pub(crate) self_similarity: f64,
    /// How much more alike neighbours are than blocks at large: 0 where nothing changes and where
    /// everything does at any time, high where a piece has sections.
    pub(crate) section_contrast: f64,
    /// Standard deviation of the hits of a piece's blocks, over their mean: the rise and fall of density.
    pub(crate) swell: f64,
}

/// Counts the pieces.
pub(crate) fn form(pieces: &[Vec<u16>]) -> FormStatistics {
    let (mut changes, mut returns) = (Share::default(), Share::default());
    let (mut all, mut near, mut swell) = (Mean::default(), Mean::default(), Mean::default());
    for piece in pieces {
        let (blocks, _) = piece.as_chunks::<BLOCK>();
        for (number, block) in blocks.iter().enumerate().skip(1) {
            let changed = differing(block, &blocks[number - 1]) > ALIKE;
            changes.count(changed);
            if changed {
                returns.count(blocks[..number].iter().any(|earlier| differing(block, earlier) <= ALIKE));
            }
            near.add(likeness(block, &blocks[number - 1]));
            blocks[..number].iter().for_each(|earlier| all.add(likeness(block, earlier)));
        }
        swell.add(spread(&blocks.iter().map(|block| f64::from(hits(block))).collect::<Vec<_>>()));
    }
    FormStatistics {
        count: pieces.len(),
        changes: changes.value(),
        returns: returns.value(),
        self_similarity: all.value(),
        section_contrast: near.value() - all.value(),
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

    /// 0 of nothing.
    fn value(self) -> f64 {
        self.sum / self.count.max(1.0)
    }
}

/// Twice the shared hits over the hits of both; silence is like silence.
fn likeness(a: &[u16], b: &[u16]) -> f64 {
    let both = hits(a) + hits(b);
    if both == 0 { 1.0 } else { 1.0 - f64::from(differing(a, b)) / f64::from(both) }
}

/// Standard deviation over mean; 0 of silence.
fn spread(values: &[f64]) -> f64 {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    if mean > 0.0 { variance.sqrt() / mean } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::bars::tests::{rock, roll};
    use super::*;

    #[test]
    fn a_chorus_that_comes_back_returns_and_a_loop_never_leaves() {
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
}
