//! The one crossing: banks go from the decode thread to the audio thread.
//!
//! A triple buffer: publishing and reading are wait-free on both sides, and a bank is `Copy`, so the
//! reader never allocates, frees, locks or waits. The two ends are two types from one call; neither can
//! be cloned, so there is one writer and one reader.

use beat::Bank;
use triple_buffer::{Input, Output, triple_buffer};

/// The decode thread's end.
pub struct BankWriter(Input<Bank>);

/// The audio thread's end.
pub struct BankReader(Output<Bank>);

/// Makes both ends; the reader starts with silence.
pub fn bank_crossing() -> (BankWriter, BankReader) {
    let (input, output) = triple_buffer(&Bank::SILENT);
    (BankWriter(input), BankReader(output))
}

impl BankWriter {
    /// Hands over a bank; one that was never read is replaced.
    pub fn publish(&mut self, bank: &Bank) {
        *self.0.input_buffer_mut() = *bank;
        self.0.publish();
    }
}

impl BankReader {
    /// Makes the newest bank the current one.
    pub fn take_newest(&mut self) {
        self.0.update();
    }

    /// The bank that was taken last.
    pub fn current(&self) -> &Bank {
        self.0.output_buffer()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beat::{BANK_TAKES, Kit, Settings, Take};

    #[test]
    fn the_newest_bank_arrives_when_it_is_taken_and_not_before() {
        let (mut writer, mut reader) = bank_crossing();
        for model in 1..=3 {
            writer.publish(&Bank::new([Take::EMPTY; BANK_TAKES], 1, Kit::DEFAULT, Settings::DEFAULT, model));
        }
        assert_eq!(reader.current().model(), 0);
        reader.take_newest();
        assert_eq!(reader.current().model(), 3);
    }
}
