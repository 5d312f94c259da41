//! The bank: eight takes and how they cycle. The decode thread publishes it, the audio thread plays it.

use crate::{Grid, INSTRUMENTS, Kit, Pattern, STEPS, Settings};

/// Takes of a bank.
pub const BANK_TAKES: usize = 8;

/// One sampled pattern, with the velocity and time offset of each cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Take {
    /// Which cells sound.
    pub onsets: Pattern,
    /// MIDI velocity 1..=127 of each cell, meaningful where there is an onset.
    pub velocities: [[u8; INSTRUMENTS]; STEPS],
    /// Offset of each cell in 1/254 of a step: -127 is half a step early, 127 half a step late.
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
    takes: [Take; BANK_TAKES],
    /// Bit `k`: take `k` has onsets before their step. Computed once, since every step needs it.
    anticipating: u8,
    period: u8,
    grid: Grid,
    kit: Kit,
    settings: Settings,
    model: u32,
}

impl Bank {
    /// Silence, of no model. Its settings are invalid, so that it never counts as decoded for a request.
    pub const SILENT: Self = Self {
        takes: [Take::EMPTY; BANK_TAKES],
        anticipating: 0,
        period: 1,
        grid: Grid::FOUR_FOUR,
        kit: Kit::DEFAULT,
        settings: Settings { revision: u32::MAX, ..Settings::DEFAULT },
        model: 0,
    };

    /// A bank of these takes, repeated after `period` cycles (1, 2, 4 or 8; anything else plays as
    /// the next of these below). `settings` is what it was decoded for, `model` a number that changes
    /// with every model that is loaded (0 for none). Its grid is that of 4/4.
    pub fn new(takes: [Take; BANK_TAKES], period: u8, kit: Kit, settings: Settings, model: u32) -> Self {
        let period = match period {
            0 | 1 => 1,
            2 | 3 => 2,
            4..=7 => 4,
            _ => 8,
        };
        let mut anticipating = 0;
        for (index, take) in takes.iter().enumerate() {
            anticipating |= u8::from(take.anticipates()) << index;
        }
        Self { takes, anticipating, period, grid: Grid::FOUR_FOUR, kit, settings, model }
    }

    /// This bank on a grid: the first steps of its takes, as many as the grid has, are played on it.
    #[must_use]
    pub fn on(self, grid: Grid) -> Self {
        Self { grid, ..self }
    }

    /// How its steps lie in time.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// All eight takes.
    pub fn takes(&self) -> &[Take; BANK_TAKES] {
        &self.takes
    }

    /// The index of the take that plays in cycle `cycle` of the song.
    pub fn take_index(&self, cycle: i64) -> usize {
        cycle.rem_euclid(i64::from(self.period)) as usize
    }

    /// The take that plays in cycle `cycle` of the song.
    pub fn take(&self, cycle: i64) -> &Take {
        &self.takes[self.take_index(cycle)]
    }

    /// Whether the take of cycle `cycle` has onsets before their step, so that its steps have to be
    /// decided half a step ahead.
    pub fn anticipates(&self, cycle: i64) -> bool {
        self.anticipating >> self.take_index(cycle) & 1 == 1
    }

    /// After how many cycles the takes repeat: 1, 2, 4 or 8.
    pub fn period(&self) -> u8 {
        self.period
    }

    /// The notes that the instruments play.
    pub fn kit(&self) -> &Kit {
        &self.kit
    }

    /// What this bank was decoded for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Which model decoded it; 0 is none.
    pub fn model(&self) -> u32 {
        self.model
    }
}

impl Default for Bank {
    fn default() -> Self {
        Self::SILENT
    }
}
