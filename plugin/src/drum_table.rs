//! Which of the built-in drums plays a note. Made by the decode thread with every bank, read by the audio
//! thread; plain `Copy` data.

use beat::{INSTRUMENTS, Kit};
use drums::instrument_of_note;

/// A drum for each note, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrumTable([u8; 128]);

/// No drum.
const NONE: u8 = u8::MAX;

impl DrumTable {
    /// The table of a bank whose instruments play the notes of `kit`, while the model has them on the
    /// General MIDI notes of `own`: a snare stays a snare, whatever note a sampler wants for it. Notes of
    /// no instrument are General MIDI's.
    pub fn new(kit: &Kit, own: &Kit) -> Self {
        let drum = |note: u8| instrument_of_note(note).map_or(NONE, |drum| drum as u8);
        let mut table = std::array::from_fn(|note| drum(note as u8));
        // Of two instruments on one note the first is heard, as in the notes that leave.
        for instrument in (0..INSTRUMENTS).rev() {
            let sound = instrument_of_note(own.note(instrument)).unwrap_or(instrument);
            table[usize::from(kit.note(instrument))] = sound as u8;
        }
        Self(table)
    }

    /// The drum (0..14) of a note.
    pub fn drum(&self, note: u8) -> Option<usize> {
        self.0.get(usize::from(note)).filter(|drum| **drum != NONE).map(|drum| usize::from(*drum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snare_stays_a_snare_on_whatever_note() {
        let mut notes = *Kit::DEFAULT.notes();
        (notes[1], notes[13]) = (60, 60);
        let table = DrumTable::new(&Kit::new(notes).expect("MIDI notes"), &Kit::DEFAULT);
        assert_eq!((table.drum(60), table.drum(36), table.drum(38)), (Some(1), Some(0), Some(1)));
        let paper = DrumTable::new(&Kit::PAPER, &Kit::PAPER);
        assert_eq!((paper.drum(42), paper.drum(46), paper.drum(3)), (Some(4), Some(5), None));
        assert_eq!(paper.drum(200), None);
    }
}
