//! The beat itself: kit, pattern, take, bank, settings, transport, step clock, sequencer, note events.
//!
//! Everything of ours that the audio thread runs is here or calls what is here. The crate is `no_std`
//! and has no `alloc`, so that the compiler refuses a heap, a lock, a file or a log below the line.
//!
//! The way through: a [`Transport`] says where the host is, a [`Sequencer`] turns it into [`NoteEvent`]s
//! read from the [`Bank`] that a [`BankSource`] hands over at commit points.

#![no_std]

mod bank;
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

pub use bank::{BANK_TAKES, Bank, Take};
#[cfg(feature = "faults")]
pub use fault::Fault;
pub use grid::{CommitMode, GridLock};
pub use kit::{
    CLASSES, DEFAULT_INSTRUMENT_NAMES, INSTRUMENT_OF, INSTRUMENTS, Kit, PIECE_OF, PIECES, PieceMap, class_of,
    piece_of_note, step_of,
};
pub use notes::{NoteEvent, NoteKind};
pub use orbit::{ORBIT_PLACES, Orbit};
pub use pattern::{CELLS, Pattern, STEPS, STEPS_PER_BAR, STEPS_PER_BEAT};
pub use sequencer::{BankSource, NoteSink, Playhead, Refused, Sequencer};
pub use settings::{Playback, SETTINGS_VERSION, Scene, Settings};
pub use shape::{Continuation, Locks, Shape};
pub use transport::{HostBar, LoopRange, STEP_BEATS, Transport};
