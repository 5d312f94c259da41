//! How phrases of sixteen bars are measured: statistics, and critics that are trained to distinguish generated
//! ones from real ones. The same code measures both. `docs/report/sequences.md` documents every figure.

pub mod bars;
pub mod critics;
mod features;
pub mod form;
pub mod genre;
mod gru;
pub mod originality;
pub mod set;
pub mod statistics;
mod trees;
