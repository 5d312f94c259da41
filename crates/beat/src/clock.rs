//! The step clock: which step of the pattern lies where in the song.

use libm::{ceil, floor};

use crate::Grid;
use crate::fault::{Fault, Planted};
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
    /// As [`Self::HostBars`], but the pattern's bars are fitted to the host's: a bar that is shorter or longer still
    /// ends with the pattern's last beat, and two host bars that are half as long share one. See [`fitted`].
    FittedBars,
}

/// When a newly decoded bank may start to sound. A start, a seek and a loop wrap commit in every mode. A bank of
/// another grid starts with the next bar in every mode, or with the second step of one that has just begun.
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
    /// Whether the pattern's bars are fitted to it.
    fits: bool,
    planted: Planted,
}

impl StepClock {
    pub(crate) fn new(grid: Grid, lock: GridLock, transport: &Transport, planted: Planted) -> Self {
        Self {
            grid: if transport.compound { grid.along_compound_bars() } else { grid },
            bar: transport.bar.filter(|bar| lock != GridLock::Song && bar.is_sane()),
            fits: lock == GridLock::FittedBars,
            planted,
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
        let steps = floor((bar.beats - self.half_step() + EXACT) / grid.step_beats()) as i64 + 1;
        if in_bar < steps {
            self.step_of_bar(start, number, in_bar, steps)
        } else {
            self.step_of_bar(start + bar.beats, number + 1, 0, steps)
        }
    }

    /// Step `in_bar` of the host's bar `number`, which has so many `steps`.
    fn step_of_bar(&self, start: f64, number: i64, in_bar: i64, steps: i64) -> SongStep {
        let (bars, bar_steps) = (self.grid.bars() as i64, self.grid.bar_steps() as i64);
        // So many host bars share one of the pattern's.
        let shares = self.fits && !self.planted.is(Fault::NeverShares);
        let shared = if shares { (bar_steps / steps.max(1)).max(1) } else { 1 };
        let cuts_end = self.planted.is(Fault::CutsBarEnds) && steps < bar_steps;
        let at = if shared > 1 {
            number.rem_euclid(shared) * steps + in_bar
        } else if self.fits && !cuts_end {
            fitted(in_bar, steps, &self.grid)
        } else {
            in_bar % bar_steps
        };
        let bar = number.div_euclid(shared);
        SongStep {
            beats: start + self.grid.beats_of(in_bar),
            step: (bar.rem_euclid(bars) * bar_steps + at) as usize,
            cycle: bar.div_euclid(bars),
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

/// The step of the pattern's bar that plays at step `at` of a host bar of so many `steps`, more than half as many as the
/// pattern's bar has.
///
/// A shorter bar is cut ahead of the pattern's last beat (its last half beat, where the bar does not end on a beat), a
/// longer one goes on with beats two and three ahead of it: 5/4 plays beats 1 2 3 2 4, 6/4 1 2 3 2 3 4, 7/8 the eighths
/// 1 2 3 4 5 6 8. Of the ways to put five or six of the four beats in a row these come nearest to where 79 patterns in
/// 5/4 and 127 in 6/4 have their drums. Bars over half as long again begin with whole ones: 7/4 is 4 + 3.
fn fitted(at: i64, steps: i64, grid: &Grid) -> i64 {
    let (bar, beat) = (grid.bar_steps() as i64, grid.beat_steps() as i64);
    if 2 * steps > 3 * bar {
        return if at < bar { at } else { fitted(at - bar, steps - bar, grid) };
    }
    let last = if steps % beat == 0 { beat } else { (beat / 2).max(1) }.min(steps);
    if at >= steps - last {
        bar - (steps - at) // the end leads over to the next bar
    } else if steps < bar || at < bar - beat {
        at
    } else {
        beat + (at - beat) % (bar - 2 * beat)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

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
        StepClock::new(grid, GridLock::Song, &SONG, Planted::NONE)
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
        StepClock::new(grid, GridLock::HostBars, &Transport { bar, compound, ..SONG }, Planted::NONE)
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

    /// The steps of the pattern that play in a host bar of `beats`, by beats of `unit` steps each.
    fn fitted_bar(grid: Grid, beats: f64, number: i64, compound: bool, unit: usize) -> Vec<usize> {
        let bar = Some(HostBar { start: 0.0, number, beats });
        let clock =
            StepClock::new(grid, GridLock::FittedBars, &Transport { bar, compound, ..SONG }, Planted::NONE);
        let mut steps = Vec::new();
        let mut next = clock.at_or_after(0.0);
        while next.beats < beats - 1e-9 {
            steps.push(next.step);
            next = clock.at_or_after(next.beats + 0.01);
        }
        steps.chunks(unit).map(|beat| beat[0] / unit + 1).collect()
    }

    #[test]
    fn a_fitted_bar_ends_with_the_patterns_last_beat() {
        let four = |beats: f64| fitted_bar(Grid::FOUR_FOUR, beats, 0, false, 4);
        assert_eq!(four(4.0), [1, 2, 3, 4]);
        assert_eq!(four(3.0), [1, 2, 4]);
        assert_eq!(four(5.0), [1, 2, 3, 2, 4]);
        assert_eq!(four(6.0), [1, 2, 3, 2, 3, 4]);
        assert_eq!(four(7.0), [1, 2, 3, 4, 1, 2, 4]);
        assert_eq!(four(8.0), [1, 2, 3, 4, 1, 2, 3, 4]);
        assert_eq!(fitted_bar(Grid::FOUR_FOUR, 3.5, 0, false, 2), [1, 2, 3, 4, 5, 6, 8]);
        assert_eq!(fitted_bar(Grid::THREE, 2.5, 0, false, 2), [1, 2, 3, 4, 6]);
        assert_eq!(fitted_bar(Grid::SHUFFLE, 4.5, 0, true, 3), [1, 2, 4], "9/8");
        assert_eq!(fitted_bar(Grid::SHUFFLE, 7.5, 0, true, 3), [1, 2, 3, 2, 4], "15/8");
    }

    #[test]
    fn short_host_bars_share_a_bar_of_the_pattern() {
        let bars = |grid, beats| [0, 1, 2].map(|number| fitted_bar(grid, beats, number, false, 2));
        assert_eq!(bars(Grid::FOUR_FOUR, 2.0), [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]);
        assert_eq!(bars(Grid::THREE, 1.5), [[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
    }

    #[test]
    fn every_fitted_step_is_one_of_the_pattern() {
        for grid in Grid::ALL {
            for sixteenths in 1..100 {
                for number in -3..3 {
                    for lock in [GridLock::HostBars, GridLock::FittedBars] {
                        let bar = Some(HostBar { start: 0.0, number, beats: f64::from(sixteenths) / 4.0 });
                        let clock = StepClock::new(grid, lock, &Transport { bar, ..SONG }, Planted::NONE);
                        for at in 0..400 {
                            assert!(clock.at_or_after(f64::from(at) / 16.0).step < grid.steps());
                        }
                    }
                }
            }
        }
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
