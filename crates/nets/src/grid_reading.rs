//! How patterns of other grids are read in 4/4, and back.

use beat::{Grid, Pattern, PieceMap};

use crate::TWO_BARS;

/// How a grid is read in 4/4, which is all that sequence models know, and what most training data are in: for each beat
/// of a bar of 4/4 the beat of the grid's bar that stands there, and back.
///
/// The three places of a triplet are the first three sixteenths of a beat; a fourth one, of a fill, falls on the third
/// place. A bar of three beats is lengthened by its second one, and is ended by what ends the bar of 4/4.
#[derive(Clone, Copy, Debug)]
pub struct GridReading {
    grid: Grid,
}

impl GridReading {
    /// That of a grid; of 4/4 it changes nothing.
    pub const fn of(grid: Grid) -> Self {
        Self { grid }
    }

    /// The grid.
    pub const fn grid(&self) -> &Grid {
        &self.grid
    }

    fn has_three_beats(&self) -> bool {
        self.grid.bar_steps() == 3 * self.grid.beat_steps()
    }

    /// The step of the grid's pattern that stands at a step of two bars of 4/4, if any.
    pub fn step_at(&self, four: usize) -> Option<usize> {
        let (bar, beat, place) = parts(four, &Grid::FOUR_FOUR);
        let own = if self.has_three_beats() { [0, 1, 1, 2][beat] } else { beat };
        let step = bar * self.grid.bar_steps() + own * self.grid.beat_steps() + place;
        (place < self.grid.beat_steps()).then_some(step)
    }

    /// The steps of two bars of 4/4 whose hits sound at a step of the grid's pattern; the first is the one at which the
    /// step stands.
    pub fn steps_read_at(&self, step: usize) -> std::ops::Range<usize> {
        let (bar, beat, place) = parts(step, &self.grid);
        let four = Grid::FOUR_FOUR;
        let there = if self.has_three_beats() { [0, 1, 3][beat] } else { beat };
        let first = bar * four.bar_steps() + there * four.beat_steps();
        let is_last = place + 1 == self.grid.beat_steps();
        first + place..if is_last { first + four.beat_steps() } else { first + place + 1 }
    }

    /// A pattern of the grid as one of 4/4.
    pub fn to_four(&self, pattern: &Pattern) -> Pattern {
        let steps = (0..TWO_BARS).map(|four| self.step_at(four).map_or(0, |step| pattern.step(step)));
        Pattern::new(steps.collect::<Vec<_>>()).unwrap_or_default()
    }

    /// A pattern of 4/4 as one of the grid.
    pub fn of_four(&self, pattern: &Pattern) -> Pattern {
        let hits_at = |step| self.steps_read_at(step).fold(0, |hits, four| hits | pattern.step(four));
        Pattern::new((0..self.grid.steps()).map(hits_at).collect::<Vec<_>>()).unwrap_or_default()
    }

    /// Two bars of the grid as classes in 4/4.
    pub(crate) fn theme(&self, beat: &Pattern, pieces: &PieceMap) -> [u16; TWO_BARS] {
        let four = self.to_four(beat);
        std::array::from_fn(|step| pieces.class(four.step(step)))
    }
}

/// Bar, beat in the bar and step in the beat of a step.
fn parts(step: usize, grid: &Grid) -> (usize, usize, usize) {
    (step / grid.bar_steps(), step % grid.bar_steps() / grid.beat_steps(), step % grid.beat_steps())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_in_four_comes_back() {
        for grid in Grid::ALL {
            let reading = GridReading::of(grid);
            let pattern =
                (0..grid.steps()).fold(Pattern::EMPTY, |pattern, step| pattern.with(step, step % 14));
            assert_eq!(reading.of_four(&reading.to_four(&pattern)), pattern);
            for step in 0..grid.steps() {
                assert_eq!(reading.step_at(reading.steps_read_at(step).start), Some(step));
            }
        }
        assert_eq!(GridReading::of(Grid::FOUR_FOUR).steps_read_at(7), 7..8);
        let straight = Pattern::EMPTY.with(0, 0).with(2, 4).with(3, 1).with(20, 1);
        let swung = Pattern::EMPTY.with(0, 0).with(2, 4).with(2, 1).with(15, 1);
        assert_eq!(GridReading::of(Grid::SHUFFLE).of_four(&straight), swung);
    }
}
