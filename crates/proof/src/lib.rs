//! The playback contract as a slow, obvious reference, and the soak that holds the sequencer against it.
//!
//! The way through: a [`Script`] of random words becomes a [`session`](host) of an imagined host, which
//! calls the sequencer under test block by block. From the same calls the [`book`] lays out in exact
//! time where play went, the [`score`] writes down every onset that must sound, and the [`ledger`] ticks
//! off what the sequencer sent. None of it shares code with the sequencer, and nothing here is in a hurry.

pub mod book;
pub mod chance;
pub mod covered;
pub mod finding;
pub mod host;
pub mod lattice;
pub mod ledger;
pub mod moment;
pub mod order;
pub mod score;
pub mod shelf;
pub mod shrink;
pub mod soak;
pub mod time;
pub mod trial;

pub use chance::Script;
pub use finding::Finding;
pub use shelf::Shelf;
pub use trial::{Report, hold};
