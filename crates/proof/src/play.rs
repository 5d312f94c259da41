//! Runs the sequencer under test over the calls of a session.

use std::fmt;

use beat::{Bank, BankSource, NoteEvent, NoteSink, Refused, Sequencer};

use crate::banks::{BankFixtures, SILENT};
use crate::host::Call;

/// The bank source of the sequencer under test.
struct FixtureSource<'a> {
    banks: &'a BankFixtures,
    newest: usize,
    current: usize,
}

impl BankSource for FixtureSource<'_> {
    fn commit(&mut self, _beats: f64) {
        self.current = self.newest;
    }

    fn current(&self) -> &Bank {
        self.banks.bank(self.current)
    }
}

/// What the sequencer sent in one call.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// What the host took.
    pub events: Vec<NoteEvent>,
    /// How many events it refused.
    pub refused: u32,
    /// How many onsets the sequencer counted as lost.
    pub given_up: u32,
    room: usize,
}

impl NoteSink for Sent {
    fn try_send(&mut self, event: NoteEvent) -> Result<(), Refused> {
        if self.events.len() >= self.room {
            self.refused += 1;
            return Err(Refused);
        }
        self.events.push(event);
        Ok(())
    }
}

/// Runs a sequencer over all calls, hands what it sent in each to `each`, and returns how many notes sound at
/// the end.
pub fn play(
    calls: &[Call],
    banks: &BankFixtures,
    sequencer: &Sequencer,
    mut each: impl FnMut(usize, &Sent) -> Result<(), Finding>,
) -> Result<usize, Finding> {
    let mut sequencer = sequencer.clone();
    let mut source = FixtureSource { banks, newest: 0, current: SILENT };
    let mut sent = Sent::default();
    for (index, call) in calls.iter().enumerate() {
        let lost = sequencer.lost();
        if call.reset {
            sequencer.reset();
        }
        (sent.room, sent.refused, source.newest) = (call.room, 0, call.newest);
        sent.events.clear();
        sequencer.process(&call.transport, &call.playback, &mut source, &mut sent);
        sent.given_up = sequencer.lost() - lost;
        each(index, &sent)?;
    }
    Ok(sequencer.sounding())
}

/// A violation of the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The call in which it was found.
    pub call: usize,
    /// The sample in that call's block.
    pub sample: i64,
    /// What the contract requires.
    pub expected: String,
    /// What the sequencer did.
    pub got: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "block {}, sample {}\n  expected: {}\n  got:      {}",
            self.call, self.sample, self.expected, self.got
        )
    }
}

impl std::error::Error for Finding {}
