//! The bank crossing: banks go from the decode thread to the audio thread, each with the table of the
//! built-in drums that its notes play.
//!
//! A triple buffer for each grid, so that a song that changes its time signature finds the bank of the other field
//! ready: publishing and reading are wait-free on both sides, and a bank is plain data, so the reader never allocates,
//! frees, locks or waits. The two ends are two types from one call; neither can be cloned, so there is one writer and
//! one reader.

use beat::{Bank, Grid, INSTRUMENTS, Kit};
use drums::instrument_of_note;
use triple_buffer::{Input, Output, triple_buffer};

/// Grids, each with a buffer of its own.
const GRIDS: usize = Grid::ALL.len();

/// The decode thread's end.
pub struct BankWriter {
    /// By [`Grid::index`].
    cells: [Input<Numbered>; GRIDS],
    published: u32,
}

/// The audio thread's end.
pub struct BankReader {
    /// By [`Grid::index`].
    cells: [Output<Numbered>; GRIDS],
    /// Which of them holds the current bank.
    current: usize,
}

/// A bank with its number, counted from 1 in order of publication; 0 is the silence before the first.
#[derive(Clone)]
struct Numbered {
    number: u32,
    bank: Bank,
    drums: DrumTable,
}

/// Makes both ends; the reader starts with silence.
pub fn bank_crossing() -> (BankWriter, BankReader) {
    let drums = DrumTable::new(&Kit::DEFAULT, &Kit::DEFAULT);
    let pairs = Grid::ALL.map(|_| triple_buffer(&Numbered { number: 0, bank: Bank::SILENT, drums }));
    let [(four, four_out), (shuffle, shuffle_out), (three, three_out)] = pairs;
    let writer = BankWriter { cells: [four, shuffle, three], published: 0 };
    (writer, BankReader { cells: [four_out, shuffle_out, three_out], current: Grid::FOUR_FOUR.index() })
}

impl BankWriter {
    /// Publishes a bank with the drums of its notes, and returns its number. Replaces one of its grid that was never
    /// read.
    pub fn publish(&mut self, bank: &Bank, drums: DrumTable) -> u32 {
        self.published = self.published.wrapping_add(1);
        let cells = &mut self.cells[bank.grid().index()];
        let cell = cells.input_buffer_mut();
        (cell.number, cell.drums) = (self.published, drums);
        cell.bank.copy_from(bank);
        cells.publish();
        self.published
    }
}

impl BankReader {
    /// Makes the newest bank of this grid the current one; of the same grid as before where there is none of it. True
    /// where the current bank changed.
    pub fn take_newest(&mut self, grid: Grid) -> bool {
        let arrived = self.cells[grid.index()].update();
        let lane = if self.has(grid) { grid.index() } else { self.current };
        let changed = std::mem::replace(&mut self.current, lane) != lane;
        changed || arrived
    }

    /// Whether a bank of this grid was taken, or waits to be.
    pub fn has(&self, grid: Grid) -> bool {
        let cells = &self.cells[grid.index()];
        cells.updated() || cells.output_buffer().number != 0
    }

    /// The current bank.
    pub fn current(&self) -> &Bank {
        &self.cell().bank
    }

    /// The drums of its notes.
    pub fn drums(&self) -> DrumTable {
        self.cell().drums
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.cell().number
    }

    fn cell(&self) -> &Numbered {
        self.cells[self.current].output_buffer()
    }
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
    use beat::{Settings, Take};

    use super::*;

    fn bank(grid: Grid, model: u32) -> Bank {
        Bank::new(&[Take::EMPTY], 1, grid, Kit::DEFAULT, Settings::DEFAULT, model)
    }

    #[test]
    fn the_newest_bank_arrives_when_it_is_taken_and_not_before() {
        let (mut writer, mut reader) = bank_crossing();
        for model in 1..=3 {
            writer.publish(&bank(Grid::FOUR_FOUR, model), DrumTable::new(&Kit::DEFAULT, &Kit::DEFAULT));
        }
        assert_eq!((reader.current().model(), reader.number()), (0, 0));
        assert!(reader.take_newest(Grid::FOUR_FOUR));
        assert_eq!((reader.current().model(), reader.number()), (3, 3));
        assert!(!reader.take_newest(Grid::FOUR_FOUR), "nothing newer");
    }

    #[test]
    fn each_grid_has_its_newest_bank_ready() {
        let (mut writer, mut reader) = bank_crossing();
        let drums = DrumTable::new(&Kit::DEFAULT, &Kit::DEFAULT);
        writer.publish(&bank(Grid::FOUR_FOUR, 1), drums);
        assert!(reader.take_newest(Grid::FOUR_FOUR));
        assert!(!reader.has(Grid::THREE) && !reader.take_newest(Grid::THREE), "none: the other plays on");
        assert_eq!(reader.number(), 1);
        writer.publish(&bank(Grid::THREE, 2), drums);
        assert_eq!(reader.number(), 1);
        assert!(reader.has(Grid::THREE) && reader.take_newest(Grid::THREE));
        assert_eq!((reader.number(), reader.current().grid()), (2, &Grid::THREE));
        assert!(reader.take_newest(Grid::FOUR_FOUR), "the one before is still there");
        assert_eq!(reader.number(), 1);
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
