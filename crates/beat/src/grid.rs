//! The grid: how the steps of a pattern lie in time.

/// Steps that a pattern has room for.
pub const MOST_STEPS: usize = 32;

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
    pub(crate) fn along_compound_bars(self) -> Self {
        if self.is_triplet() { Self { units: 6, ..self } } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
