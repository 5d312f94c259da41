//! Notes on their way to the host: events, decided onsets that wait, notes that sound. Fixed sizes, no heap.

use core::ops::{Deref, DerefMut};

/// Whether a note starts or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// The note starts with this velocity, 1..=127.
    On {
        /// MIDI velocity, 1..=127.
        velocity: u8,
    },
    /// The note ends.
    Off,
}

/// One note event of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteEvent {
    /// The sample of the block, below the block's length.
    pub sample: u32,
    /// MIDI channel, 0..=15 (a musician's channel 10 is 9).
    pub channel: u8,
    /// MIDI note, 0..=127.
    pub note: u8,
    /// Start or end.
    pub kind: NoteKind,
}

/// A hit at its own sample, for a sound source that plays beside the notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrumHit {
    /// The sample of the block, below the block's length.
    pub sample: u32,
    /// MIDI note, 0..=127.
    pub note: u8,
    /// MIDI velocity, 1..=127.
    pub velocity: u8,
    /// Where its step lies in the song, in 96ths of a beat from bar 1 beat 1.
    pub place: i64,
}

/// A decided onset with its exact song position. Later commits never alter it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Onset {
    pub(crate) beats: f64,
    pub(crate) instrument: u8,
    pub(crate) note: u8,
    pub(crate) velocity: u8,
    /// Where its step lies in the song, in 96ths of a beat.
    pub(crate) place: i64,
    /// The length of its step.
    pub(crate) step_beats: f64,
    /// Its sample has passed: it was heard, unless it was muted, and waits for the host to take its note.
    pub(crate) passed: bool,
}

impl Onset {
    /// Whether the two are the same hit if they fall on the same sample.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        (self.instrument, self.note) == (other.instrument, other.note)
    }
}

/// Capacity of both lists. Steps are decided at most half a step ahead and moved by at most half a step, so
/// at most two steps of 14 onsets wait; the rest is for a host that refuses events.
const CAPACITY: usize = 64;

/// A list in an array, in order of insertion.
#[derive(Clone, Debug)]
pub(crate) struct FixedList<T> {
    items: [T; CAPACITY],
    count: usize,
}

impl<T> Deref for FixedList<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.items[..self.count]
    }
}

impl<T> DerefMut for FixedList<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items[..self.count]
    }
}

impl<T: Copy> FixedList<T> {
    /// An empty list; `unused` fills the array.
    pub(crate) const fn new(unused: T) -> Self {
        Self { items: [unused; CAPACITY], count: 0 }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.count == CAPACITY
    }

    /// Adds an item; where the list is full, in place of the oldest.
    pub(crate) fn push(&mut self, item: T) {
        if self.is_full() {
            self.remove(0);
        }
        self.items[self.count] = item;
        self.count += 1;
    }

    pub(crate) fn remove(&mut self, index: usize) {
        self.items.copy_within(index + 1..self.count, index);
        self.count -= 1;
    }

    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        let mut index = 0;
        while let Some(item) = self.get(index) {
            match keep(item) {
                true => index += 1,
                false => self.remove(index),
            }
        }
    }
}

/// Decided onsets that have not sounded, in order of decision.
pub(crate) type PendingOnsets = FixedList<Onset>;

impl Onset {
    pub(crate) const UNUSED: Self =
        Self { beats: 0.0, instrument: 0, note: 0, velocity: 0, place: 0, step_beats: 0.0, passed: false };
}

impl PendingOnsets {
    /// The song position of the earliest onset; infinity where there is none. While the host refuses events,
    /// of the earliest that has not passed.
    pub(crate) fn next_beats(&self, refused: bool) -> f64 {
        let due = self.iter().filter(|onset| !(refused && onset.passed));
        due.map(|onset| onset.beats).fold(f64::INFINITY, f64::min)
    }

    /// Leaves one onset of each drum among those that are `one`.
    pub(crate) fn merge(&mut self, one: impl Fn(&Onset) -> bool) {
        let mut index = 0;
        while let Some(onset) = self.get(index) {
            let again = one(onset) && self[..index].iter().any(|other| one(other) && other.meets(onset));
            match again {
                true => self.remove(index),
                false => index += 1,
            }
        }
    }

    /// Adds an onset; returns whether another was given up for it, an overdue one if there is any.
    pub(crate) fn add(&mut self, onset: Onset) -> bool {
        let full = self.is_full();
        if full {
            self.remove(self.iter().position(|onset| onset.passed).unwrap_or(0));
        }
        self.push(onset);
        full
    }
}

/// A note whose note-on the host accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sounding {
    pub(crate) note: u8,
    pub(crate) channel: u8,
    /// Where in the song it ends; minus infinity: as soon as possible.
    pub(crate) end_beats: f64,
    /// The first sample of this block at which it may end, so that it lasts at least one.
    pub(crate) not_before: u32,
}

impl Sounding {
    pub(crate) const UNUSED: Self = Self { note: 0, channel: 0, end_beats: 0.0, not_before: 0 };

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

/// Notes from their accepted note-on to their accepted note-off, in order of start. One note more than fits
/// ends the oldest.
pub(crate) type SoundingNotes = FixedList<Sounding>;

impl SoundingNotes {
    /// Ends all notes as soon as possible.
    pub(crate) fn release_all(&mut self) {
        self.iter_mut().for_each(|note| note.end_beats = f64::NEG_INFINITY);
    }

    /// The index of a note that sounds.
    pub(crate) fn find(&self, channel: u8, note: u8) -> Option<usize> {
        self.iter().position(|sounding| sounding.note == note && sounding.channel == channel)
    }
}
