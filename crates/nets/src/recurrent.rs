//! Models of time that remember: layers of long short-term memory, step by step through a song.

mod lstm;

pub use lstm::{Lstm, LstmState};
