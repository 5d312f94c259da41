//! Deciding a step: which bank plays it, and where each of its onsets lies. What is decided stays so.

use super::block::Block;
use super::segment::Segment;
use super::{BankSource, HALF_STEP, NoteSink, Playhead, SAME_STEP, Sequencer};
use crate::fault::Fault;
use crate::grid::GridStep;
use crate::pending::Onset;
use crate::{BANK_TAKES, Bank, INSTRUMENTS};

impl Sequencer {
    /// A step with early onsets is decided half a step ahead, any other when it comes.
    pub(super) fn decision_beats(&self, step: &GridStep, bank: &Bank) -> f64 {
        let early = bank.anticipates(step.cycle) && !self.planted.is(Fault::NeverEarly);
        let ahead = if early { HALF_STEP } else { 0.0 };
        (step.beats - ahead).max(self.origin).max(self.song_start())
    }

    /// Nothing sounds before it.
    pub(super) fn song_start(&self) -> f64 {
        if self.planted.is(Fault::PlaysPreRoll) { f64::NEG_INFINITY } else { 0.0 }
    }

    /// Commits where this step may, and lays the step's onsets into the queue for good. `reached` is the
    /// sample at which that happens.
    pub(super) fn decide<B: BankSource, N: NoteSink>(
        &mut self,
        step: &GridStep,
        reached: i64,
        segment: &Segment,
        block: &mut Block<'_, B, N>,
    ) {
        let earliest = self.decision_beats(step, block.banks.current());
        self.undecided = step.beats + SAME_STEP;
        if !block.planted.is(Fault::StaleBank) {
            self.commit(step, block);
        }
        let bank = block.banks.current();
        let take = bank.take(step.cycle);
        let cycle = step.cycle.rem_euclid(BANK_TAKES as i64) as usize;
        self.playhead = Some(Playhead { step: step.step, cycle });
        let swings = step.swings() != block.planted.is(Fault::SwingsTheBeat);
        let swing = if swings { f64::from(block.playback.swing.clamp(0.0, 1.0)) * HALF_STEP } else { 0.0 };
        let onsets = take.onsets.step(step.step);
        for instrument in (0..INSTRUMENTS).filter(|instrument| onsets >> instrument & 1 == 1) {
            let offset = f64::from(take.offsets[step.step][instrument]) / 127.0 * HALF_STEP;
            let moved = (swing + offset).clamp(-HALF_STEP, HALF_STEP);
            let onset = Onset {
                beats: (step.beats + moved).max(earliest),
                instrument: instrument as u8,
                note: bank.kit().note(instrument),
                velocity: take.velocities[step.step][instrument],
            };
            // A leap in tempo inside a block may make a dozen steps due at once: they are one hit a drum,
            // and would not all find room.
            let due = |onset: &Onset| !block.full && segment.sample_of(onset.beats) <= reached;
            if !due(&onset) || !self.pending.onsets().iter().any(|other| due(other) && other.meets(&onset)) {
                self.lost += u32::from(self.pending.push(onset));
            }
        }
        if block.planted.is(Fault::StaleBank) {
            self.commit(step, block);
        }
    }

    fn commit<B: BankSource, N: NoteSink>(&mut self, step: &GridStep, block: &mut Block<'_, B, N>) {
        if !step.commits(block.playback.commit) && !block.planted.is(Fault::CommitsAnyTime) {
            return;
        }
        if block.planted.is(Fault::CommitEmptiesQueue) {
            self.pending.clear();
        }
        let model = block.banks.current().model();
        block.banks.commit(step.beats);
        if block.banks.current().model() != model {
            self.sounding.release_all();
        }
    }
}
