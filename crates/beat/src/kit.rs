//! The kit: which 14 drums a pattern can hit, the note of each, and the nine pieces to which sequence models
//! reduce a step.

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

/// The nine drum classes of Magenta's DrumsRNN: kick, snare, closed and open hat, low, mid and high tom,
/// crash, ride.
pub const PIECES: usize = 9;

/// Classes of a step: each of the nine pieces is hit or not.
pub const CLASSES: usize = 1 << PIECES;

/// The piece of each instrument of the default kit, as DrumsRNN merges General MIDI: rim, clap
/// and cowbell are snares, the shaker a closed hat, other percussion a mid tom.
pub const PIECE_OF: [u8; INSTRUMENTS] = [0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 5];

/// The instrument of the default kit that plays each piece.
pub const INSTRUMENT_OF: [u8; PIECES] = [0, 1, 4, 5, 6, 7, 8, 9, 10];

/// The piece of a General MIDI note, 0..[`PIECES`], as Magenta's DrumsRNN merges them. Notes that it does not
/// name count as snares.
pub const fn piece_of_note(note: u8) -> u8 {
    match note {
        35 | 36 => 0,
        22 | 42 | 44 | 54 | 68..=71 | 73 | 78 | 80 => 2,
        26 | 46 | 67 | 72 | 74 | 79 | 81 => 3,
        29 | 41 | 43 | 45 | 61 | 64 | 84 => 4,
        47 | 48 | 60 | 63 | 77 | 86 | 87 => 5,
        30 | 50 | 62 | 76 | 83 => 6,
        49 | 52 | 55 | 57 | 58 => 7,
        51 | 53 | 59 | 82 => 8,
        _ => 1,
    }
}

/// The mapping between the instruments of a kit and the nine pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PieceMap {
    piece_of: [u8; INSTRUMENTS],
    /// The instruments that play each piece.
    instruments: [u16; PIECES],
}

impl PieceMap {
    /// The pieces of a kit.
    pub fn of(kit: &Kit) -> Self {
        let piece_of = kit.notes().map(piece_of_note);
        let mut instruments = [0; PIECES];
        for (instrument, piece) in piece_of.iter().enumerate() {
            instruments[usize::from(*piece)] |= 1 << instrument;
        }
        Self { piece_of, instruments }
    }

    /// The class of a step of the kit.
    pub fn class(&self, step: u16) -> u16 {
        let hits = (0..INSTRUMENTS).filter(|instrument| step >> instrument & 1 == 1);
        hits.fold(0, |class, instrument| class | 1 << self.piece_of[instrument])
    }

    /// The instruments that play `piece` (0..[`PIECES`]), as bits of a step; none where the kit lacks it.
    pub fn instruments(&self, piece: usize) -> u16 {
        self.instruments.get(piece).copied().unwrap_or(0)
    }
}

/// The class of a step of the default kit, 0..[`CLASSES`]: bit `p` is a hit of piece `p`.
pub fn class_of(step: u16) -> u16 {
    let hits = (0..INSTRUMENTS).filter(|instrument| step >> instrument & 1 == 1);
    hits.fold(0, |class, instrument| class | 1 << PIECE_OF[instrument])
}

/// The step of the default kit that plays a class.
pub fn step_of(class: u16) -> u16 {
    let pieces = (0..PIECES).filter(|piece| class >> piece & 1 == 1);
    pieces.fold(0, |step, piece| step | 1 << INSTRUMENT_OF[piece])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_kit_has_its_pieces_by_its_notes() {
        assert_eq!(Kit::DEFAULT.notes().map(piece_of_note), PIECE_OF);
        let pieces = PieceMap::of(&Kit::DEFAULT);
        for step in [0, 1, 1 << 3 | 1 << 12, 0x3fff] {
            assert_eq!(pieces.class(step), class_of(step));
        }
        assert_eq!((pieces.instruments(1), pieces.instruments(9)), (1 << 1 | 1 << 2 | 1 << 3 | 1 << 11, 0));
        assert_eq!(PieceMap::of(&Kit::PAPER).instruments(8), 1 << 8, "its ride");
    }

    #[test]
    fn every_piece_is_played_by_an_instrument_that_stands_for_it() {
        for class in 0..CLASSES as u16 {
            assert_eq!(class_of(step_of(class)), class);
        }
        let rim_and_shaker = 1 << 2 | 1 << 12;
        assert_eq!(class_of(rim_and_shaker), 1 << 1 | 1 << 2, "they count as snare and closed hat");
    }
}
