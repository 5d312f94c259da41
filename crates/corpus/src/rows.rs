//! Pattern rows and the text files that hold them.
//!
//! Our own file has one row a line, without header or comments: 32 comma-separated integers (the code),
//! TAB, genre, TAB, song id. Two relatives are read too: `sample` output (code, 4 latents) and the
//! `dataset.tsv` of the paper's authors (code, 4 latents, 2 map coordinates, in their kit).

mod read;
mod write;

use beat::{Kit, Pattern};

pub use read::{ReadError, code_of, read_patterns, read_patterns_from};
pub use write::{WriteError, write_atomically, write_patterns, write_patterns_to};

/// What stands in the genre column where nobody knows.
pub const UNKNOWN_GENRE: &str = "-";

/// One pattern with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The two bars, in the kit of the file.
    pub pattern: Pattern,
    /// The genre, or [`UNKNOWN_GENRE`].
    pub genre: String,
    /// Which song it occurs in: what a split between training and test goes by.
    pub song: String,
}

/// How the columns of a file are to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Code, genre, song id: what `extract` writes.
    Patterns,
    /// Code, 4 latents: what `sample` writes.
    Samples,
    /// Code, 4 latents, 2 map coordinates: the published data of arXiv 2007.06284.
    Paper,
}

impl Layout {
    /// The kit that the bits of a code stand for. Samples carry none; they are read as the default kit.
    pub fn kit(self) -> Kit {
        match self {
            Self::Patterns | Self::Samples => Kit::DEFAULT,
            Self::Paper => Kit::PAPER,
        }
    }

    /// The columns, for a message.
    pub fn columns(self) -> &'static str {
        match self {
            Self::Patterns => "code, genre, song",
            Self::Samples => "code, 4 latents",
            Self::Paper => "code, 4 latents, 2 map coordinates",
        }
    }
}

/// What a file of patterns held: the good rows, and the lines that were no good.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadRows {
    /// How the file was read: the layout of its first good line.
    pub layout: Layout,
    /// The kit of every pattern.
    pub kit: Kit,
    /// The good lines in the order of the file. Rows of samples and of the paper's data have no genre,
    /// and each its own song id (`sample/<line>`, `paper/<line>`).
    pub rows: Vec<Row>,
    /// The 4 latents of each row; empty for [`Layout::Patterns`].
    pub latents: Vec<[f32; 4]>,
    /// The map coordinates of each row as published, any range; empty but for [`Layout::Paper`].
    pub points: Vec<[f32; 2]>,
    /// The lines that were left out.
    pub rejected: Vec<RejectedLine>,
}

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedLine {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it, as a sentence without its full stop.
    pub reason: String,
}

impl std::fmt::Display for RejectedLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

#[cfg(test)]
mod tests;
