//! The kit: which 14 drums a pattern can hit, and the note that each one plays.

/// How many instruments a kit has; bit `i` of a step is instrument `i`.
pub const INSTRUMENTS: usize = 14;

/// What the instruments of the default kit are called, by index.
pub const DEFAULT_INSTRUMENT_NAMES: [&str; INSTRUMENTS] = [
    "kick",
    "snare",
    "rim",
    "clap",
    "closed hat",
    "open hat",
    "low tom",
    "mid tom",
    "high tom",
    "crash",
    "ride",
    "cowbell",
    "shaker",
    "percussion",
];

/// The notes of the 14 instruments, each 0..=127. Names live with the model, since the audio thread
/// needs none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kit {
    notes: [u8; INSTRUMENTS],
}

impl Kit {
    /// The default kit, on its General MIDI notes.
    pub const DEFAULT: Self = Self { notes: [36, 38, 37, 39, 42, 46, 45, 47, 50, 49, 51, 56, 70, 63] };

    /// The kit of Tikhonov & Yamshchikov's published patterns (arXiv 2007.06284).
    pub const PAPER: Self = Self { notes: [36, 38, 42, 41, 45, 46, 48, 49, 51, 58, 60, 61, 62, 64] };

    /// A kit of these notes, or `None` where one of them is no MIDI note (above 127).
    pub const fn new(notes: [u8; INSTRUMENTS]) -> Option<Self> {
        let mut instrument = 0;
        while instrument < INSTRUMENTS {
            if notes[instrument] > 127 {
                return None;
            }
            instrument += 1;
        }
        Some(Self { notes })
    }

    /// The note of instrument `instrument` (0..14), 0..=127.
    pub const fn note(&self, instrument: usize) -> u8 {
        self.notes[instrument]
    }

    /// All notes, by instrument.
    pub const fn notes(&self) -> &[u8; INSTRUMENTS] {
        &self.notes
    }
}

impl Default for Kit {
    fn default() -> Self {
        Self::DEFAULT
    }
}
