//! The verbs.

pub(crate) mod demo;
mod screen;
