//! The pattern: two bars of 14 instruments, one bit an onset.

use crate::kit::INSTRUMENTS;
use crate::{Grid, MOST_STEPS};

/// Two bars of onsets: bit `i` of step `s` is a hit of instrument `i`. Every step is below 2^14, the
/// code of Tikhonov & Yamshchikov (arXiv 2007.06284). The steps beyond those of the pattern's grid are silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern([u16; MOST_STEPS]);

impl Pattern {
    /// No onset at all.
    pub const EMPTY: Self = Self([0; MOST_STEPS]);

    /// A pattern that begins with these steps, or `None` where there are more than [`MOST_STEPS`] or one has a bit
    /// above instrument 13.
    pub fn new(steps: impl AsRef<[u16]>) -> Option<Self> {
        let mut pattern = Self::EMPTY;
        let steps = steps.as_ref();
        pattern.0.get_mut(..steps.len())?.copy_from_slice(steps);
        steps.iter().all(|&step| step < 1 << INSTRUMENTS).then_some(pattern)
    }

    /// The onsets of all steps that there is room for, each below 2^14.
    pub const fn steps(&self) -> &[u16; MOST_STEPS] {
        &self.0
    }

    /// The onsets of one step, bit `i` for instrument `i`.
    pub const fn step(&self, step: usize) -> u16 {
        self.0[step]
    }

    /// Whether `instrument` is hit on `step`.
    pub const fn has(&self, step: usize, instrument: usize) -> bool {
        self.0[step] >> instrument & 1 == 1
    }

    /// This pattern with a hit of `instrument` on `step`.
    #[must_use]
    pub fn with(mut self, step: usize, instrument: usize) -> Self {
        assert!(instrument < INSTRUMENTS, "instrument {instrument} of {INSTRUMENTS}");
        self.0[step] |= 1 << instrument;
        self
    }

    /// This pattern without a hit of `instrument` on `step`.
    #[must_use]
    pub fn without(mut self, step: usize, instrument: usize) -> Self {
        assert!(instrument < INSTRUMENTS, "instrument {instrument} of {INSTRUMENTS}");
        self.0[step] &= !(1 << instrument);
        self
    }

    /// How many onsets there are.
    pub fn hits(&self) -> u32 {
        self.0.iter().map(|step| step.count_ones()).sum()
    }

    /// In how many cells the two patterns differ.
    pub fn hamming(&self, other: &Self) -> u32 {
        self.0.iter().zip(&other.0).map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    /// The cells with an onset, as step and instrument, in order.
    pub fn cells(self) -> impl Iterator<Item = (usize, usize)> {
        let cells =
            (0..MOST_STEPS).flat_map(|step| (0..INSTRUMENTS).map(move |instrument| (step, instrument)));
        cells.filter(move |(step, instrument)| self.has(*step, *instrument))
    }

    /// The pattern of this grid that starts at step `by` of this one and wraps around.
    #[must_use]
    pub fn rotated(&self, by: usize, grid: &Grid) -> Self {
        let mut rotated = *self;
        rotated.0[..grid.steps()].rotate_left(by % grid.steps());
        rotated
    }

    /// The smallest of the rotations: equal for two patterns of this grid exactly if one is a circular shift of
    /// the other.
    #[must_use]
    pub fn canonical(&self, grid: &Grid) -> Self {
        let mut smallest = *self;
        for by in 1..grid.steps() {
            smallest = smallest.min(self.rotated(by, grid));
        }
        smallest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_holds_fourteen_instruments_and_no_more() {
        let mut steps = [0; MOST_STEPS];
        steps[MOST_STEPS - 1] = (1 << INSTRUMENTS) - 1;
        assert_eq!(Pattern::new(steps).map(|pattern| pattern.hits()), Some(INSTRUMENTS as u32));
        steps[0] = 1 << INSTRUMENTS;
        assert_eq!(Pattern::new(steps), None);
        assert_eq!(Pattern::new([0; MOST_STEPS + 1]), None);
        assert_eq!(Pattern::new([1, 2]), Some(Pattern::EMPTY.with(0, 0).with(1, 1)));
    }

    #[test]
    fn every_rotation_has_the_same_canonical_form() {
        let pattern = Pattern::EMPTY.with(0, 0).with(4, 1).with(20, 1).with(21, 13);
        for grid in Grid::ALL {
            for by in 0..grid.steps() {
                let rotated = pattern.rotated(by, &grid);
                assert_eq!(rotated.canonical(&grid), pattern.canonical(&grid));
                assert!(rotated.cells().all(|(step, _)| step < grid.steps()));
            }
            assert_ne!(pattern.with(9, 9).canonical(&grid), pattern.canonical(&grid));
        }
    }
}
