//! What the audio thread runs: kit, pattern, take, bank, settings, transport, sequencer, note events.
//!
//! The crate is `no_std` without `alloc`, so that the compiler refuses heap, locks, files and logs on the
//! audio thread.
//!
//! A [`Transport`] says where the host is, a [`Sequencer`] turns it into [`NoteEvent`]s
//! read from the [`Bank`] that a [`BankSource`] hands over at commit points.

#![no_std]

mod bank;
mod clock;
mod fault;
mod grid;
mod kit;
mod notes;
mod orbit;
mod pattern;
mod sequencer;
mod settings;
mod shape;
mod transport;

pub use bank::{Bank, MOST_TAKES, Take};
pub use clock::{CommitMode, GridLock};
#[cfg(feature = "faults")]
pub use fault::Fault;
pub use grid::{Grid, MOST_CELLS, MOST_STEPS};
pub use kit::{
    CLASSES, DEFAULT_INSTRUMENT_NAMES, INSTRUMENT_OF, INSTRUMENTS, Kit, PIECE_OF, PIECES, PieceMap, class_of,
    piece_of_note, step_of,
};
pub use notes::{DrumHit, NoteEvent, NoteKind};
pub use orbit::{ORBIT_PLACES, Orbit};
pub use pattern::Pattern;
pub use sequencer::{BankSource, NoteSink, Playhead, Refused, Sequencer};
pub use settings::{Playback, SETTINGS_VERSION, Scene, Settings};
pub use shape::{Continuation, Edits, Locks, Shape};
pub use transport::{HostBar, LoopRange, Transport, is_compound};
