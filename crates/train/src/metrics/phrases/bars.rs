//! Features of single bars: hits, changes and fills.

use nets::ONE_BAR;
use nets::hamming;

const SNARE: u16 = 1 << 1;
/// The three toms.
pub const TOMS: u16 = 0b111 << 4;

/// A bar differs clearly where more than this share of the hits of both is in one of them alone.
const CLEARLY: f64 = 0.3;
/// A fill has at least this many hits of toms and snare more than the median bar.
const FILL_HITS: u32 = 2;

/// The classes of one bar.
pub type Bar = [u16; ONE_BAR];

/// The whole bars of a phrase.
pub fn bars(steps: &[u16]) -> &[Bar] {
    steps.as_chunks().0
}

/// Hits of the pieces in `pieces`.
pub fn hits_of(steps: &[u16], pieces: u16) -> u32 {
    steps.iter().map(|class| (class & pieces).count_ones()).sum()
}

/// Hits of all pieces.
pub fn hits(steps: &[u16]) -> u32 {
    hits_of(steps, u16::MAX)
}

/// Whether a bar differs clearly from another: more than 30 % of the hits that either has are not shared.
pub fn differs_clearly(bar: &Bar, other: &Bar) -> bool {
    let either: u32 = bar.iter().zip(other).map(|(a, b)| (a | b).count_ones()).sum();
    f64::from(hamming(bar, other)) > CLEARLY * f64::from(either)
}

/// Whether each bar is a fill: its second half has at least two hits of snare and toms more than the median
/// of that half over the phrase (the upper median, so that no more than half of the bars can be fills).
pub fn fills(bars: &[Bar]) -> Vec<bool> {
    let counts: Vec<u32> = bars.iter().map(|bar| hits_of(&bar[ONE_BAR / 2..], SNARE | TOMS)).collect();
    let mut sorted = counts.clone();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    counts.into_iter().map(|count| count >= median + FILL_HITS).collect()
}

/// For each bar the index of the first bar that equals it.
pub fn first_same(bars: &[Bar]) -> Vec<usize> {
    bars.iter().map(|bar| bars.iter().position(|other| other == bar).unwrap_or(0)).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A bar from one line a piece, `x` a hit: kick, snare, closed hat, ...
    pub(crate) fn tab(lines: &[&str]) -> Bar {
        let mut bar = [0; ONE_BAR];
        for (piece, line) in lines.iter().enumerate() {
            for (step, letter) in line.bytes().enumerate().take(ONE_BAR) {
                bar[step] |= u16::from(letter == b'x') << piece;
            }
        }
        bar
    }

    pub(crate) fn rock() -> Bar {
        tab(&["x.......x.......", "....x.......x...", "x.x.x.x.x.x.x.x."])
    }

    pub(crate) fn roll() -> Bar {
        tab(&["x.......x.......", "....x.....xxxx..", "x.x.x.x.x.......", "", "..............xx"])
    }

    #[test]
    fn a_roll_in_the_second_half_is_a_fill_and_a_busy_beat_is_not() {
        assert_eq!(fills(&[rock(), rock(), rock(), roll()]), [false, false, false, true]);
        assert_eq!(fills(&[roll(); 4]), [false; 4], "a constant bar is no fill");
        assert_eq!(fills(&[]), [false; 0]);
    }

    #[test]
    fn a_bar_differs_clearly_where_more_than_30_percent_of_the_hits_change() {
        let one_hit_more = tab(&["x.......x.x.....", "....x.......x...", "x.x.x.x.x.x.x.x."]);
        assert!(!differs_clearly(&rock(), &one_hit_more) && differs_clearly(&rock(), &roll()));
        assert!(!differs_clearly(&[0; 16], &[0; 16]));
        assert_eq!((hits(&rock()), hamming(&rock(), &one_hit_more)), (12, 1));
    }
}
