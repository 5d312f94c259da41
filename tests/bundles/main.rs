//! The real bundles in the rig's hosts. `cargo xtask test` builds them first, in debug and with the check that
//! aborts when the audio thread allocates.

#![allow(clippy::print_stdout, reason = "a failed test shows what it played so far")]

mod behaviours;
mod bounce;
mod child_processes;
mod demo;
mod metres;
mod models;
mod playing;
mod sessions;
mod settings;
mod sound;
mod state;
mod stopping;
#[cfg(target_os = "linux")]
mod window;
#[cfg(target_os = "linux")]
mod window_without_blocks;
