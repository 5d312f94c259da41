//! What must sound: every onset of every pass, in exact time, with the sample at which it is due.

use beat::{CommitMode, GridLock, HostBar};

use crate::banks::BankFixtures;
use crate::coverage::{Coverage, Situation};
use crate::host::Call;
use crate::passes::{BlockPart, Due, Pass, Timeline, Undecided};
use crate::time::{Beats, LEAN, NOISE, TIE};

#[derive(Clone, Copy, Debug)]
pub(crate) struct ExpectedOnset {
    pub(crate) pass: usize,
    /// The call in which its step is decided.
    pub(crate) decided: usize,
    pub(crate) beats: Beats,
    pub(crate) instrument: usize,
    pub(crate) note: u8,
    pub(crate) velocity: u8,
    /// The samples at which it may sound, for both decisions of a tie.
    pub(crate) due: [Due; 2],
    /// Whether it may stay silent, because a tie decides whether the pass reaches it.
    pub(crate) optional: bool,
}

/// All onsets that a session must play.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExpectedOnsets {
    /// All onsets, in the order in which their steps are decided.
    pub(crate) onsets: Vec<ExpectedOnset>,
    /// Changes of model: pass, and the samples at which sounding notes are ended.
    pub(crate) releases: Vec<(usize, [i64; 2])>,
}

/// The list while it is built.
struct OnsetBuilder<'a> {
    timeline: &'a Timeline,
    calls: &'a [Call],
    banks: &'a BankFixtures,
    coverage: &'a mut Coverage,
    expected: ExpectedOnsets,
}

impl ExpectedOnsets {
    pub(crate) fn new(
        timeline: &Timeline,
        calls: &[Call],
        banks: &BankFixtures,
        coverage: &mut Coverage,
    ) -> Result<Self, Undecided> {
        let mut builder = OnsetBuilder { timeline, calls, banks, coverage, expected: Self::default() };
        for (index, pass) in timeline.passes.iter().enumerate() {
            builder.pass(index, pass)?;
        }
        Ok(builder.expected)
    }
}

impl OnsetBuilder<'_> {
    fn pass(&mut self, index: usize, pass: &Pass) -> Result<(), Undecided> {
        let Some(first) = self.timeline.parts.get(pass.parts.0) else { return Ok(()) };
        // A start, a seek and a wrap commit in every mode.
        let mut bank = self.calls[first.call].newest;
        let mut next = (pass.from - LEAN - NOISE).max(Beats::ZERO);
        for part in pass.parts.0..pass.parts.1 {
            let here = &self.timeline.parts[part];
            let grid = StepGrid::of(&self.calls[here.call]);
            loop {
                let step = grid.at_or_after(next);
                let ahead = if self.banks.early(bank, step.cycle) { Beats::HALF_STEP } else { Beats::ZERO };
                let decided_at = (step.beats - ahead).max(pass.origin).max(Beats::ZERO);
                let (surely, maybe) = here.reaches(decided_at);
                if !maybe || here.limit.is_some_and(|limit| step.beats + TIE >= limit) {
                    break;
                }
                if !surely && part + 1 < pass.parts.1 {
                    self.check_same_settings(here, &self.timeline.parts[part + 1])?;
                }
                bank = self.commit(bank, &step, index, part, decided_at);
                let optional = !surely || step.beats < pass.from - LEAN + NOISE && pass.from != pass.origin;
                self.step(&step, bank, (index, part), decided_at, optional);
                next = step.beats + TIE;
            }
        }
        Ok(())
    }

    /// Where a tie may put a step's decision into either of two blocks, both must have the same settings.
    fn check_same_settings(&self, here: &BlockPart, next: &BlockPart) -> Result<(), Undecided> {
        let [a, b] = [here, next].map(|part| {
            let call = &self.calls[part.call];
            let (knobs, bar) = (call.playback, call.transport.bar.map(|bar| bar.beats));
            (knobs.commit, knobs.swing, knobs.grid, call.newest, bar)
        });
        if a == b { Ok(()) } else { Err(Undecided(next.call)) }
    }

    /// The bank that plays `step`, after `bank` played the step before.
    fn commit(&mut self, bank: usize, step: &Step, pass: usize, part: usize, decided_at: Beats) -> usize {
        let call = &self.calls[self.timeline.parts[part].call];
        let mode = call.playback.commit;
        if !step.commits(mode) || call.newest == bank {
            return bank;
        }
        self.coverage.count(match mode {
            CommitMode::Step => Situation::StepCommit,
            CommitMode::Beat => Situation::BeatCommit,
            CommitMode::Bar => Situation::BarCommit,
            CommitMode::Cycle => Situation::CycleCommit,
        });
        if self.banks.bank(bank).model() != self.banks.bank(call.newest).model() {
            let due = self.timeline.due(pass, part, decided_at);
            let [early, late] = due.map(|due| due.map_or(i64::MAX, |due| due.at));
            self.expected.releases.push((pass, [early, late]));
            self.coverage.count(Situation::ModelChange);
        }
        call.newest
    }

    /// Adds the onsets of one step.
    fn step(
        &mut self,
        step: &Step,
        bank: usize,
        (pass, part): (usize, usize),
        decided_at: Beats,
        optional: bool,
    ) {
        let call = self.timeline.parts[part].call;
        let playback = &self.calls[call].playback;
        let (swing, take) = ((playback.swing * 64.0) as i64, self.banks.take(bank, step.cycle));
        self.coverage.count(match StepGrid::of(&self.calls[call]) {
            StepGrid::Song => Situation::SongSteps,
            StepGrid::Bars(_) => Situation::BarSteps,
        });
        for instrument in (0..beat::INSTRUMENTS).filter(|drum| take.onsets.has(step.step, *drum)) {
            let offset = i64::from(take.offsets[step.step][instrument]);
            let wished = step.beats + step.moved(swing, offset);
            let beats = wished.max(decided_at);
            let (early, late) = match self.timeline.due(pass, part, beats) {
                [Some(early), Some(late)] => (early, late),
                [Some(due), None] | [None, Some(due)] => (due, due),
                [None, None] => continue,
            };
            let tie_at_the_end = self.timeline.due(pass, part, beats).iter().any(Option::is_none);
            self.note_situations(step, swing, offset, wished < beats);
            self.expected.onsets.push(ExpectedOnset {
                pass,
                decided: call,
                beats,
                instrument,
                note: self.banks.bank(bank).kit().note(instrument),
                velocity: take.velocities[step.step][instrument],
                due: [early, late],
                optional: optional || tie_at_the_end,
            });
        }
    }

    fn note_situations(&mut self, step: &Step, swing: i64, offset: i64, held: bool) {
        for (met, situation) in [
            (swing > 0 && step.in_bar % 2 == 1, Situation::Swung),
            (offset < 0, Situation::Early),
            (offset > 0, Situation::Late),
            (held, Situation::Held),
        ] {
            if met {
                self.coverage.count(situation);
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) beats: Beats,
    /// The step of the pattern, 0..32.
    pub(crate) step: usize,
    /// The pass through the pattern.
    pub(crate) cycle: i64,
    /// The sixteenth in its bar.
    pub(crate) in_bar: i64,
}

/// How one block's steps lie in the song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum StepGrid {
    /// Bars of four beats from the start of the song.
    Song,
    /// The host's bars, counted from this one.
    Bars(HostBar),
}

impl StepGrid {
    /// The grid that the call's settings and transport ask for.
    pub(crate) fn of(call: &Call) -> Self {
        match (call.playback.grid, call.transport.bar) {
            (GridLock::HostBars, Some(bar)) => Self::Bars(bar),
            _ => Self::Song,
        }
    }

    /// The first step at or after `beats`.
    pub(crate) fn at_or_after(&self, beats: Beats) -> Step {
        let (start, length, number) = match self {
            Self::Song => (Beats::ZERO, Beats::STEP * 16, 0),
            Self::Bars(bar) => (Beats::new(bar.start), Beats::new(bar.beats), bar.number),
        };
        let bars = (beats - start).whole(length);
        let bar_start = start + length * bars;
        let in_bar = (beats - bar_start).covering(Beats::STEP);
        match Beats::STEP * in_bar < length {
            true => step(bar_start, number + bars, in_bar),
            false => step(bar_start + length, number + bars + 1, 0),
        }
    }
}

/// Step `in_bar` of bar `number`: odd bars (the musician's bar 1 is number 0) play the first half of the
/// pattern, even ones the second; bars longer than 16 steps start that half again.
fn step(bar_start: Beats, number: i64, in_bar: i64) -> Step {
    Step {
        beats: bar_start + Beats::STEP * in_bar,
        step: (number.rem_euclid(2) * 16 + in_bar % 16) as usize,
        cycle: number.div_euclid(2),
        in_bar,
    }
}

impl Step {
    /// Whether a new bank may be committed for this step.
    pub(crate) fn commits(&self, mode: CommitMode) -> bool {
        match mode {
            CommitMode::Step => true,
            CommitMode::Beat => self.in_bar % 4 == 0,
            CommitMode::Bar => self.in_bar == 0,
            CommitMode::Cycle => self.in_bar == 0 && self.step == 0,
        }
    }

    /// The displacement of an onset by swing (64ths of half a step) and its offset (127ths of half a step).
    pub(crate) fn moved(&self, swing: i64, offset: i64) -> Beats {
        let swing = if self.in_bar % 2 == 1 { Beats::HALF_STEP * swing } else { Beats::ZERO };
        let sum = (swing * 127 + Beats::HALF_STEP * offset * 64).part(64 * 127);
        sum.clamp(-Beats::HALF_STEP, Beats::HALF_STEP)
    }
}
