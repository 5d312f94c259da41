//! How models are trained and measured: data and splits, networks with autodiff, losses, the one training loop,
//! checkpoints, maps and critics.
//!
//! A library: nothing here prints, listens for signals, makes a thread pool or parses arguments. Progress,
//! cancellation and the pool are arguments; models and checkpoints come from bytes. The command line (`lab`) uses
//! it, and a program that trains in the background can.
//!
//! Where to begin: [`patterns::Patterns`] or [`songs::Songs`] are the data, [`kinds::KINDS`] lists what can be
//! trained on them, a [`kinds::Run`] trains one, [`mapping`] lays its codes out on a map, and [`metrics`]
//! evaluates it.

mod adopt;
mod excerpts;
pub mod kinds;
pub mod latents;
mod layers;
pub mod mapping;
pub mod metrics;
pub mod patterns;
pub mod rng;
pub mod songs;
pub mod training;
