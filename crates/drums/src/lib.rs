//! The built-in kit: fourteen synthesised drums, one for each instrument.
//!
//! For the audio thread: `no_std` without `alloc`, a fixed number of voices, no tables to load. What a
//! [`Drums`] plays is a function of its seed, its sample rate and the hits that still sound, each with its place
//! in the song, whatever the sizes of the blocks (`tests/kit.rs`). No recorded samples: every sound is computed from the recipes in
//! `recipes.rs`.

#![no_std]

mod band;
mod envelope;
mod general_midi;
mod kit;
mod layer;
mod recipes;
mod source;
mod voice;

pub use general_midi::instrument_of_note;
pub use kit::{Drums, SLOWEST_RATE};
