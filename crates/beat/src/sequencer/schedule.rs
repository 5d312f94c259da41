//! The order of a block: its segments, when each step is decided, when each event is due. A decided onset
//! never changes.

use libm::round;

use super::block::{Block, Segment};
use super::{BankSource, EXACT, NoteSink, Playhead, SAME_STEP, Sequencer};
use crate::clock::{SongStep, StepClock};
use crate::fault::Fault;
use crate::notes::Onset;
use crate::transport::{LoopRange, PlayedSegment, Transport, margin};
use crate::{Bank, INSTRUMENTS};

/// Places that steps are told apart by: those of every grid lie on them.
const PLACES_A_BEAT: f64 = 96.0;

impl Sequencer {
    /// Plays the segments of a block between the loop wraps that have to be inferred.
    pub(super) fn play_block<B: BankSource, N: NoteSink>(
        &mut self,
        transport: &Transport,
        block: &mut Block<'_, B, N>,
    ) {
        let beats_per_sample = transport.beats_per_sample();
        let margin = margin(transport);
        let loop_range = transport.loop_range.filter(|range| range.is_longer_than(2.0 * margin));
        let loop_range = loop_range.filter(|range| self.rolled_past != Some(*range));
        let mut segment = Segment {
            first: 0,
            end: transport.frames,
            beats: self.first_beats(transport),
            beats_per_sample,
            limit: f64::INFINITY,
            ties_by_block: block.planted.is(Fault::TiesByBlock),
        };
        let mut inferred_wrap = None;
        loop {
            let inside = loop_range.filter(|range| {
                lies_inside(segment.beats, range, margin) || self.has_not_wrapped_yet(&segment, range, margin)
            });
            segment.limit = inside.map_or(f64::INFINITY, |range| range.end - EXACT);
            let wrap = inside.filter(|range| segment.end_beats() > range.end + margin);
            let wrap = wrap.filter(|_| !block.planted.is(Fault::NeverWraps));
            // The end may lie within half a sample of this segment's own start: then it has no samples.
            let end = wrap.map_or(i64::MAX, |range| segment.sample_of(range.end));
            segment.end = end.min(i64::from(transport.frames)) as u32;
            self.play_segment(&segment, block);
            let Some(range) = wrap else { break };
            let passed = f64::from(segment.end - segment.first) * beats_per_sample;
            let beats = range.start + (segment.beats + passed - range.end);
            self.jump(range.start, range.start, block);
            inferred_wrap = Some(range.start);
            segment =
                Segment { first: segment.end, end: transport.frames, beats, limit: f64::INFINITY, ..segment };
        }
        // The next block may continue from an inferred wrap although the host lands a little elsewhere.
        self.last = Some(PlayedSegment {
            beats: segment.beats,
            end: segment.end_beats(),
            frames: transport.frames,
            tempo: transport.tempo,
            sample_rate: transport.sample_rate,
            loop_range: transport.loop_range,
            straight_end: transport.beats + f64::from(transport.frames) * beats_per_sample,
            inferred_wrap: inferred_wrap.filter(|_| !block.planted.is(Fault::ForgetsWrap)),
        });
    }

    /// Whether a segment that begins at the loop's end continues play from inside the loop: the host rounded
    /// its position up and has not wrapped yet, so the step at the end is played after the wrap.
    fn has_not_wrapped_yet(&self, segment: &Segment, range: &LoopRange, margin: f64) -> bool {
        let came_from_inside = self
            .last
            .is_some_and(|last| last.loop_range == Some(*range) && lies_inside(last.beats, range, margin));
        let at_the_end = (range.end - EXACT..range.end + margin).contains(&segment.beats);
        came_from_inside && at_the_end && !self.planted.is(Fault::PlaysLoopEnd)
    }

    /// The position that the host reports, unless a fault is planted.
    fn first_beats(&self, transport: &Transport) -> f64 {
        match &self.last {
            Some(last) if self.planted.is(Fault::OwnBeatCounter) => last.end,
            _ if self.planted.is(Fault::LateSample) => transport.beats - transport.beats_per_sample() / 2.0,
            _ => transport.beats,
        }
    }

    /// Makes the decisions and sends the events of one segment in order of their samples.
    fn play_segment<B: BankSource, N: NoteSink>(&mut self, segment: &Segment, block: &mut Block<'_, B, N>) {
        let mut reached = i64::from(segment.first);
        loop {
            let clock = block.clock();
            let step = clock.at_or_after(self.undecided.max(self.song_start() - EXACT));
            let decision = match step.beats < segment.limit {
                true => segment.sample_of(self.decision_beats(&step, &clock, block.banks.current())),
                false => i64::MAX,
            };
            let onset = segment.sample_of(self.pending.next_beats(block.full));
            let ends = self.sounding.iter().map(|note| note.end_sample(|beats| segment.sample_of(beats)));
            let end = ends.min().unwrap_or(i64::MAX);
            let notes = if block.full { onset } else { onset.min(end) };
            // Notes that a change of model ends are due at once, but not before what was already sent.
            reached = decision.min(notes).max(reached);
            if reached >= i64::from(segment.end) {
                break;
            }
            if decision <= reached {
                self.decide(&step, &clock, segment, block);
            } else {
                self.play_sample(reached as u32, segment, block);
            }
        }
        if block.full {
            // Onsets that wait because the host refused events were not checked since: drop the muted ones.
            self.pending.retain(|onset| {
                !block.mutes(onset.instrument) || segment.sample_of(onset.beats) >= i64::from(segment.end)
            });
        }
    }

    /// The song position at which a step is decided: half a step ahead if the take has early onsets.
    fn decision_beats(&self, step: &SongStep, clock: &StepClock, bank: &Bank) -> f64 {
        let early = bank.anticipates(step.cycle) && !self.planted.is(Fault::NeverEarly);
        let ahead = if early { clock.half_step() } else { 0.0 };
        (step.beats - ahead).max(self.origin).max(self.song_start())
    }

    /// Nothing sounds before it.
    fn song_start(&self) -> f64 {
        if self.planted.is(Fault::PlaysPreRoll) { f64::NEG_INFINITY } else { 0.0 }
    }

    /// Commits a new bank if this step may, and queues the step's onsets.
    fn decide<B: BankSource, N: NoteSink>(
        &mut self,
        step: &SongStep,
        clock: &StepClock,
        segment: &Segment,
        block: &mut Block<'_, B, N>,
    ) {
        let earliest = self.decision_beats(step, clock, block.banks.current());
        let stale = block.planted.is(Fault::StaleBank);
        if !stale && self.commit(step, clock, block) {
            // A bar begins, or has just begun, in another grid. Where that has no step just here, its next one is decided
            // in its turn.
            self.origin = self.origin.max(earliest);
            let clock = block.clock();
            let first = clock.at_or_after(step.beats - EXACT);
            self.undecided = first.beats - EXACT;
            if first.beats <= step.beats + EXACT {
                self.play_step(&first, &clock, earliest, segment, block);
            }
        } else {
            self.play_step(step, clock, earliest, segment, block);
        }
        if stale {
            self.commit(step, clock, block);
        }
    }

    /// Queues the onsets of a step, none of which comes before `earliest`.
    fn play_step<B: BankSource, N: NoteSink>(
        &mut self,
        step: &SongStep,
        clock: &StepClock,
        earliest: f64,
        segment: &Segment,
        block: &mut Block<'_, B, N>,
    ) {
        let (step_beats, half_step) = (clock.grid().step_beats(), clock.half_step());
        self.undecided = step.beats + SAME_STEP * step_beats;
        let bank = block.banks.current();
        let take = bank.take(step.cycle);
        self.playhead = Some(Playhead { step: step.step, cycle: step.cycle, in_bar: step.in_bar as usize });
        let swings = clock.swings(step) != block.planted.is(Fault::SwingsTheBeat);
        let swing = if swings { f64::from(block.playback.swing.clamp(0.0, 1.0)) * half_step } else { 0.0 };
        let onsets = take.onsets.step(step.step);
        for instrument in (0..INSTRUMENTS).filter(|instrument| onsets >> instrument & 1 == 1) {
            let offset = f64::from(take.offsets[step.step][instrument]) / 127.0 * half_step;
            let moved = (swing + offset).clamp(-half_step, half_step);
            let onset = Onset {
                beats: (step.beats + moved).max(earliest),
                instrument: instrument as u8,
                note: bank.kit().note(instrument),
                velocity: take.velocities[step.step][instrument],
                place: round(step.beats * PLACES_A_BEAT) as i64,
                step_beats,
                passed: false,
            };
            // A jump in tempo inside a block may leave a dozen steps behind the block, all due at once. They are one hit
            // for each drum, and would not all fit into the queue; nor would they beside what the host has refused.
            let behind = |onset: &Onset| onset.beats < segment.beats;
            let unheard = |other: &Onset| !other.passed && behind(other) && other.meets(&onset);
            if behind(&onset) && self.pending.iter().any(unheard) {
                continue;
            }
            if self.pending.is_full() {
                self.pending.merge(|other| other.passed && behind(other));
            }
            self.lost += u32::from(self.pending.add(onset));
        }
    }

    /// Takes the newest bank if this step may; returns whether its grid is another.
    fn commit<B: BankSource, N: NoteSink>(
        &mut self,
        step: &SongStep,
        clock: &StepClock,
        block: &mut Block<'_, B, N>,
    ) -> bool {
        let any_time = block.planted.is(Fault::CommitsAnyTime);
        let old = *block.banks.current().grid();
        let other_grid = block.banks.newest_grid() != old;
        // A bar's second step will do: where a block reaches over the bar line, a change of the host's time signature is
        // known a block later, and another bar in the old grid would be wrong for longer.
        let bar_begins = step.in_bar <= 1 || block.planted.is(Fault::ChangesGridAnyTime);
        let may = if other_grid { bar_begins } else { clock.commits(step, block.playback.commit) };
        if !may && !any_time {
            return false;
        }
        if block.planted.is(Fault::CommitEmptiesQueue) {
            self.pending.clear();
        }
        let model = block.banks.current().model();
        block.banks.commit(step.beats);
        if block.banks.current().model() != model {
            self.sounding.release_all();
        }
        *block.banks.current().grid() != old
    }
}

fn lies_inside(beats: f64, range: &LoopRange, margin: f64) -> bool {
    beats >= range.start - margin && beats < range.end - EXACT
}
