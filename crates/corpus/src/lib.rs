//! MIDI files in, drum patterns out: read, quantise, split, find loops, filter, deduplicate, TSV.
//!
//! Everything here is offline work on worker threads, without tensors. Bulk input always returns what
//! was good beside what was rejected with its reason; nothing panics on any bytes.
//!
//! The way through: [`intake`] finds MIDI files in folders and archives, [`midi`] reads their drums,
//! [`quantise`] puts them into bars them into bars, [`loops`] finds the windows that come back, [`filter`]
//! drops the dull and the known ones, and [`extract`] runs it all on every core and keeps the report. Models
//! of time want longer parts: [`sequences`] has them.

pub mod extract;
pub mod filter;
pub mod genres;

pub mod intake;
pub mod loops;
pub mod midi;
pub mod notes;
pub mod quantise;
pub mod report;
pub mod rows;
pub mod sequences;
pub mod split;
