//! What the decode thread publishes and the audio thread plays: eight takes and how to cycle them.

use crate::{INSTRUMENTS, Kit, Pattern, STEPS, Settings};

/// Takes of a bank.
pub const BANK_TAKES: usize = 8;

/// One pattern sampled for the settings, with how hard and how early or late each cell is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Take {
    /// Which cells sound.
    pub onsets: Pattern,
    /// MIDI velocity 1..=127 of each cell, meaningful where there is an onset.
    pub velocities: [[u8; INSTRUMENTS]; STEPS],
    /// Displacement of each cell in 1/254 of a step: -127 is half a step early, 127 half a step late.
    pub offsets: [[i8; INSTRUMENTS]; STEPS],
}

impl Take {
    /// Silence.
    pub const EMPTY: Self = Self {
        onsets: Pattern::EMPTY,
        velocities: [[100; INSTRUMENTS]; STEPS],
        offsets: [[0; INSTRUMENTS]; STEPS],
    };

    /// Whether any onset comes before its step, so that steps have to be decided half a step ahead.
    pub fn anticipates(&self) -> bool {
        (0..STEPS).any(|step| {
            (0..INSTRUMENTS)
                .any(|instrument| self.onsets.has(step, instrument) && self.offsets[step][instrument] < 0)
        })
    }
}

/// Eight takes that were sampled at once for one [`Settings`]. Plain `Copy` data of about 8 KB: the
/// audio thread that drops one frees nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bank {
    /// The takes; in cycle `c` plays take `c mod period`.
    pub takes: [Take; BANK_TAKES],
    /// After how many cycles the takes repeat: 1, 2, 4 or 8.
    pub period: u8,
    /// The notes of the model's kit.
    pub kit: Kit,
    /// What this bank was decoded for.
    pub settings: Settings,
    /// Which model decoded it: 0 for none, else a number that changes with every model that is loaded.
    pub model: u32,
}

impl Bank {
    /// Silence, from no model.
    pub const SILENT: Self = Self {
        takes: [Take::EMPTY; BANK_TAKES],
        period: 1,
        kit: Kit::DEFAULT,
        settings: Settings::DEFAULT,
        model: 0,
    };

    /// The index of the take that plays in cycle `cycle` of the song.
    pub fn take_index(&self, cycle: i64) -> usize {
        let period = i64::from(self.period.clamp(1, BANK_TAKES as u8));
        cycle.rem_euclid(period) as usize
    }

    /// The take that plays in cycle `cycle` of the song.
    pub fn take(&self, cycle: i64) -> &Take {
        &self.takes[self.take_index(cycle)]
    }
}

impl Default for Bank {
    fn default() -> Self {
        Self::SILENT
    }
}
