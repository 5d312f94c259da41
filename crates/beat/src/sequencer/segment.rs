//! A block as segments without a jump, and the order in which a segment is played.

use libm::floor;

use super::block::Block;
use super::{BankSource, EXACT, NoteSink, Sequencer};
use crate::clock::{PlayedSegment, margin};
use crate::fault::Fault;
use crate::transport::{LoopRange, Transport};

/// A part of a block without a jump in it.
#[derive(Clone, Copy)]
pub(super) struct Segment {
    pub(super) first: u32,
    pub(super) end: u32,
    /// The song position of sample `first`.
    beats: f64,
    beats_per_sample: f64,
    /// Steps from here on belong to what follows a loop wrap.
    limit: f64,
}

impl Segment {
    /// The song position of sample `end`.
    fn end_beats(&self) -> f64 {
        self.beats + f64::from(self.end - self.first) * self.beats_per_sample
    }

    /// The sample nearest to a song position; a position that has passed is due at once.
    pub(super) fn sample_of(&self, beats: f64) -> i64 {
        let samples = floor((beats - self.beats) / self.beats_per_sample + 0.5);
        i64::from(self.first).saturating_add(samples.max(0.0) as i64)
    }
}

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
        let mut segment = Segment {
            first: 0,
            end: transport.frames,
            beats: self.first_beats(transport),
            beats_per_sample,
            limit: f64::INFINITY,
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
            segment = Segment {
                first: segment.end,
                end: transport.frames,
                beats,
                beats_per_sample,
                limit: f64::INFINITY,
            };
        }
        // A block after an inferred wrap goes on from it also where the host lands a little elsewhere.
        self.last = Some(PlayedSegment {
            beats: segment.beats,
            end: segment.end_beats(),
            frames: transport.frames,
            tempo: transport.tempo,
            sample_rate: transport.sample_rate,
            loop_range: transport.loop_range,
            inferred_wrap: inferred_wrap.filter(|_| !block.planted.is(Fault::ForgetsWrap)),
        });
    }

    /// Whether a segment goes on from inside this same loop and begins at its end only because the host
    /// rounded its position up: the wrap is still to come, and the end's own step belongs to what follows it.
    fn has_not_wrapped_yet(&self, segment: &Segment, range: &LoopRange, margin: f64) -> bool {
        let came_from_inside = self
            .last
            .is_some_and(|last| last.loop_range == Some(*range) && lies_inside(last.beats, range, margin));
        let at_the_end = (range.end - EXACT..range.end + margin).contains(&segment.beats);
        came_from_inside && at_the_end && !self.planted.is(Fault::PlaysLoopEnd)
    }

    /// Where the host says that it is, but for faults that are planted.
    fn first_beats(&self, transport: &Transport) -> f64 {
        match &self.last {
            Some(last) if self.planted.is(Fault::OwnBeatCounter) => last.end,
            _ if self.planted.is(Fault::LateSample) => transport.beats - transport.beats_per_sample() / 2.0,
            _ => transport.beats,
        }
    }

    /// Takes decisions, note-offs and note-ons of one segment in order of their samples.
    fn play_segment<B: BankSource, N: NoteSink>(&mut self, segment: &Segment, block: &mut Block<'_, B, N>) {
        let mut reached = i64::from(segment.first);
        loop {
            let step = block.grid.at_or_after(self.undecided.max(self.song_start() - EXACT));
            let decision = match step.beats < segment.limit {
                true => segment.sample_of(self.decision_beats(&step, block.banks.current())),
                false => i64::MAX,
            };
            let onset = segment.sample_of(self.pending.next_beats());
            let ends =
                self.sounding.notes().iter().map(|note| note.end_sample(|beats| segment.sample_of(beats)));
            let end = ends.min().unwrap_or(i64::MAX);
            let notes = if block.full { i64::MAX } else { onset.min(end) };
            // What a change of model ends is due at once, and at once is not before what was sent.
            reached = decision.min(notes).max(reached);
            if reached >= i64::from(segment.end) {
                break;
            }
            if decision <= reached {
                self.decide(&step, reached, segment, block);
            } else {
                self.play_sample(reached as u32, segment, block);
            }
        }
        if block.full {
            // What waits for the host to take it has not been looked at since: the muted ones are over.
            self.pending.forget(|onset| {
                block.mutes(onset.instrument) && segment.sample_of(onset.beats) < i64::from(segment.end)
            });
        }
    }
}

fn lies_inside(beats: f64, range: &LoopRange, margin: f64) -> bool {
    beats >= range.start - margin && beats < range.end - EXACT
}
