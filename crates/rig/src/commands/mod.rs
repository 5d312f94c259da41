//! The verbs.

pub(crate) mod cycles;
pub(crate) mod daw;
pub(crate) mod demo;
mod screen;
