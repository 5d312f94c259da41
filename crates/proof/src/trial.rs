//! One session, held against the contract.

use beat::{Bank, BankSource, NoteEvent, NoteSink, Refused, Sequencer};

use crate::book::{Book, Undecided};
use crate::chance::Script;
use crate::covered::{Covered, Situation};
use crate::finding::Finding;
use crate::host::{self, Call, Rounding};
use crate::ledger::{Ledger, Played};
use crate::order;
use crate::score::Score;
use crate::shelf::Shelf;

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

/// The host's event buffer.
#[derive(Default)]
struct Tray {
    events: Vec<NoteEvent>,
    room: usize,
    refused: u32,
}

impl NoteSink for Tray {
    fn try_send(&mut self, event: NoteEvent) -> Result<(), Refused> {
        if self.events.len() >= self.room {
            self.refused += 1;
            return Err(Refused);
        }
        self.events.push(event);
        Ok(())
    }
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
    let mut sequencer = sequencer.clone();
    let mut desk = Desk { shelf, newest: 0, current: 2 };
    let mut tray = Tray::default();
    let mut ledger = Ledger::new(&book, &score, &calls);
    for (index, call) in calls.iter().enumerate() {
        note_situations(call, index.checked_sub(1).map(|before| &calls[before]), &mut covered);
        let lost = sequencer.lost();
        if call.reset {
            sequencer.reset();
        }
        (tray.room, tray.refused, desk.newest) = (call.room, 0, call.newest);
        tray.events.clear();
        sequencer.process(&call.transport, &call.playback, &mut desk, &mut tray);
        let full = tray.refused > 0;
        if full {
            covered.count(Situation::Refusal);
        }
        order::check(index, call, &tray.events, tray.refused.saturating_sub(1))?;
        let played = Played { events: &tray.events, full, given_up: sequencer.lost() - lost };
        ledger.call(index, &played, &mut covered)?;
    }
    if sequencer.sounding() > 0 || ledger.sounding() > 0 {
        let got = format!("{} notes still sound", sequencer.sounding().max(ledger.sounding()));
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
