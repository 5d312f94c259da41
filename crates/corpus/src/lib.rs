//! MIDI files in, drum patterns out: read, quantise, split, find loops, filter, deduplicate, TSV.
//!
//! Everything here is offline work on worker threads, without tensors. Bulk input returns what was good and
//! what was rejected with its reason; no input makes it panic.
//!
//! [`intake`] finds MIDI files in folders and archives, [`midi`] reads their drums, [`quantise`] puts them on
//! the [`grid`] that they are played on, [`loops`] finds repeated two-bar windows, [`filter`] drops dull patterns and duplicates,
//! and [`extract`] runs all of it in parallel and writes the report, which says where every hit went
//! ([`remainder`]). [`sequences`] are longer parts, for sequence models.

pub mod extract;
pub mod filter;
pub mod found_notes;
pub mod genres;
pub mod grid;
pub mod intake;
pub mod loops;
pub mod midi;
pub mod notes;
pub mod quantise;
pub mod remainder;
pub mod report;
pub mod rows;
pub mod sequences;
pub mod split;
