//! One block: what a call of `process` works with, and how notes of one sample are sent.

use libm::floor;

use super::{BankSource, EXACT, NoteSink, Sequencer};
use crate::clock::{GridLock, StepClock};
use crate::fault::{Fault, Planted};
use crate::notes::{Onset, Sounding};
use crate::{DrumHit, NoteEvent, NoteKind, Playback, Transport};

/// What one call of `process` works with.
pub(super) struct Block<'a, B, N> {
    pub(super) playback: &'a Playback,
    /// The transport, for where the bars lie.
    pub(super) bars: Transport,
    pub(super) lock: GridLock,
    pub(super) banks: &'a mut B,
    pub(super) sink: &'a mut N,
    /// The host has refused an event: nothing more is offered before the next block, so that the order
    /// of events holds.
    pub(super) full: bool,
    pub(super) planted: Planted,
}

/// A part of a block without a jump in it.
#[derive(Clone, Copy)]
pub(super) struct Segment {
    pub(super) first: u32,
    pub(super) end: u32,
    /// The song position of sample `first`.
    pub(super) beats: f64,
    pub(super) beats_per_sample: f64,
    /// Steps from here on are played after the loop's wrap.
    pub(super) limit: f64,
    /// A planted fault.
    pub(super) ties_by_block: bool,
}

impl Segment {
    /// The song position of sample `end`.
    pub(super) fn end_beats(&self) -> f64 {
        self.beats + f64::from(self.end - self.first) * self.beats_per_sample
    }

    /// The sample nearest to a song position, but no earlier than the segment's first. Half-way between two
    /// samples it is the later one; the tolerance keeps that from depending on how a host rounds, and so on
    /// where its blocks begin.
    pub(super) fn sample_of(&self, beats: f64) -> i64 {
        let tie = if self.ties_by_block { 0.0 } else { EXACT };
        let samples = floor((beats - self.beats + tie) / self.beats_per_sample + 0.5);
        i64::from(self.first).saturating_add(samples.max(0.0) as i64)
    }
}

impl<B: BankSource, N> Block<'_, B, N> {
    /// Where the steps of the current bank lie.
    pub(super) fn clock(&self) -> StepClock {
        StepClock::new(*self.banks.current().grid(), self.lock, &self.bars, self.planted)
    }
}

impl<B, N: NoteSink> Block<'_, B, N> {
    pub(super) fn mutes(&self, instrument: u8) -> bool {
        self.playback.mutes >> instrument & 1 == 1 && !self.planted.is(Fault::IgnoresMutes)
    }

    fn velocity(&self, onset: &Onset) -> u8 {
        let velocity = f32::from(onset.velocity) * self.playback.velocity.clamp(0.0, 2.0) + 0.5;
        velocity.clamp(1.0, 127.0) as u8
    }

    fn send(&mut self, event: NoteEvent) -> bool {
        let refused = self.full || self.sink.try_send(event).is_err();
        self.full = refused && !self.planted.is(Fault::ForgetsRefused);
        !self.full
    }
}

impl Sequencer {
    pub(super) fn send_rest<B: BankSource, N: NoteSink>(&mut self, block: &mut Block<'_, B, N>) {
        while !self.sounding.is_empty() && self.end_note(0, 0, block) {}
    }

    /// Passes on what is due at one sample: hits, then note-offs, the note-offs of notes that are struck
    /// again, note-ons, as long as the host takes them.
    pub(super) fn play_sample<B: BankSource, N: NoteSink>(
        &mut self,
        sample: u32,
        segment: &Segment,
        block: &mut Block<'_, B, N>,
    ) {
        self.sound(sample, segment, block);
        if block.full {
            return;
        }
        let now = i64::from(sample);
        let channel =
            if block.planted.is(Fault::AlwaysChannel10) { 9 } else { block.playback.channel.min(15) };
        if block.planted.is(Fault::OnsFirst) {
            self.start_notes(sample, channel, segment, block);
        }
        let mut index = 0;
        while let Some(note) = self.sounding.get(index) {
            if note.end_sample(|beats| segment.sample_of(beats)) > now {
                index += 1;
            } else if !self.end_note(index, sample, block) {
                return;
            }
        }
        for index in 0..self.pending.len() {
            let onset = self.pending[index];
            if segment.sample_of(onset.beats) > now || block.mutes(onset.instrument) {
                continue;
            }
            let again = self.sounding.find(channel, onset.note);
            if again
                .is_some_and(|at| !self.sounding[at].started_at(sample) && !self.end_note(at, sample, block))
            {
                return;
            }
        }
        self.start_notes(sample, channel, segment, block);
    }

    /// Passes on the hits of one sample. Instruments on one note are one hit.
    fn sound<B: BankSource, N: NoteSink>(
        &mut self,
        sample: u32,
        segment: &Segment,
        block: &mut Block<'_, B, N>,
    ) {
        let mut sounded = 0_u128;
        for onset in self.pending.iter_mut() {
            if onset.passed || segment.sample_of(onset.beats) > i64::from(sample) {
                continue;
            }
            onset.passed = true;
            let note = 1 << (onset.note & 127);
            if block.mutes(onset.instrument) || sounded & note != 0 {
                continue;
            }
            sounded |= note;
            if !(block.full && block.planted.is(Fault::DeafWhileRefused)) {
                let (velocity, place) = (block.velocity(onset), onset.place);
                block.sink.sound(&DrumHit { sample, note: onset.note, velocity, place });
            }
        }
    }

    fn start_notes<B: BankSource, N: NoteSink>(
        &mut self,
        sample: u32,
        channel: u8,
        segment: &Segment,
        block: &mut Block<'_, B, N>,
    ) {
        let mut index = 0;
        while let Some(&onset) = self.pending.get(index) {
            if segment.sample_of(onset.beats) > i64::from(sample) {
                index += 1;
                continue;
            }
            let muted = block.mutes(onset.instrument);
            // Two instruments on one note at one sample are one note, also where the host has refused
            // something in between: else the second would strike it again in the next block.
            let waits = !muted
                && self.sounding.find(channel, onset.note).is_none()
                && !self.start_note(&onset, sample, channel, block);
            if waits {
                index += 1;
            } else {
                self.pending.remove(index);
            }
        }
    }

    /// Offers the host the note-on of a decided onset; false where it refuses.
    fn start_note<B: BankSource, N: NoteSink>(
        &mut self,
        onset: &Onset,
        sample: u32,
        channel: u8,
        block: &mut Block<'_, B, N>,
    ) -> bool {
        if self.sounding.is_full() && !self.end_note(0, sample, block) {
            return false;
        }
        let kind = NoteKind::On { velocity: block.velocity(onset) };
        if !block.send(NoteEvent { sample, channel, note: onset.note, kind }) {
            return false;
        }
        let gate = f64::from(block.playback.gate.clamp(0.0, 1.0)) * onset.step_beats;
        let end_beats = onset.beats + gate;
        self.sounding.push(Sounding { note: onset.note, channel, end_beats, not_before: sample + 1 });
        true
    }

    /// Offers the host the note-off of the sounding note at `index`; false where it refuses.
    fn end_note<B: BankSource, N: NoteSink>(
        &mut self,
        index: usize,
        sample: u32,
        block: &mut Block<'_, B, N>,
    ) -> bool {
        let taken = block.send(self.sounding[index].note_off(sample));
        if taken {
            self.sounding.remove(index);
        }
        taken
    }
}
