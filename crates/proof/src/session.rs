//! One session, held against the contract.

use beat::{Bank, BankSource, NoteEvent, NoteSink, Refused, Sequencer};

use crate::banks::{BankFixtures, SILENT};
use crate::checker::Checker;
use crate::coverage::{Coverage, Situation};
use crate::expected::ExpectedOnsets;
use crate::finding::Finding;
use crate::host::{self, Call, Rounding};
use crate::order;
use crate::passes::{Timeline, Undecided};
use crate::script::Script;

/// What a session that kept the contract has shown.
#[derive(Clone, Debug)]
pub struct SessionReport {
    /// Blocks played.
    pub blocks: u64,
    /// Note-ons.
    pub notes: u64,
    /// The worst error from the positions that the host gave, in samples.
    pub worst: f64,
    /// The worst error from the host's true position, by how the host rounds, in samples.
    pub worst_with_rounding: (Rounding, f64),
    /// What has been met.
    pub coverage: Coverage,
}

/// The reading end of the crossing, as the sequencer under test sees it.
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

/// Plays a script and checks every call of it. `sequencer` is the one under test, at rest.
pub fn hold(script: &Script, banks: &BankFixtures, sequencer: &Sequencer) -> Result<SessionReport, Finding> {
    let mut coverage = Coverage::default();
    let (mut calls, rounding) = host::calls(script);
    let (timeline, expected) = loop {
        let mut met = Coverage::default();
        let laid = Timeline::new(&calls, &mut met).and_then(|timeline| {
            ExpectedOnsets::new(&timeline, &calls, banks, &mut met).map(|expected| (timeline, expected))
        });
        match laid {
            Ok(laid) => {
                coverage.add(&met);
                break laid;
            }
            Err(Undecided(call)) => {
                coverage.count(Situation::CutShort);
                calls.truncate(call);
                host::finish(&mut calls);
            }
        }
    };
    if let Some(call) = timeline.misjudged {
        let expected = "a block that goes on from the last".to_owned();
        return Err(Finding { call, sample: 0, expected, got: "by the letter of the rules, a seek".into() });
    }
    let mut checker = Checker::new(&timeline, &expected, &calls);
    let still_sound = play(&calls, banks, sequencer, |index, sent| {
        let before = index.checked_sub(1).map(|before| &calls[before]);
        note_situations(&calls[index], before, &mut coverage);
        if sent.refused > 0 {
            coverage.count(Situation::Refusal);
        }
        order::check(index, &calls[index], sent)?;
        checker.call(index, sent, &mut coverage)
    })?;
    if still_sound + checker.sounding() > 0 {
        let got = format!("{} notes still sound", still_sound.max(checker.sounding()));
        return Err(Finding { call: calls.len(), sample: 0, expected: "silence at the end".into(), got });
    }
    let [worst, with_rounding] = checker.worst;
    Ok(SessionReport {
        blocks: calls.len() as u64,
        notes: checker.notes,
        worst,
        worst_with_rounding: (rounding, with_rounding),
        coverage,
    })
}

fn note_situations(call: &Call, before: Option<&Call>, coverage: &mut Coverage) {
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
            coverage.count(situation);
        }
    }
}
