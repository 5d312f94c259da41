//! The playback contract as a slow, plain reference in exact time, and the soak that holds the sequencer to
//! it.
//!
//! A [`Script`] of random numbers becomes a session of a simulated [`host`], which calls the sequencer under
//! test block by block ([`play`]). From the same calls, `passes` finds where play was linear, `expected`
//! lists every onset that must sound, and `checker` compares that with what the sequencer sent. None of it
//! shares code with the sequencer; speed does not matter.

pub mod banks;
mod checker;
mod coverage;
mod expected;
pub mod host;
mod passes;
pub mod play;
mod script;
pub mod soak;
pub mod time;

pub use banks::BankFixtures;
pub use script::{Script, WORDS};
pub use soak::check_session;
