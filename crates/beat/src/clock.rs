//! The step clock: which step of the pattern lies where in the song.

use libm::{ceil, floor};

use crate::Grid;
use crate::sequencer::EXACT;
use crate::transport::{HostBar, Transport};

/// What the steps of a pattern are aligned to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GridLock {
    /// Bar 1 beat 1 of the song is step 0 of cycle 0, and a cycle is as long as the pattern.
    #[default]
    Song,
    /// Every bar of the host begins at the first step of a bar of the pattern: bars 1, 3, 5 ... at its first bar,
    /// bars 2, 4, 6 ... at its second, whatever their length; the steps of a longer bar start over. A step that the
    /// next bar would cut to less than half is left out.
    HostBars,
}

/// When a newly decoded bank may start to sound. A start, a seek and a loop wrap commit in every mode. A bank of
/// another grid waits for a bar in every mode.
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
pub(crate) struct SongStep {
    /// Its song position.
    pub(crate) beats: f64,
    /// The step of the pattern, below the grid's steps.
    pub(crate) step: usize,
    /// The cycle of the song: its pass through the pattern.
    pub(crate) cycle: i64,
    /// The step within its bar.
    pub(crate) in_bar: i64,
}

/// Where the steps of a grid lie during one block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepClock {
    grid: Grid,
    /// The bar that steps are counted from; `None` is the song's first beat.
    bar: Option<HostBar>,
}

impl StepClock {
    pub(crate) fn new(grid: Grid, lock: GridLock, transport: &Transport) -> Self {
        Self {
            grid: if transport.compound { grid.along_compound_bars() } else { grid },
            bar: transport.bar.filter(|bar| lock == GridLock::HostBars && bar.is_sane()),
        }
    }

    /// The grid, its steps as long as they are here.
    pub(crate) fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Half a step, in beats: the largest displacement of an onset, and how far ahead a step with early onsets is
    /// decided.
    pub(crate) fn half_step(&self) -> f64 {
        self.grid.step_beats() / 2.0
    }

    /// The first step at or after `beats`.
    pub(crate) fn at_or_after(&self, beats: f64) -> SongStep {
        let grid = &self.grid;
        let Some(bar) = &self.bar else {
            let index = ceil(beats / grid.step_beats()) as i64;
            let steps = grid.steps() as i64;
            return SongStep {
                beats: grid.beats_of(index),
                step: index.rem_euclid(steps) as usize,
                cycle: index.div_euclid(steps),
                in_bar: index.rem_euclid(grid.bar_steps() as i64),
            };
        };
        let bars = floor((beats - bar.start) / bar.beats);
        let start = bar.start + bars * bar.beats;
        let number = bar.number + bars as i64;
        let in_bar = ceil((beats - start) / grid.step_beats()) as i64;
        // At the end of an odd bar no step has less than half of its length, so that steps are never closer than they
        // are decided ahead.
        if grid.beats_of(in_bar) + self.half_step() <= bar.beats + EXACT {
            self.step_of_bar(start, number, in_bar)
        } else {
            self.step_of_bar(start + bar.beats, number + 1, 0)
        }
    }

    fn step_of_bar(&self, start: f64, number: i64, in_bar: i64) -> SongStep {
        let (bars, bar_steps) = (self.grid.bars() as i64, self.grid.bar_steps());
        SongStep {
            beats: start + self.grid.beats_of(in_bar),
            step: number.rem_euclid(bars) as usize * bar_steps + in_bar as usize % bar_steps,
            cycle: number.div_euclid(bars),
            in_bar,
        }
    }

    /// Whether a new bank may be taken for this step.
    pub(crate) fn commits(&self, step: &SongStep, mode: CommitMode) -> bool {
        match mode {
            CommitMode::Step => true,
            CommitMode::Beat => step.in_bar % self.grid.beat_steps() as i64 == 0,
            CommitMode::Bar => step.in_bar == 0,
            CommitMode::Cycle => step.in_bar == 0 && step.step == 0,
        }
    }

    /// Whether swing delays this step: every second sixteenth.
    pub(crate) fn swings(&self, step: &SongStep) -> bool {
        !self.grid.is_triplet() && step.in_bar % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SONG: Transport = Transport {
        playing: true,
        beats: 0.0,
        tempo: 120.0,
        sample_rate: 48_000.0,
        frames: 64,
        loop_range: None,
        bar: None,
        compound: false,
    };

    fn song(grid: Grid) -> StepClock {
        StepClock::new(grid, GridLock::Song, &SONG)
    }

    fn step(clock: StepClock, beats: f64) -> (f64, usize, i64) {
        let found = clock.at_or_after(beats);
        (found.beats, found.step, found.cycle)
    }

    #[test]
    fn the_song_starts_over_with_every_pattern() {
        let clock = song(Grid::FOUR_FOUR);
        assert_eq!(step(clock, 0.0), (0.0, 0, 0));
        assert_eq!(step(clock, 0.01), (0.25, 1, 0));
        assert_eq!(step(clock, 7.76), (8.0, 0, 1));
        assert_eq!(step(clock, 1001.0), (1001.0, 4, 125));
        assert_eq!(step(song(Grid::SHUFFLE), 7.7), (8.0, 0, 1));
        assert_eq!(step(song(Grid::SHUFFLE), 9.1), (28.0 / 3.0, 4, 1));
        assert_eq!(step(song(Grid::THREE), 6.2), (6.25, 1, 1));
    }

    /// A third of a beat is no binary fraction: a step that is asked for by its own position must be found.
    #[test]
    fn each_step_is_at_its_own_position() {
        for grid in Grid::ALL {
            let clock = song(grid);
            let mut last = clock.at_or_after(0.0);
            for index in 1..10_000 {
                let next = clock.at_or_after(last.beats + grid.step_beats() / 4.0);
                assert_eq!(next.beats, grid.beats_of(index));
                assert_eq!(clock.at_or_after(next.beats - 1e-9), next);
                assert_eq!(next.step, index as usize % grid.steps());
                last = next;
            }
        }
    }

    fn bars(grid: Grid, start: f64, number: i64, beats: f64, compound: bool) -> StepClock {
        let bar = Some(HostBar { start, number, beats });
        StepClock::new(grid, GridLock::HostBars, &Transport { bar, compound, ..SONG })
    }

    #[test]
    fn bars_of_seven_eighths_restart_the_pattern() {
        let clock = bars(Grid::FOUR_FOUR, 7.0, 2, 3.5, false);
        assert_eq!(step(clock, 7.0), (7.0, 0, 1));
        assert_eq!(step(clock, 10.3), (10.5, 16, 1));
        assert_eq!(step(clock, 14.0), (14.0, 0, 2));
        assert_eq!(step(clock, 6.9), (7.0, 0, 1));
    }

    #[test]
    fn a_bar_longer_than_the_patterns_starts_over() {
        let clock = bars(Grid::FOUR_FOUR, 0.0, 1, 5.0, false);
        assert_eq!(step(clock, 3.75), (3.75, 31, 0));
        assert_eq!(step(clock, 4.0), (4.0, 16, 0));
        assert_eq!(step(clock, 5.0), (5.0, 0, 1));
    }

    #[test]
    fn triplets_are_eighths_where_beats_divide_in_three() {
        let clock = bars(Grid::SHUFFLE, 0.0, 0, 6.0, true);
        assert_eq!(step(clock, 5.5), (5.5, 11, 0));
        assert_eq!(step(clock, 5.6), (6.0, 12, 0));
        let clock = bars(Grid::SHUFFLE, 4.0, 1, 4.0, false);
        assert_eq!(step(clock, 7.5), (4.0 + 11.0 / 3.0, 23, 0));
        assert_eq!(step(clock, 7.7), (8.0, 0, 1));
        let clock = bars(Grid::SHUFFLE, 0.0, 0, 2.75, false);
        assert_eq!(step(clock, 2.4), (2.75, 12, 0), "a twelfth of a beat is left of the ninth step");
    }
}
