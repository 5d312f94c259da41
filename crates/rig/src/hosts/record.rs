//! Recording: note events become notes with a start and an end, and every invalid event is named.

use crate::hosts::{BlockInput, BlockOutput};
use beat::{NoteEvent, NoteKind};

/// A note as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecordedNote {
    /// Samples from the start of the recording to its start.
    pub start: u64,
    /// Samples from the start of the recording to its end, at least `start`.
    pub end: u64,
    /// Song position of its start, in quarter notes.
    pub start_beats: f64,
    /// Quarter notes that it lasts, at the tempo of its start.
    pub length_beats: f64,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// MIDI note, 0..=127.
    pub note: u8,
    /// MIDI velocity, 1..=127.
    pub velocity: u8,
}

/// A note event that no plugin may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteFault {
    /// A note-on for a note that already sounds.
    Doubled,
    /// A note-off for a note that does not sound.
    UnmatchedOff,
    /// An event before an earlier one of its block, or a note-off behind a note-on of its sample.
    Unordered,
    /// An event past the end of its block, or of a channel or note that MIDI does not have.
    OutOfRange,
    /// A note-on while the transport is stopped.
    WhileStopped,
    /// A note that still sounds at the end of the recording.
    Hanging,
}

/// The notes and faults of a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// Notes in the order of their starts; those of one sample in the order of their notes.
    pub notes: Vec<RecordedNote>,
    /// Faults, each with its sample of the recording and its event, in the order of the events.
    pub faults: Vec<(u64, NoteFault, NoteEvent)>,
    /// Length in samples.
    pub samples: u64,
}

/// Turns the blocks' events into a [`Recording`].
#[derive(Clone, Debug)]
pub struct Recorder {
    rate: f64,
    elapsed: u64,
    sounding: Vec<(RecordedNote, NoteEvent, f64)>,
    recording: Recording,
}

impl Recorder {
    /// An empty recording at `rate` samples a second.
    pub fn new(rate: f64) -> Self {
        Self { rate, elapsed: 0, sounding: Vec::new(), recording: Recording::default() }
    }

    /// Samples recorded so far.
    pub fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// How many notes sound.
    pub fn sounding(&self) -> usize {
        self.sounding.len()
    }

    /// Notes that have ended so far, in the order of their ends.
    pub fn ended(&self) -> &[RecordedNote] {
        &self.recording.notes
    }

    /// Records `output`, the result of `block`.
    pub fn keep(&mut self, block: &BlockInput, output: &BlockOutput) {
        let mut last: Option<&NoteEvent> = None;
        for event in &output.notes {
            if event.sample >= block.frames || event.channel > 15 || event.note > 127 {
                self.fault(NoteFault::OutOfRange, event);
            }
            if last.is_some_and(|last| out_of_order(last, event)) {
                self.fault(NoteFault::Unordered, event);
            }
            match event.kind {
                NoteKind::On { velocity } => self.start(block, event, velocity),
                NoteKind::Off => self.end(event),
            }
            last = Some(event);
        }
        self.elapsed += u64::from(block.frames);
    }

    /// Ends the recording.
    pub fn finish(mut self) -> Recording {
        for (_, event, _) in std::mem::take(&mut self.sounding) {
            self.recording.faults.push((self.elapsed, NoteFault::Hanging, event));
        }
        self.recording.samples = self.elapsed;
        self.recording.notes.sort_by_key(|note| (note.start, note.channel, note.note, note.end));
        self.recording
    }

    fn start(&mut self, block: &BlockInput, event: &NoteEvent, velocity: u8) {
        if self.find(event).is_some() {
            self.fault(NoteFault::Doubled, event);
            self.end(event);
        }
        // The last jump at or before the event sets the position, else the block does.
        let (from, position) = block
            .jumps
            .iter()
            .rev()
            .find(|(sample, _)| *sample <= event.sample)
            .map_or((0, &block.position), |(sample, position)| (*sample, position));
        if !position.rolling {
            self.fault(NoteFault::WhileStopped, event);
        }
        let beats_a_sample = position.tempo / (60.0 * self.rate);
        let start = self.elapsed + u64::from(event.sample);
        let note = RecordedNote {
            start,
            end: start,
            start_beats: position.beats + f64::from(event.sample - from) * beats_a_sample,
            length_beats: 0.0,
            channel: event.channel,
            note: event.note,
            velocity,
        };
        self.sounding.push((note, *event, beats_a_sample));
    }

    fn end(&mut self, event: &NoteEvent) {
        let Some(index) = self.find(event) else {
            self.fault(NoteFault::UnmatchedOff, event);
            return;
        };
        let (mut note, _, beats_a_sample) = self.sounding.remove(index);
        // An end before its start is a fault that `keep` has recorded; the note is empty then.
        note.end = note.start.max(self.elapsed + u64::from(event.sample));
        note.length_beats = (note.end - note.start) as f64 * beats_a_sample;
        self.recording.notes.push(note);
    }

    fn find(&self, event: &NoteEvent) -> Option<usize> {
        self.sounding.iter().position(|(note, _, _)| (note.channel, note.note) == (event.channel, event.note))
    }

    fn fault(&mut self, fault: NoteFault, event: &NoteEvent) {
        self.recording.faults.push((self.elapsed + u64::from(event.sample), fault, *event));
    }
}

/// Whether `event` should have come before `last`.
fn out_of_order(last: &NoteEvent, event: &NoteEvent) -> bool {
    let rank = |event: &NoteEvent| (event.sample, event.kind != NoteKind::Off);
    rank(event) < rank(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::HostTransport;
    use NoteKind::{Off, On};

    const HIT: NoteKind = On { velocity: 100 };

    fn event((sample, note, kind): (u32, u8, NoteKind)) -> NoteEvent {
        NoteEvent { sample, channel: 9, note, kind }
    }

    /// Records one rolling block of 100 samples after another with these events.
    fn record(blocks: &[&[(u32, u8, NoteKind)]]) -> Recording {
        let mut transport = HostTransport::new(48_000.0, 120.0);
        transport.play();
        let mut recorder = Recorder::new(48_000.0);
        for events in blocks {
            let block = BlockInput { frames: 100, position: transport.position(), ..BlockInput::default() };
            let notes = events.iter().copied().map(event).collect();
            recorder.keep(&block, &BlockOutput { notes, ..BlockOutput::default() });
            transport.advance(100);
        }
        recorder.finish()
    }

    fn check(blocks: &[&[(u32, u8, NoteKind)]], expected: &[(u64, NoteFault)]) {
        let faults: Vec<_> = record(blocks).faults.iter().map(|(at, fault, _)| (*at, *fault)).collect();
        assert_eq!(faults, expected);
    }

    #[test]
    fn a_note_has_its_position_in_samples_and_in_beats() {
        let recording = record(&[&[], &[(20, 36, HIT)], &[(60, 36, Off)]]);
        let note = recording.notes[0];
        assert_eq!((note.start, note.end, note.velocity), (120, 260, 100));
        assert_eq!((note.start_beats * 24_000.0).round(), 120.0);
        assert_eq!((note.length_beats * 24_000.0).round(), 140.0);
        assert_eq!((recording.faults, recording.samples), (vec![], 300));
    }

    #[test]
    fn every_fault_is_named_with_its_sample() {
        check(&[&[(5, 36, HIT)], &[(7, 36, HIT), (9, 36, Off)]], &[(107, NoteFault::Doubled)]);
        check(&[&[(5, 36, Off)]], &[(5, NoteFault::UnmatchedOff)]);
        check(&[&[(5, 36, HIT), (4, 36, Off)]], &[(4, NoteFault::Unordered)]);
        check(
            &[&[(0, 36, HIT)], &[(5, 42, HIT), (5, 36, Off), (9, 42, Off)]],
            &[(105, NoteFault::Unordered)],
        );
        check(&[&[(99, 36, HIT), (100, 36, Off)]], &[(100, NoteFault::OutOfRange)]);
        check(&[&[(5, 36, HIT)], &[]], &[(200, NoteFault::Hanging)]);
    }

    #[test]
    fn a_note_that_starts_while_the_transport_is_stopped_is_a_fault() {
        let mut recorder = Recorder::new(48_000.0);
        let block = BlockInput { frames: 100, ..BlockInput::default() };
        let notes = [(1, 36, HIT), (2, 36, Off)].map(event).into();
        recorder.keep(&block, &BlockOutput { notes, ..BlockOutput::default() });
        assert_eq!(recorder.finish().faults[0].1, NoteFault::WhileStopped);
    }
}
