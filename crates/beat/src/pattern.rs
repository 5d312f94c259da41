//! The pattern: 32 steps of 14 instruments, one bit an onset.

use crate::kit::INSTRUMENTS;

/// Steps (sixteenth notes) of a pattern: two bars of four beats.
pub const STEPS: usize = 32;
/// Steps of one bar of four beats.
pub const STEPS_PER_BAR: usize = 16;
/// Steps of one beat (quarter note).
pub const STEPS_PER_BEAT: usize = 4;
/// Cells of a pattern: a tensor row is `[step 0 instrument 0, step 0 instrument 1, ...]`.
pub const CELLS: usize = STEPS * INSTRUMENTS;

/// Two bars of onsets: bit `i` of step `s` is a hit of instrument `i`. Every step is below 2^14, the
/// code of Tikhonov & Yamshchikov (arXiv 2007.06284).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern([u16; STEPS]);

impl Pattern {
    /// No onset at all.
    pub const EMPTY: Self = Self([0; STEPS]);

    /// A pattern of these steps, or `None` where a step has a bit above instrument 13.
    pub fn new(steps: [u16; STEPS]) -> Option<Self> {
        steps.iter().all(|&step| step < 1 << INSTRUMENTS).then_some(Self(steps))
    }

    /// The onsets of all steps, each below 2^14.
    pub const fn steps(&self) -> &[u16; STEPS] {
        &self.0
    }

    /// The onsets of one step (0..32), bit `i` for instrument `i`.
    pub const fn step(&self, step: usize) -> u16 {
        self.0[step]
    }

    /// Whether `instrument` (0..14) is hit on `step` (0..32).
    pub const fn has(&self, step: usize, instrument: usize) -> bool {
        self.0[step] >> instrument & 1 == 1
    }

    /// This pattern with a hit of `instrument` (0..14) on `step` (0..32).
    #[must_use]
    pub fn with(mut self, step: usize, instrument: usize) -> Self {
        assert!(instrument < INSTRUMENTS, "instrument {instrument} of {INSTRUMENTS}");
        self.0[step] |= 1 << instrument;
        self
    }

    /// This pattern without a hit of `instrument` (0..14) on `step` (0..32).
    #[must_use]
    pub fn without(mut self, step: usize, instrument: usize) -> Self {
        assert!(instrument < INSTRUMENTS, "instrument {instrument} of {INSTRUMENTS}");
        self.0[step] &= !(1 << instrument);
        self
    }

    /// How many onsets there are, 0..=448.
    pub fn hits(&self) -> u32 {
        self.0.iter().map(|step| step.count_ones()).sum()
    }

    /// In how many of the 448 cells the two patterns differ.
    pub fn hamming(&self, other: &Self) -> u32 {
        self.0.iter().zip(&other.0).map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    /// The pattern that starts at step `by` of this one and wraps around.
    #[must_use]
    pub fn rotated(&self, by: usize) -> Self {
        let mut steps = self.0;
        steps.rotate_left(by % STEPS);
        Self(steps)
    }

    /// The smallest of the 32 rotations: equal for two patterns exactly if one is a circular shift of
    /// the other.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let mut smallest = *self;
        for by in 1..STEPS {
            smallest = smallest.min(self.rotated(by));
        }
        smallest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_holds_fourteen_instruments_and_no_more() {
        let mut steps = [0; STEPS];
        steps[31] = (1 << INSTRUMENTS) - 1;
        assert_eq!(Pattern::new(steps).map(|pattern| pattern.hits()), Some(14));
        steps[0] = 1 << INSTRUMENTS;
        assert_eq!(Pattern::new(steps), None);
    }

    #[test]
    fn every_rotation_has_the_same_canonical_form() {
        let pattern = Pattern::EMPTY.with(0, 0).with(4, 1).with(20, 1).with(21, 13);
        for by in 0..STEPS {
            assert_eq!(pattern.rotated(by).canonical(), pattern.canonical());
        }
        assert_ne!(pattern.with(9, 9).canonical(), pattern.canonical());
    }
}
