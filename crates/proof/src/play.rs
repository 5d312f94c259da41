//! Runs the sequencer under test over the calls of a session.

use std::fmt;

use beat::{Bank, BankSource, DrumHit, Grid, NoteEvent, NoteKind, NoteSink, Refused, Sequencer};

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

    fn newest_grid(&self) -> Grid {
        *self.banks.bank(self.newest).grid()
    }
}

/// What the sequencer sent in one call.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// What the host took.
    pub events: Vec<NoteEvent>,
    /// What a sound source beside the host hears.
    pub sounded: Vec<DrumHit>,
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

    fn sound(&mut self, hit: &DrumHit) {
        self.sounded.push(*hit);
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
        sent.sounded.clear();
        sequencer.process(&call.transport, &call.playback, &mut source, &mut sent);
        sent.given_up = sequencer.lost() - lost;
        each(index, &sent)?;
    }
    Ok(sequencer.sounding())
}

/// Checks that a sound source hears each hit at its sample whatever the host refuses: `sounded`, what it sounded in
/// each call, is what it hears where the host takes everything, and that is every note-on.
pub(crate) fn check_sounded(
    calls: &[Call],
    sounded: &[Vec<DrumHit>],
    banks: &BankFixtures,
    sequencer: &Sequencer,
) -> Result<(), Finding> {
    let open: Vec<Call> = calls.iter().map(|call| Call { room: usize::MAX, ..*call }).collect();
    play(&open, banks, sequencer, |call, sent| {
        let ons = sent.events.iter().filter_map(|event| match event.kind {
            NoteKind::On { velocity } => Some((event.sample, event.note, velocity)),
            NoteKind::Off => None,
        });
        let wanted = &sent.sounded;
        let differs = |expected: String, got: String| Err(Finding { call, sample: 0, expected, got });
        if !ons.eq(wanted.iter().map(|hit| (hit.sample, hit.note, hit.velocity))) {
            return differs(format!("to be sounded: {:?}", sent.events), format!("{wanted:?}"));
        }
        match sounded[call] == *wanted {
            true => Ok(()),
            false => differs(format!("to be sounded: {wanted:?}"), format!("{:?}", sounded[call])),
        }
    })
    .map(drop)
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
