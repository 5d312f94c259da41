//! One session, held against the contract.

use beat::{Bank, BankSource, NoteEvent, NoteSink, Refused, Sequencer};

use crate::book::{Book, Undecided};
use crate::chance::Script;
use crate::covered::{Covered, Situation};
use crate::finding::Finding;
use crate::host::{self, Call, Rounding};
use crate::ledger::Ledger;
use crate::order;
use crate::score::Score;
use crate::shelf::{SILENT, Shelf};

/// What a session that kept the contract has shown.
#[derive(Clone, Debug)]
pub struct Report {
    /// Blocks played.
    pub blocks: u64,
    /// Note-ons.
    pub notes: u64,
    /// The worst error from the positions that the host gave, in samples.
    pub worst: f64,
    /// The worst error from the host's true position, by how the host rounds, in samples.
    pub worst_with_rounding: (Rounding, f64),
    /// What has been met.
    pub covered: Covered,
}

/// The reading end of the crossing, as the sequencer under test sees it.
struct Desk<'a> {
    shelf: &'a Shelf,
    newest: usize,
    current: usize,
}

impl BankSource for Desk<'_> {
    fn commit(&mut self, _beats: f64) {
        self.current = self.newest;
    }

    fn current(&self) -> &Bank {
        self.shelf.bank(self.current)
    }
}

/// What the sequencer sent in one call.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// What the host took.
    pub events: Vec<NoteEvent>,
    /// How many events it refused.
    pub refused: u32,
    /// How many onsets the sequencer says to have given up.
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

/// Lets a sequencer play all calls, shows what it sent in each, and returns how many notes sound at the end.
pub fn play(
    calls: &[Call],
    shelf: &Shelf,
    sequencer: &Sequencer,
    mut each: impl FnMut(usize, &Sent) -> Result<(), Finding>,
) -> Result<usize, Finding> {
    let mut sequencer = sequencer.clone();
    let mut desk = Desk { shelf, newest: 0, current: SILENT };
    let mut sent = Sent::default();
    for (index, call) in calls.iter().enumerate() {
        let lost = sequencer.lost();
        if call.reset {
            sequencer.reset();
        }
        (sent.room, sent.refused, desk.newest) = (call.room, 0, call.newest);
        sent.events.clear();
        sequencer.process(&call.transport, &call.playback, &mut desk, &mut sent);
        sent.given_up = sequencer.lost() - lost;
        each(index, &sent)?;
    }
    Ok(sequencer.sounding())
}

/// Plays a script and checks every call of it. `sequencer` is the one under test, at rest.
pub fn hold(script: &Script, shelf: &Shelf, sequencer: &Sequencer) -> Result<Report, Finding> {
    let mut covered = Covered::default();
    let (mut calls, rounding) = host::calls(script);
    let (book, score) = loop {
        let mut met = Covered::default();
        let laid = Book::new(&calls, &mut met)
            .and_then(|book| Score::new(&book, &calls, shelf, &mut met).map(|score| (book, score)));
        match laid {
            Ok(laid) => {
                covered.add(&met);
                break laid;
            }
            Err(Undecided(call)) => {
                covered.count(Situation::CutShort);
                calls.truncate(call);
                host::finish(&mut calls);
            }
        }
    };
    if let Some(call) = book.misjudged {
        let expected = "a block that goes on from the last".to_owned();
        return Err(Finding { call, sample: 0, expected, got: "by the letter of the rules, a seek".into() });
    }
    let mut ledger = Ledger::new(&book, &score, &calls);
    let still_sound = play(&calls, shelf, sequencer, |index, sent| {
        let before = index.checked_sub(1).map(|before| &calls[before]);
        note_situations(&calls[index], before, &mut covered);
        if sent.refused > 0 {
            covered.count(Situation::Refusal);
        }
        order::check(index, &calls[index], sent)?;
        ledger.call(index, sent, &mut covered)
    })?;
    if still_sound + ledger.sounding() > 0 {
        let got = format!("{} notes still sound", still_sound.max(ledger.sounding()));
        return Err(Finding { call: calls.len(), sample: 0, expected: "silence at the end".into(), got });
    }
    let [worst, with_rounding] = ledger.worst;
    Ok(Report {
        blocks: calls.len() as u64,
        notes: ledger.notes,
        worst,
        worst_with_rounding: (rounding, with_rounding),
        covered,
    })
}

fn note_situations(call: &Call, before: Option<&Call>, covered: &mut Covered) {
    let transport = &call.transport;
    let changed = |differs: fn(&Call, &Call) -> bool| before.is_some_and(|before| differs(before, call));
    for (met, situation) in [
        (!transport.playing, Situation::Stopped),
        (call.playback.bypass, Situation::Bypassed),
        (call.reset, Situation::Reset),
        (transport.playing && !call.playback.bypass && !call.plays(), Situation::Broken),
        (call.plays() && transport.beats < 0.0, Situation::PreRoll),
        (call.playback.mutes == u16::MAX, Situation::Silent),
        (changed(|a, b| a.transport.tempo != b.transport.tempo), Situation::TempoChange),
        (changed(|a, b| a.newest != b.newest), Situation::NewBank),
    ] {
        if met {
            covered.count(situation);
        }
    }
}
