//! Beatfield: an instrument whose window is a map of drum patterns.
//!
//! Three threads: the host's main thread owns [`Beatfield`] and the window ([`editor`]), the decode thread
//! ([`decode`]) turns parameters into banks, and the host's audio thread ([`audio`]) plays them. They share
//! the parameters (atomics), one bank crossing ([`crossing`]) and what the window shows ([`shared`]).

pub mod audio;
pub mod capture;
pub mod crossing;
pub mod decode;
pub mod editor;
pub mod export;
mod fence;
mod instrument;
mod load_state;
pub mod own_transport;
pub mod params;
pub mod saved;
pub mod shared;

pub use instrument::Beatfield;

#[cfg(test)]
extern crate self as beatfield; // the fuzzer's entries, which tests include, name this crate

nice_plug::prelude::nice_export_clap!(Beatfield);
nice_plug::prelude::nice_export_vst3!(Beatfield);
