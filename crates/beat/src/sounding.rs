//! The notes that the host has taken and not yet been told to end.

use crate::NoteKind;
use crate::notes::NoteEvent;

/// More notes than this never sound at once; one more ends the oldest.
pub(crate) const MOST_SOUNDING: usize = 64;

/// A note whose note-on the host took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sounding {
    note: u8,
    channel: u8,
    /// Where in the song it ends; minus infinity: as soon as possible.
    end_beats: f64,
    /// The first sample of this block at which it may end, so that it lasts at least one.
    not_before: u32,
}

/// A fixed list in order of start. A note is on it from the accepted note-on to the accepted note-off.
#[derive(Clone, Debug)]
pub(crate) struct SoundingNotes {
    notes: [Sounding; MOST_SOUNDING],
    count: usize,
}

impl SoundingNotes {
    pub(crate) const fn new() -> Self {
        let none = Sounding { note: 0, channel: 0, end_beats: 0.0, not_before: 0 };
        Self { notes: [none; MOST_SOUNDING], count: 0 }
    }

    pub(crate) fn notes(&self) -> &[Sounding] {
        &self.notes[..self.count]
    }

    /// A block begins: whatever sounds may end from its first sample on.
    pub(crate) fn begin_block(&mut self) {
        for note in &mut self.notes[..self.count] {
            note.not_before = 0;
        }
    }

    /// Everything that sounds ends as soon as possible.
    pub(crate) fn release_all(&mut self) {
        for note in &mut self.notes[..self.count] {
            note.end_beats = f64::NEG_INFINITY;
        }
    }

    /// Moves the end of everything that sounds.
    pub(crate) fn move_ends(&mut self, to: impl Fn(f64) -> f64) {
        for note in &mut self.notes[..self.count] {
            note.end_beats = to(note.end_beats);
        }
    }

    pub(crate) fn position(&self, channel: u8, note: u8) -> Option<usize> {
        self.notes().iter().position(|sounding| sounding.note == note && sounding.channel == channel)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.count == MOST_SOUNDING
    }

    /// The host took a note-on at `sample`. The list must have room.
    pub(crate) fn started(&mut self, channel: u8, note: u8, end_beats: f64, sample: u32) {
        self.notes[self.count] = Sounding { note, channel, end_beats, not_before: sample + 1 };
        self.count += 1;
    }

    /// The host took the note-off of the note at `index`.
    pub(crate) fn ended(&mut self, index: usize) {
        self.notes.copy_within(index + 1..self.count, index);
        self.count -= 1;
    }
}

impl Sounding {
    /// The sample at which it ends, given the sample of its end in the song.
    pub(crate) fn end_sample(&self, sample_of: impl Fn(f64) -> i64) -> i64 {
        sample_of(self.end_beats).max(i64::from(self.not_before))
    }

    /// Whether it started at `sample` of this block.
    pub(crate) fn started_at(&self, sample: u32) -> bool {
        self.not_before == sample + 1
    }

    pub(crate) fn note_off(&self, sample: u32) -> NoteEvent {
        NoteEvent { sample, channel: self.channel, note: self.note, kind: NoteKind::Off }
    }
}
