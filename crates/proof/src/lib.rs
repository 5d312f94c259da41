//! The playback contract as a slow, obvious reference, and the soak that holds the sequencer against it.
//!
//! The way through: a [`Script`] of random words becomes a [`session`](host) of an imagined host, which
//! calls the sequencer under test block by block. From the same calls the [`timeline`] lays out in exact
//! time where play went, the [`expected`] writes down every onset that must sound, and the [`checker`] ticks
//! off what the sequencer sent. None of it shares code with the sequencer, and nothing here is in a hurry.

pub mod banks;
pub mod block_script;
pub mod checker;
pub mod coverage;
pub mod expected;
pub mod finding;
pub mod host;
pub mod order;
pub mod passes;
pub mod script;
pub mod session;
pub mod shrink;
pub mod soak;
pub mod step_grid;
pub mod time;

pub use banks::BankFixtures;
pub use finding::Finding;
pub use script::Script;
pub use session::{SessionReport, hold};
