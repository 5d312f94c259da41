//! The step grid: which step of the pattern lies where in the song.

use libm::{ceil, floor};

use crate::transport::{HostBar, STEP_BEATS};
use crate::{STEPS, STEPS_PER_BAR, STEPS_PER_BEAT};

/// What the grid of 32 steps is aligned to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GridLock {
    /// Bar 1 beat 1 of the song is step 0 of cycle 0, and every eighth beat after it begins a cycle.
    #[default]
    Song,
    /// Every bar of the host begins at step 0 (bars 1, 3, 5 ...) or 16 (bars 2, 4, 6 ...), whatever its
    /// length; the sixteenths of a longer bar start over.
    HostBars,
}

/// When a newly decoded bank may start to sound. A start, a seek and a loop wrap commit in every mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommitMode {
    /// At the next step, so that the puck can be played like an instrument.
    #[default]
    Step,
    /// At the next beat.
    Beat,
    /// At the next bar.
    Bar,
    /// When the pattern starts over.
    Cycle,
}

/// One step of the song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GridStep {
    /// Its song position.
    pub(crate) beats: f64,
    /// The step of the pattern, 0..32.
    pub(crate) step: usize,
    /// The cycle of the song: its pass through the pattern.
    pub(crate) cycle: i64,
    /// The sixteenth within its bar.
    pub(crate) in_bar: i64,
}

/// The grid of steps during one block.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Grid {
    Song,
    HostBars(HostBar),
}

impl Grid {
    pub(crate) fn new(lock: GridLock, bar: Option<HostBar>) -> Self {
        match (lock, bar) {
            (GridLock::HostBars, Some(bar)) if bar.is_sane() => Self::HostBars(bar),
            _ => Self::Song,
        }
    }

    /// The first step at or after `beats`.
    pub(crate) fn at_or_after(&self, beats: f64) -> GridStep {
        match self {
            Self::Song => {
                let index = ceil(beats / STEP_BEATS) as i64;
                GridStep {
                    beats: index as f64 * STEP_BEATS,
                    step: index.rem_euclid(STEPS as i64) as usize,
                    cycle: index.div_euclid(STEPS as i64),
                    in_bar: index.rem_euclid(STEPS_PER_BAR as i64),
                }
            }
            Self::HostBars(bar) => {
                let bars = floor((beats - bar.start) / bar.beats);
                let start = bar.start + bars * bar.beats;
                let number = bar.number + bars as i64;
                let in_bar = ceil((beats - start) / STEP_BEATS);
                if in_bar * STEP_BEATS < bar.beats {
                    step_of_bar(start, number, in_bar as i64)
                } else {
                    step_of_bar(start + bar.beats, number + 1, 0)
                }
            }
        }
    }
}

fn step_of_bar(start: f64, number: i64, in_bar: i64) -> GridStep {
    let half = number.rem_euclid(2) as usize * STEPS_PER_BAR;
    GridStep {
        beats: start + in_bar as f64 * STEP_BEATS,
        step: half + in_bar as usize % STEPS_PER_BAR,
        cycle: number.div_euclid(2),
        in_bar,
    }
}

impl GridStep {
    /// Whether a new bank may be taken for this step.
    pub(crate) fn commits(&self, mode: CommitMode) -> bool {
        match mode {
            CommitMode::Step => true,
            CommitMode::Beat => self.in_bar % STEPS_PER_BEAT as i64 == 0,
            CommitMode::Bar => self.in_bar == 0,
            CommitMode::Cycle => self.in_bar == 0 && self.step == 0,
        }
    }

    /// Whether swing delays this step: every second sixteenth.
    pub(crate) fn swings(&self) -> bool {
        self.in_bar % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(grid: Grid, beats: f64) -> (f64, usize, i64) {
        let found = grid.at_or_after(beats);
        (found.beats, found.step, found.cycle)
    }

    #[test]
    fn the_song_grid_starts_over_every_eight_beats() {
        assert_eq!(step(Grid::Song, 0.0), (0.0, 0, 0));
        assert_eq!(step(Grid::Song, 0.01), (0.25, 1, 0));
        assert_eq!(step(Grid::Song, 7.76), (8.0, 0, 1));
        assert_eq!(step(Grid::Song, 1001.0), (1001.0, 4, 125));
    }

    #[test]
    fn bars_of_seven_eighths_restart_the_grid() {
        let grid = Grid::new(GridLock::HostBars, Some(HostBar { start: 7.0, number: 2, beats: 3.5 }));
        assert_eq!(step(grid, 7.0), (7.0, 0, 1));
        assert_eq!(step(grid, 10.3), (10.5, 16, 1));
        assert_eq!(step(grid, 14.0), (14.0, 0, 2));
        assert_eq!(step(grid, 6.9), (7.0, 0, 1));
    }

    #[test]
    fn a_bar_longer_than_sixteen_steps_starts_over() {
        let grid = Grid::new(GridLock::HostBars, Some(HostBar { start: 0.0, number: 1, beats: 5.0 }));
        assert_eq!(step(grid, 3.75), (3.75, 31, 0));
        assert_eq!(step(grid, 4.0), (4.0, 16, 0));
        assert_eq!(step(grid, 5.0), (5.0, 0, 1));
    }
}
