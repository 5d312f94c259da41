//! The real bundles, hosted as a DAW hosts them. `cargo xtask test` builds them first, in debug and with
//! the check that aborts when the audio thread allocates.

#![allow(clippy::print_stdout, reason = "a failed test shows what it had played so far")]

mod alone;
mod bounce;
mod cycles;
mod damaged_states;
mod demo;
mod kept_states;
mod lifecycle;
mod model;
mod moved_models;
mod orbit;
mod phrase;
mod playing;
mod realtime;
mod settings;
mod sound;
mod state;
mod stopping;
mod studio;
#[cfg(target_os = "linux")]
mod window;
