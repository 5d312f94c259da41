//! Which instrument of the default kit a percussion note is merged into.

mod map;

use serde::Serialize;

pub use map::{NoteMap, NoteMapError};

/// A table from notes to instruments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteTable {
    /// General MIDI percussion.
    Gm,
    /// Roland electronic kits, as the Groove MIDI Dataset was played on: pads have a head and a rim.
    Roland,
    /// A kit of the user's own.
    Own(NoteMap),
}

const KICK: u8 = 0;
const SNARE: u8 = 1;
const RIM: u8 = 2;
const CLAP: u8 = 3;
const CLOSED_HAT: u8 = 4;
const OPEN_HAT: u8 = 5;
const LOW_TOM: u8 = 6;
const MID_TOM: u8 = 7;
const HIGH_TOM: u8 = 8;
const CRASH: u8 = 9;
const RIDE: u8 = 10;
const COWBELL: u8 = 11;
const SHAKER: u8 = 12;
/// What is left over of General MIDI's percussion.
pub(crate) const PERCUSSION: u8 = 13;

impl NoteTable {
    /// The instrument (0..14 of the default kit) that plays `note`, or `None` for a note that belongs
    /// to no drum.
    pub fn instrument(self, note: u8) -> Option<u8> {
        match (self, note) {
            // A tom's rim sounds like its head; GM has other drums on some of these notes.
            (Self::Roland, 58) => Some(LOW_TOM),
            (Self::Roland, 45 | 47) => Some(MID_TOM),
            (Self::Roland, 48 | 50) => Some(HIGH_TOM),
            (Self::Own(map), _) => map.instrument(note),
            _ => general_midi(note),
        }
    }
}

fn general_midi(note: u8) -> Option<u8> {
    Some(match note {
        35 | 36 => KICK,
        38 | 40 => SNARE,
        31 | 37 => RIM,
        39 => CLAP,
        42 | 44 | 22 => CLOSED_HAT,
        46 | 26 => OPEN_HAT,
        41 | 43 | 45 => LOW_TOM,
        47 | 48 => MID_TOM,
        50 => HIGH_TOM,
        49 | 52 | 55 | 57 => CRASH,
        51 | 53 | 59 => RIDE,
        56 => COWBELL,
        54 | 69 | 70 | 82 => SHAKER,
        58 | 60..=68 | 71..=81 | 83..=87 => PERCUSSION,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use beat::{DEFAULT_INSTRUMENT_NAMES, Kit};

    fn check(table: NoteTable, notes: &[u8], instrument: &str) {
        for &note in notes {
            let index = table.instrument(note).map(usize::from);
            assert_eq!(index.map(|index| DEFAULT_INSTRUMENT_NAMES[index]), Some(instrument), "note {note}");
        }
    }

    #[test]
    fn every_drum_of_the_kit_is_itself() {
        for (instrument, &note) in Kit::DEFAULT.notes().iter().enumerate() {
            assert_eq!(NoteTable::Gm.instrument(note), Some(instrument as u8), "note {note}");
        }
    }

    #[test]
    fn general_midi_is_merged() {
        check(NoteTable::Gm, &[35, 36], "kick");
        check(NoteTable::Gm, &[38, 40], "snare");
        check(NoteTable::Gm, &[22, 42, 44], "closed hat");
        check(NoteTable::Gm, &[26, 46], "open hat");
        check(NoteTable::Gm, &[41, 43, 45], "low tom");
        check(NoteTable::Gm, &[54, 69, 70, 82], "shaker");
        check(NoteTable::Gm, &[58, 60, 68, 71, 81, 83, 87], "percussion");
        for note in [0, 21, 34, 88, 127] {
            assert_eq!(NoteTable::Gm.instrument(note), None, "note {note}");
        }
    }

    #[test]
    fn the_rim_of_a_roland_tom_is_the_tom() {
        check(NoteTable::Roland, &[43, 58], "low tom");
        check(NoteTable::Roland, &[45, 47], "mid tom");
        check(NoteTable::Roland, &[48, 50], "high tom");
        check(NoteTable::Roland, &[22, 42, 44], "closed hat");
        check(NoteTable::Roland, &[26, 46], "open hat");
    }
}
