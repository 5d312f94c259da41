//! The soak: session after session from one seed, each checked, until so many blocks have been played. A
//! session that fails is shortened.

use beat::Sequencer;

use crate::banks::BankFixtures;
use crate::checker::{Checker, check_order};
use crate::coverage::{Coverage, Situation};
use crate::expected::ExpectedOnsets;
use crate::host::{self, Call, Rounding};
use crate::passes::{Timeline, Undecided};
use crate::play::{Finding, check_sounded, play};
use crate::script::Script;

/// The result of a soak without violations.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Sessions played.
    pub sessions: u64,
    /// Blocks played.
    pub blocks: u64,
    /// Note-ons.
    pub notes: u64,
    /// The worst error from the positions that hosts reported, in samples.
    pub worst: f64,
    /// The worst error from hosts' exact positions, in samples, by their rounding: `f64`, 2^-31 and 1/1920
    /// beats.
    pub worst_with_rounding: [f64; 3],
    /// How often each situation occurred.
    pub coverage: Coverage,
}

/// The session in which the contract was violated.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The session of the soak.
    pub session: u64,
    /// Blocks played before and in that session.
    pub blocks: u64,
    /// The violation.
    pub found: Finding,
}

/// Plays at least `blocks` blocks with sequencers like `sequencer` and these banks; `progress` is called with the
/// count.
pub fn soak(
    blocks: u64,
    seed: u64,
    banks: &BankFixtures,
    sequencer: &Sequencer,
    mut progress: impl FnMut(u64),
) -> Result<Summary, Failure> {
    let mut summary = Summary::default();
    while summary.blocks < blocks {
        let script = Script::random(seed, summary.sessions);
        match check_session(&script, banks, sequencer) {
            Ok(report) => summary.add(&report),
            Err(found) => {
                let blocks = summary.blocks + found.call as u64 + 1;
                return Err(Failure { session: summary.sessions, blocks, found });
            }
        }
        progress(summary.blocks);
    }
    Ok(summary)
}

impl Failure {
    /// The violation in a session as short as could be found, and that session's calls up to it.
    pub fn shortened(&self, seed: u64, banks: &BankFixtures, sequencer: &Sequencer) -> (Finding, Vec<Call>) {
        let script = Script::random(seed, self.session);
        let short = shrink(&script, |candidate| check_session(candidate, banks, sequencer).is_err());
        let shortest = check_session(&short, banks, sequencer).err().unwrap_or_else(|| self.found.clone());
        let (mut calls, _) = host::calls(&short);
        calls.truncate(shortest.call + 1);
        (shortest, calls)
    }
}

impl Summary {
    fn add(&mut self, report: &SessionReport) {
        self.sessions += 1;
        self.blocks += report.blocks;
        self.notes += report.notes;
        self.worst = self.worst.max(report.worst);
        let (rounding, worst) = report.worst_with_rounding;
        let kind = match rounding {
            Rounding::Float => 0,
            Rounding::Fixed => 1,
            Rounding::Ticks => 2,
        };
        self.worst_with_rounding[kind] = self.worst_with_rounding[kind].max(worst);
        self.coverage.add(&report.coverage);
    }

    /// The situations that never occurred, sessions cut short aside.
    pub fn never_met(&self) -> Vec<&'static str> {
        let wanted = Situation::ALL.iter().filter(|situation| **situation != Situation::CutShort);
        wanted
            .filter(|situation| self.coverage.of(**situation) == 0)
            .map(|situation| situation.words())
            .collect()
    }
}

/// The result of one session without violations.
#[derive(Clone, Debug)]
pub struct SessionReport {
    /// Blocks played.
    pub blocks: u64,
    /// Note-ons.
    pub notes: u64,
    /// The worst error from the positions that the host reported, in samples.
    pub worst: f64,
    /// The host's rounding, and the worst error from its exact position, in samples.
    pub worst_with_rounding: (Rounding, f64),
    /// How often each situation occurred.
    pub coverage: Coverage,
}

/// Plays a script with a copy of `sequencer`, which is at rest, and checks every call.
pub fn check_session(
    script: &Script,
    banks: &BankFixtures,
    sequencer: &Sequencer,
) -> Result<SessionReport, Finding> {
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
    let mut sounded = Vec::new();
    let still_sound = play(&calls, banks, sequencer, |index, sent| {
        sounded.push(sent.sounded.clone());
        let before = index.checked_sub(1).map(|before| &calls[before]);
        note_situations(&calls[index], before, &mut coverage);
        if sent.refused > 0 {
            coverage.count(Situation::Refusal);
        }
        check_order(index, &calls[index], sent)?;
        checker.call(index, sent, &mut coverage)
    })?;
    if still_sound + checker.sounding() > 0 {
        let got = format!("{} notes still sound", still_sound.max(checker.sounding()));
        return Err(Finding { call: calls.len(), sample: 0, expected: "silence at the end".into(), got });
    }
    check_sounded(&calls, &sounded, banks, sequencer)?;
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

/// Candidates that are tried at most.
const MOST_TRIES: usize = 4000;

/// The shortest and plainest script found that still fails, starting from one that does.
pub fn shrink(script: &Script, fails: impl Fn(&Script) -> bool) -> Script {
    let mut best = script.clone();
    let mut tries = 0;
    let mut attempt = |best: &mut Script, candidate: Script| {
        tries += 1;
        let better = tries <= MOST_TRIES && candidate != *best && fails(&candidate);
        if better {
            *best = candidate;
        }
        better
    };
    let mut chunk = best.blocks.len();
    while chunk > 0 {
        let mut at = 0;
        while at < best.blocks.len() {
            let mut candidate = best.clone();
            candidate.blocks.drain(at..(at + chunk).min(best.blocks.len()));
            if !attempt(&mut best, candidate) {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    for block in 0..=best.blocks.len() {
        // The last index stands for the head.
        let words = |script: &Script| script.blocks.get(block).unwrap_or(&script.head).clone();
        for word in 0..words(&best).len() {
            for plainer in [0, words(&best)[word] % 8, words(&best)[word] & 0xFFFF] {
                let mut candidate = best.clone();
                candidate.blocks.get_mut(block).unwrap_or(&mut candidate.head)[word] = plainer;
                if attempt(&mut best, candidate) {
                    break;
                }
            }
        }
    }
    best
}
