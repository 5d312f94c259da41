//! How quality is measured. The same code measures a model's output and real music.

pub mod critic;
pub mod evaluation_set;
pub mod figures;
pub mod neighbours;
pub mod phrases;
#[cfg(test)]
mod shipped;
pub mod steps;
