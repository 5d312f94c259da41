//! What the musician sets for the audio thread.

use crate::grid::{CommitMode, GridLock};

/// The settings that the audio thread reads itself, once a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playback {
    /// Bit `i` silences instrument `i`.
    pub mutes: u16,
    /// How late every second sixteenth is, 0..=1 of half a step.
    pub swing: f32,
    /// How long a note lasts, in steps (0..=1).
    pub gate: f32,
    /// Multiplies velocities, 0..=2; a note-on never leaves 1..=127.
    pub velocity: f32,
    /// When a new bank may start to sound.
    pub commit: CommitMode,
    /// What the steps are laid along.
    pub grid: GridLock,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// Whether the instrument rests: what sounds is ended, then silence.
    pub bypass: bool,
}

impl Default for Playback {
    fn default() -> Self {
        Self {
            mutes: 0,
            swing: 0.0,
            gate: 0.5,
            velocity: 1.0,
            commit: CommitMode::Step,
            grid: GridLock::Song,
            channel: 9,
            bypass: false,
        }
    }
}
