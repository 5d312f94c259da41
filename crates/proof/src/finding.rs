//! A broken promise: where, what was right, and what host_move.

use std::fmt;

/// What the checker found, in one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The call in which it shows.
    pub call: usize,
    /// The sample in that call's block.
    pub sample: i64,
    /// What the contract asks for.
    pub expected: String,
    /// What the sequencer did.
    pub got: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "block {}, sample {}\n  expected: {}\n  got:      {}",
            self.call, self.sample, self.expected, self.got
        )
    }
}

impl std::error::Error for Finding {}
