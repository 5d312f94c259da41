//! MIDI files in, drum patterns out: read, quantise, split, find loops, filter, deduplicate, TSV.
//!
//! Everything here is offline work on worker threads, without tensors. Bulk input always returns what
//! was good beside what was rejected with its reason; nothing panics on any bytes.

pub mod filter;
pub mod rows;
pub mod split;
