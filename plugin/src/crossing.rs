//! The one crossing: banks go from the decode thread to the audio thread.
//!
//! A triple buffer: publishing and reading are wait-free on both sides, and a bank is `Copy`, so the
//! reader never allocates, frees, locks or waits. The two ends are two types from one call; neither can
//! be cloned, so there is one writer and one reader.

use beat::{Bank, Kit};
use triple_buffer::{Input, Output, triple_buffer};

use crate::drum_table::DrumTable;

/// The decode thread's end.
pub struct BankWriter {
    cells: Input<Numbered>,
    published: u32,
}

/// The audio thread's end.
pub struct BankReader(Output<Numbered>);

/// A bank with its place in the order of publication, from 1; 0 is the silence before the first.
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
    (BankWriter { cells, published: 0 }, BankReader(output))
}

impl BankWriter {
    /// Hands over a bank, with the drums that its notes play, and returns its number; one that was never
    /// read is replaced.
    pub fn publish(&mut self, bank: &Bank, drums: DrumTable) -> u32 {
        self.published = self.published.wrapping_add(1);
        *self.cells.input_buffer_mut() = Numbered { number: self.published, bank: *bank, drums };
        self.cells.publish();
        self.published
    }
}

impl BankReader {
    /// Makes the newest bank the current one; true where that is another one than before.
    pub fn take_newest(&mut self) -> bool {
        self.0.update()
    }

    /// The bank that was taken last.
    pub fn current(&self) -> &Bank {
        &self.0.output_buffer().bank
    }

    /// The drums that its notes play.
    pub fn drums(&self) -> DrumTable {
        self.0.output_buffer().drums
    }

    /// The number of that bank.
    pub fn number(&self) -> u32 {
        self.0.output_buffer().number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beat::{BANK_TAKES, Settings, Take};

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
}
