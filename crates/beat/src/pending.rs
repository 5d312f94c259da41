//! Onsets that have been decided and not yet been played.

/// An onset with its exact place in the song. What it plays is fixed: later commits never alter it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Onset {
    pub(crate) beats: f64,
    pub(crate) instrument: u8,
    pub(crate) note: u8,
    pub(crate) velocity: u8,
}

impl Onset {
    /// Whether the two are one hit of one drum if they fall on one sample.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        (self.instrument, self.note) == (other.instrument, other.note)
    }
}

/// Steps are decided at most half a step ahead and moved by at most half a step, so two steps of 14
/// onsets wait at once; the rest of the room is for a host that refuses events.
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

    /// Adds an onset and returns whether the oldest had to go for it.
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

    /// Where in the song the next onset lies; infinity where none waits.
    pub(crate) fn next_beats(&self) -> f64 {
        self.onsets().iter().map(|onset| onset.beats).fold(f64::INFINITY, f64::min)
    }
}
