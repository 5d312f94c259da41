//! How phrases of sixteen bars are measured: what is counted on them, and critics that try to tell
//! generated ones from real ones. The same code measures both. Pure functions of classes of nine pieces;
//! `docs/report/sequences.md` says the same in one place.

mod asked;
mod bars;
mod borders;
mod controls;
mod critics;
mod features;
mod form;
mod genre;
mod known;
mod listener;
mod originality;
mod set;
mod statistics;
mod table;
mod trees;

pub(crate) use asked::{Asked, Paque, foretells_steps, kind_name, plays_phrases};
pub(crate) use critics::Asking;
pub(crate) use table::text;
