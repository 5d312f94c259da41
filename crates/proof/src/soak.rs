//! The soak: session after session from one seed, until so many blocks have been played.

use beat::Sequencer;

use crate::banks::BankFixtures;
use crate::coverage::{Coverage, Situation};
use crate::finding::Finding;
use crate::host::{self, Call, Rounding};
use crate::script::Script;
use crate::session::{SessionReport, hold};
use crate::shrink::shrink;

/// What a soak has shown.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Sessions played.
    pub sessions: u64,
    /// Blocks played.
    pub blocks: u64,
    /// Note-ons.
    pub notes: u64,
    /// The worst error from the positions that hosts gave, in samples.
    pub worst: f64,
    /// The worst error from hosts' true positions, in samples: `f64`, 2^-31 and 1/1920 beats.
    pub worst_with_rounding: [f64; 3],
    /// What has been met.
    pub coverage: Coverage,
}

/// A broken promise.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The session of the soak.
    pub session: u64,
    /// Blocks played before and in that session.
    pub blocks: u64,
    /// What broke in it.
    pub found: Finding,
}

/// Plays at least `blocks` blocks with sequencers like `sequencer`; `progress` hears how many it was.
pub fn soak(
    blocks: u64,
    seed: u64,
    sequencer: &Sequencer,
    mut progress: impl FnMut(u64),
) -> Result<Summary, Failure> {
    let banks = BankFixtures::new(seed);
    let mut summary = Summary::default();
    while summary.blocks < blocks {
        let script = Script::random(seed, summary.sessions);
        match hold(&script, &banks, sequencer) {
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
    /// The shortest story that can be found of it, and the calls of that story up to where it breaks.
    pub fn shortened(&self, seed: u64, sequencer: &Sequencer) -> (Finding, Vec<Call>) {
        let banks = BankFixtures::new(seed);
        let script = Script::random(seed, self.session);
        let short = shrink(&script, |candidate| hold(candidate, &banks, sequencer).is_err());
        let shortest = hold(&short, &banks, sequencer).err().unwrap_or_else(|| self.found.clone());
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

    /// What the soak never met. A session cut short is nothing to request for.
    pub fn never_met(&self) -> Vec<&'static str> {
        let wanted = Situation::ALL.iter().filter(|situation| **situation != Situation::CutShort);
        wanted
            .filter(|situation| self.coverage.of(**situation) == 0)
            .map(|situation| situation.words())
            .collect()
    }
}
