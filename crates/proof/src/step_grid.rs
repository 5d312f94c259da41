//! Where the steps lie, in exact time.

use beat::{CommitMode, GridLock, HostBar};

use crate::host::Call;
use crate::time::Beats;

/// One step of the song.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it lies.
    pub beats: Beats,
    /// The step of the pattern, 0..32.
    pub step: usize,
    /// The pass through the pattern.
    pub cycle: i64,
    /// The sixteenth in its bar.
    pub in_bar: i64,
}

/// The steps as one block lays them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StepGrid {
    /// Bars of four beats from the start of the song.
    Song,
    /// The host's bars, counted from this one.
    Bars(HostBar),
}

impl StepGrid {
    /// What the block is told.
    pub fn of(call: &Call) -> Self {
        match (call.playback.grid, call.transport.bar) {
            (GridLock::HostBars, Some(bar)) => Self::Bars(bar),
            _ => Self::Song,
        }
    }

    /// The first step at or after `beats`: counts the steps of the bar and of the one behind it.
    pub fn at_or_after(&self, beats: Beats) -> Step {
        let (start, length, number) = match self {
            Self::Song => (Beats::ZERO, Beats::STEP * 16, 0),
            Self::Bars(bar) => (Beats::new(bar.start), Beats::new(bar.beats), bar.number),
        };
        let bars = (beats - start).whole(length);
        let bar_start = start + length * bars;
        let in_bar = (beats - bar_start).covering(Beats::STEP);
        match Beats::STEP * in_bar < length {
            true => step(bar_start, number + bars, in_bar),
            false => step(bar_start + length, number + bars + 1, 0),
        }
    }
}

/// Step `in_bar` of bar `number`: odd bars (the musician's bar 1 is number 0) play the first half of the
/// pattern, even ones the second, and long bars start over.
fn step(bar_start: Beats, number: i64, in_bar: i64) -> Step {
    Step {
        beats: bar_start + Beats::STEP * in_bar,
        step: (number.rem_euclid(2) * 16 + in_bar % 16) as usize,
        cycle: number.div_euclid(2),
        in_bar,
    }
}

impl Step {
    /// Whether a bank may be taken for it.
    pub fn commits(&self, mode: CommitMode) -> bool {
        match mode {
            CommitMode::Step => true,
            CommitMode::Beat => self.in_bar % 4 == 0,
            CommitMode::Bar => self.in_bar == 0,
            CommitMode::Cycle => self.in_bar == 0 && self.step == 0,
        }
    }

    /// How far swing of so many 64ths and an offset of so many 127ths move an onset.
    pub fn moved(&self, swing: i64, offset: i64) -> Beats {
        let swing = if self.in_bar % 2 == 1 { Beats::HALF_STEP * swing } else { Beats::ZERO };
        let sum = (swing * 127 + Beats::HALF_STEP * offset * 64).part(64 * 127);
        sum.clamp(-Beats::HALF_STEP, Beats::HALF_STEP)
    }
}
