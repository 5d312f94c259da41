//! The grid: how the steps of a pattern lie in time.

use crate::{INSTRUMENTS, is_compound};

/// Steps that a pattern has room for.
pub const MOST_STEPS: usize = 32;
/// Cells that a pattern has room for: one for each step and instrument.
pub const MOST_CELLS: usize = MOST_STEPS * INSTRUMENTS;

/// The unit of step lengths: twelve make a beat, so that sixteenths, triplets and eighths are whole numbers.
const UNITS: i64 = 12;

/// How the steps of a pattern lie in time: how many make a beat, a bar and the pattern, and how long one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grid {
    /// The length of a step, in twelfths of a quarter note.
    units: u8,
    beat_steps: u8,
    bar_steps: u8,
    bars: u8,
}

impl Grid {
    /// Two bars of 4/4 in sixteenths: 32 steps.
    pub const FOUR_FOUR: Self = Self { units: 3, beat_steps: 4, bar_steps: 16, bars: 2 };
    /// Two bars of four beats in triplet eighths: 24 steps. Along bars whose beats divide in three (12/8), a step is
    /// an eighth.
    pub const SHUFFLE: Self = Self { units: 4, beat_steps: 3, bar_steps: 12, bars: 2 };
    /// Two bars of 3/4 or 6/8 in sixteenths: 24 steps.
    pub const THREE: Self = Self { units: 3, beat_steps: 4, bar_steps: 12, bars: 2 };
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FOUR_FOUR, Self::SHUFFLE, Self::THREE];

    /// Steps of a pattern, 1..=[`MOST_STEPS`].
    pub const fn steps(&self) -> usize {
        self.bar_steps() * self.bars()
    }

    /// Cells of a pattern; a tensor row is `[step 0 instrument 0, step 0 instrument 1, ...]`.
    pub const fn cells(&self) -> usize {
        self.steps() * INSTRUMENTS
    }

    /// Its place in [`Self::ALL`].
    pub fn index(&self) -> usize {
        // Along compound bars it is the same grid with longer steps.
        Self::ALL
            .iter()
            .position(|one| one.bar_steps == self.bar_steps && one.beat_steps == self.beat_steps)
            .unwrap_or(0)
    }

    /// What it is called on the screen, in files and on the command line.
    pub fn name(&self) -> &'static str {
        ["4/4", "shuffle", "three"][self.index()]
    }

    /// The grid of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grid| grid.name() == name)
    }

    /// The grid that plays best along bars of a time signature, `upper` notes of the kind `lower`. Nine eighths and
    /// more that divide in three are triplets; else the bar decides that is nearest in length, or in half of its
    /// length: three for 3/4, 6/8, 3/8 and 5/8, four for all others.
    pub fn along(upper: u32, lower: u32) -> Self {
        if is_compound(upper, lower) && upper > 6 {
            return Self::SHUFFLE;
        }
        // In sixteenths, to compare without fractions.
        let bar = upper.saturating_mul(16).checked_div(lower).unwrap_or(16);
        if matches!(bar, 5 | 6 | 9..=13) { Self::THREE } else { Self::FOUR_FOUR }
    }

    /// Steps of a bar.
    pub const fn bar_steps(&self) -> usize {
        self.bar_steps as usize
    }

    /// Steps of a beat.
    pub const fn beat_steps(&self) -> usize {
        self.beat_steps as usize
    }

    /// Bars of a pattern.
    pub const fn bars(&self) -> usize {
        self.bars as usize
    }

    /// Whether a beat has three steps. Nothing swings in it: its steps are where a swing would put them.
    pub const fn is_triplet(&self) -> bool {
        self.beat_steps == 3
    }

    /// The length of a step, in quarter notes.
    pub fn step_beats(&self) -> f64 {
        self.beats_of(1)
    }

    /// The length of a bar, in quarter notes.
    pub fn bar_beats(&self) -> f64 {
        self.beats_of(i64::from(self.bar_steps))
    }

    /// The length of a pattern, in quarter notes.
    pub fn beats(&self) -> f64 {
        self.beats_of(self.steps() as i64)
    }

    /// The length of so many steps, in quarter notes, rounded once.
    pub(crate) fn beats_of(&self, steps: i64) -> f64 {
        (steps * i64::from(self.units)) as f64 / UNITS as f64
    }

    /// This grid along bars whose beats divide in three: triplets are eighths there.
    #[must_use]
    pub fn along_compound_bars(self) -> Self {
        if self.is_triplet() { Self { units: 6, ..self } } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_signature_has_its_grid() {
        for (expected, signatures) in [
            (
                Grid::FOUR_FOUR,
                &[(4, 4), (2, 4), (2, 2), (1, 4), (5, 4), (6, 4), (7, 4), (7, 8), (8, 8), (3, 2), (0, 0)][..],
            ),
            (Grid::THREE, &[(3, 4), (6, 8), (3, 8), (5, 8)]),
            (Grid::SHUFFLE, &[(12, 8), (9, 8), (15, 8)]),
        ] {
            for (upper, lower) in signatures {
                assert_eq!(Grid::along(*upper, *lower), expected, "{upper}/{lower}");
            }
        }
        for grid in Grid::ALL {
            assert_eq!(Grid::named(grid.name()), Some(grid));
            assert_eq!(Grid::ALL[grid.along_compound_bars().index()], grid);
        }
    }

    #[test]
    fn every_grid_is_as_long_as_its_bars() {
        for (grid, steps, beats) in
            [(Grid::FOUR_FOUR, 32, 8.0), (Grid::SHUFFLE, 24, 8.0), (Grid::THREE, 24, 6.0)]
        {
            assert_eq!((grid.steps(), grid.beats()), (steps, beats));
            assert!(grid.steps() <= MOST_STEPS && grid.bar_steps() % grid.beat_steps() == 0);
        }
        assert_eq!(Grid::SHUFFLE.along_compound_bars().beats(), 12.0, "two bars of 12/8");
        assert_eq!(Grid::THREE.along_compound_bars(), Grid::THREE);
    }
}
