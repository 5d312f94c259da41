//! Notes on their way to the host: events, decided onsets that wait, notes that sound. Fixed sizes, no heap.

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

/// A decided onset with its exact song position. Later commits never alter it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Onset {
    pub(crate) beats: f64,
    pub(crate) instrument: u8,
    pub(crate) note: u8,
    pub(crate) velocity: u8,
}

impl Onset {
    /// Whether the two are the same hit if they fall on the same sample.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        (self.instrument, self.note) == (other.instrument, other.note)
    }
}

/// Capacity. Steps are decided at most half a step ahead and moved by at most half a step, so at most two
/// steps of 14 onsets wait; the rest is for a host that refuses events.
const MOST_PENDING: usize = 64;

/// A fixed queue of decided onsets, in order of decision.
#[derive(Clone, Debug)]
pub(crate) struct PendingOnsets {
    onsets: [Onset; MOST_PENDING],
    count: usize,
}

impl PendingOnsets {
    pub(crate) const fn new() -> Self {
        let none = Onset { beats: 0.0, instrument: 0, note: 0, velocity: 0 };
        Self { onsets: [none; MOST_PENDING], count: 0 }
    }

    pub(crate) fn onsets(&self) -> &[Onset] {
        &self.onsets[..self.count]
    }

    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds an onset; returns whether the oldest was dropped for it.
    pub(crate) fn push(&mut self, onset: Onset) -> bool {
        let full = self.count == MOST_PENDING;
        if full {
            self.remove(0);
        }
        self.onsets[self.count] = onset;
        self.count += 1;
        full
    }

    pub(crate) fn remove(&mut self, index: usize) {
        self.onsets.copy_within(index + 1..self.count, index);
        self.count -= 1;
    }

    /// Removes the onsets that are `over`.
    pub(crate) fn forget(&mut self, over: impl Fn(&Onset) -> bool) {
        let mut index = 0;
        while let Some(onset) = self.onsets().get(index) {
            match over(onset) {
                true => self.remove(index),
                false => index += 1,
            }
        }
    }

    /// The song position of the earliest onset; infinity where there is none.
    pub(crate) fn next_beats(&self) -> f64 {
        self.onsets().iter().map(|onset| onset.beats).fold(f64::INFINITY, f64::min)
    }
}

/// Capacity; one note more ends the oldest.
pub(crate) const MOST_SOUNDING: usize = 64;

/// A note whose note-on the host accepted.
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

    /// Begins a block: every note may end from its first sample on.
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

    /// Adds a note whose note-on the host accepted at `sample`. The list must not be full.
    pub(crate) fn started(&mut self, channel: u8, note: u8, end_beats: f64, sample: u32) {
        self.notes[self.count] = Sounding { note, channel, end_beats, not_before: sample + 1 };
        self.count += 1;
    }

    /// Removes the note at `index`, whose note-off the host accepted.
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
