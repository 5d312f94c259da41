//! Note events as they leave for the host.

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
