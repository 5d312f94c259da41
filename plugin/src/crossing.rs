//! The bank crossing: banks go from the decode thread to the audio thread, each with the table of the
//! built-in drums that its notes play.
//!
//! A triple buffer: publishing and reading are wait-free on both sides, and a bank is `Copy`, so the
//! reader never allocates, frees, locks or waits. The two ends are two types from one call; neither can
//! be cloned, so there is one writer and one reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use beat::{Bank, Grid, INSTRUMENTS, Kit};
use drums::instrument_of_note;
use triple_buffer::{Input, Output, triple_buffer};

/// The decode thread's end.
pub struct BankWriter {
    cells: Input<Numbered>,
    published: u32,
    newest_grid: Arc<AtomicUsize>,
}

/// The audio thread's end.
pub struct BankReader {
    cells: Output<Numbered>,
    /// Which of [`Grid::ALL`] the newest bank has. It is set before that bank is published, so a reader that still
    /// sees the grid before may get a bank of the other one and changes in mid-bar, in the nanoseconds between the two.
    newest_grid: Arc<AtomicUsize>,
}

/// A bank with its number, counted from 1 in order of publication; 0 is the silence before the first.
#[derive(Clone, Copy)]
struct Numbered {
    number: u32,
    bank: Bank,
    drums: DrumTable,
}

/// Makes both ends; the reader starts with silence.
pub fn bank_crossing() -> (BankWriter, BankReader) {
    let (cells, output) = triple_buffer(&Numbered {
        number: 0,
        bank: Bank::SILENT,
        drums: DrumTable::new(&Kit::DEFAULT, &Kit::DEFAULT),
    });
    let newest_grid = Arc::new(AtomicUsize::new(index_of(Bank::SILENT.grid())));
    let writer = BankWriter { cells, published: 0, newest_grid: newest_grid.clone() };
    (writer, BankReader { cells: output, newest_grid })
}

impl BankWriter {
    /// Publishes a bank with the drums of its notes, and returns its number. Replaces one that was never
    /// read.
    pub fn publish(&mut self, bank: &Bank, drums: DrumTable) -> u32 {
        self.published = self.published.wrapping_add(1);
        // Release, with Acquire at the other end: whoever sees this grid sees every bank before.
        self.newest_grid.store(index_of(bank.grid()), Ordering::Release);
        *self.cells.input_buffer_mut() = Numbered { number: self.published, bank: *bank, drums };
        self.cells.publish();
        self.published
    }
}

impl BankReader {
    /// Makes the newest bank the current one; true where the current bank changed.
    pub fn take_newest(&mut self) -> bool {
        self.cells.update()
    }

    /// The current bank.
    pub fn current(&self) -> &Bank {
        &self.cells.output_buffer().bank
    }

    /// The grid of the newest bank, which need not be the current one.
    pub fn newest_grid(&self) -> Grid {
        Grid::ALL[self.newest_grid.load(Ordering::Acquire) % Grid::ALL.len()]
    }

    /// The drums of its notes.
    pub fn drums(&self) -> DrumTable {
        self.cells.output_buffer().drums
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.cells.output_buffer().number
    }
}

fn index_of(grid: &Grid) -> usize {
    Grid::ALL.iter().position(|one| one == grid).unwrap_or(0)
}

/// A built-in drum, or none, for each MIDI note. Made by the decode thread with every bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrumTable([u8; 128]);

/// No drum.
const NONE: u8 = u8::MAX;

impl DrumTable {
    /// The table of a bank whose instruments play the notes of `kit`, while the model has them on the
    /// General MIDI notes of `own`: a snare sounds as a snare, whatever note it is mapped to. Notes of no
    /// instrument are as in General MIDI.
    pub fn new(kit: &Kit, own: &Kit) -> Self {
        let drum = |note: u8| instrument_of_note(note).map_or(NONE, |drum| drum as u8);
        let mut table = std::array::from_fn(|note| drum(note as u8));
        // Of two instruments on one note the first counts, as in the sequencer.
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
    use beat::{BANK_TAKES, Settings, Take};

    use super::*;

    #[test]
    fn the_newest_bank_arrives_when_it_is_taken_and_not_before() {
        let (mut writer, mut reader) = bank_crossing();
        for model in 1..=3 {
            let bank = Bank::new([Take::EMPTY; BANK_TAKES], 1, Kit::DEFAULT, Settings::DEFAULT, model);
            writer.publish(&bank, DrumTable::new(&Kit::DEFAULT, &Kit::DEFAULT));
        }
        assert_eq!((reader.current().model(), reader.number()), (0, 0));
        assert!(reader.take_newest());
        assert_eq!((reader.current().model(), reader.number()), (3, 3));
        assert!(!reader.take_newest(), "nothing newer");
    }

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
