//! Sequences: songs and parts of songs as bars of sixteenths, for models of time.
//!
//! A file of sequences has one a line: genre, TAB, song id, TAB, its bars with a space between them, each
//! bar 16 comma-separated integers of the default kit. It may be packed with gzip (`.gz`).

mod read;
mod write;

use beat::{STEPS_PER_BAR, class_of};

use crate::quantise::{MOST_BARS, Passage};

pub use read::{ReadSequences, read_sequences};
pub use write::write_sequences;

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

    /// The class of every step, 0..512: bit `p` is a hit of piece `p`.
    pub fn classes(&self) -> Vec<u16> {
        self.steps.iter().map(|&step| class_of(step)).collect()
    }
}

/// The passages cut into parts of `bars` bars, one behind the other from where each passage begins. What is
/// left at its end is too short and not returned.
pub fn parts_of(passages: &[Passage], bars: usize) -> Vec<Vec<u16>> {
    let length = bars.clamp(1, MOST_BARS) * STEPS_PER_BAR;
    passages.iter().flat_map(|passage| passage.steps.chunks_exact(length).map(<[u16]>::to_vec)).collect()
}

#[cfg(test)]
mod tests;
