//! Sequences: songs and parts of songs as bars of sixteenths, and the nine pieces that models of time see.
//!
//! A file of sequences has one a line: genre, TAB, song id, TAB, its bars with a space between them, each
//! bar 16 comma-separated integers of the default kit. It may be packed with gzip (`.gz`).

mod read;
mod write;

use beat::{INSTRUMENTS, STEPS_PER_BAR};

use crate::grid::{MOST_BARS, Passage};

pub use read::{ReadSequences, read_sequences};
pub use write::write_sequences;

/// Kick, snare, closed and open hat, low, mid and high tom, crash, ride: the nine classes of drums that
/// Magenta's DrumsRNN tells apart.
pub const PIECES: usize = 9;

/// What a step can be: any of the nine pieces, hit or not.
pub const CLASSES: usize = 1 << PIECES;

/// The piece that stands for each instrument of the default kit, as DrumsRNN merges General MIDI: rim, clap
/// and cowbell are snares, the shaker a closed hat, other percussion a mid tom.
pub const PIECE_OF: [u8; INSTRUMENTS] = [0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 5];

/// The instrument of the default kit that plays each piece.
pub const INSTRUMENT_OF: [u8; PIECES] = [0, 1, 4, 5, 6, 7, 8, 9, 10];

/// Consecutive bars of one song.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// The genre, or [`crate::rows::UNKNOWN_GENRE`].
    pub genre: String,
    /// Which song it is of: what a split between training and test goes by.
    pub song: String,
    /// Step `16 * b + s` is step `s` of bar `b`; bit `i` is a hit of instrument `i` of the default kit.
    /// A whole number of bars, 1..=[`MOST_BARS`].
    pub steps: Vec<u16>,
}

impl Sequence {
    /// How many bars it has.
    pub fn bars(&self) -> usize {
        self.steps.len() / STEPS_PER_BAR
    }

    /// The class of every step, 0..[`CLASSES`]: bit `p` is a hit of piece `p`.
    pub fn classes(&self) -> Vec<u16> {
        self.steps.iter().map(|&step| class_of(step)).collect()
    }
}

/// The class of a step of the default kit: its hits merged into nine pieces.
pub fn class_of(step: u16) -> u16 {
    let hits = (0..INSTRUMENTS).filter(|instrument| step >> instrument & 1 == 1);
    hits.fold(0, |class, instrument| class | 1 << PIECE_OF[instrument])
}

/// The step of the default kit that plays a class.
pub fn step_of(class: u16) -> u16 {
    let pieces = (0..PIECES).filter(|piece| class >> piece & 1 == 1);
    pieces.fold(0, |step, piece| step | 1 << INSTRUMENT_OF[piece])
}

/// The passages cut into parts of `bars` bars, one behind the other from where each passage begins. What is
/// left at its end is too short and not returned.
pub fn parts_of(passages: &[Passage], bars: usize) -> Vec<Vec<u16>> {
    let length = bars.clamp(1, MOST_BARS) * STEPS_PER_BAR;
    passages.iter().flat_map(|passage| passage.steps.chunks_exact(length).map(<[u16]>::to_vec)).collect()
}

#[cfg(test)]
mod tests;
