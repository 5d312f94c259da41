//! Which patterns count as beats, and which are new: the filter of the paper's Table 2.

use std::collections::HashSet;

use beat::{Pattern, STEPS};

/// A pattern passes above this entropy, in nats (recovered from the samples of arXiv 2007.06284).
pub const PASSING_ENTROPY_NATS: f64 = 0.9;

/// Shannon entropy, in nats, of the histogram of the 32 step symbols; silence is a symbol too.
/// 0 for a pattern that repeats one symbol, ln 32 for 32 different ones.
pub fn entropy(pattern: &Pattern) -> f64 {
    let mut symbols = *pattern.steps();
    symbols.sort_unstable();
    symbols
        .chunk_by(|a, b| a == b)
        .map(|equal| {
            let share = equal.len() as f64 / STEPS as f64;
            -share * share.ln()
        })
        .sum()
}

/// Whether the pattern counts as a beat: entropy above [`PASSING_ENTROPY_NATS`].
pub fn passes(pattern: &Pattern) -> bool {
    entropy(pattern) > PASSING_ENTROPY_NATS
}

/// A set of patterns in which a circular shift of a member counts as that member.
#[derive(Clone, Debug, Default)]
pub struct PatternSet(HashSet<Pattern>);

impl PatternSet {
    /// The set of these patterns.
    pub fn of<'a>(patterns: impl IntoIterator<Item = &'a Pattern>) -> Self {
        Self(patterns.into_iter().map(Pattern::canonical).collect())
    }

    /// Whether any of the 32 circular shifts of `pattern` is in the set.
    pub fn contains(&self, pattern: &Pattern) -> bool {
        self.0.contains(&pattern.canonical())
    }

    /// Adds `pattern`; true if no circular shift of it was in the set.
    pub fn insert(&mut self, pattern: &Pattern) -> bool {
        self.0.insert(pattern.canonical())
    }

    /// How many patterns there are, shifts counted once.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_counts_silence_as_a_symbol() {
        assert_eq!(entropy(&Pattern::EMPTY), 0.0);
        // Half kick, half silence: ln 2, too little for a beat.
        let four_on_eighths = (0..STEPS).step_by(2).fold(Pattern::EMPTY, |p, step| p.with(step, 0));
        assert!((entropy(&four_on_eighths) - std::f64::consts::LN_2).abs() < 1e-12);
        assert!(!passes(&four_on_eighths));
    }

    #[test]
    fn a_plain_rock_beat_passes() {
        let mut rock = (0..STEPS).step_by(2).fold(Pattern::EMPTY, |p, step| p.with(step, 4));
        for bar in [0, 16] {
            rock = rock.with(bar, 0).with(bar + 8, 0).with(bar + 4, 1).with(bar + 12, 1);
        }
        assert!(passes(&rock), "{}", entropy(&rock));
    }

    #[test]
    fn a_shifted_pattern_is_not_new() {
        let pattern = Pattern::EMPTY.with(0, 0).with(4, 1).with(10, 0);
        let mut known = PatternSet::of([&pattern]);
        assert!(known.contains(&pattern.rotated(7)));
        assert!(!known.insert(&pattern.rotated(31)));
        assert!(known.insert(&pattern.with(5, 5)));
        assert_eq!(known.len(), 2);
    }
}
