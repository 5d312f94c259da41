//! What is checked of a bundle from outside, by the thousand calls.

pub mod cycles;
pub mod lifecycle;
pub mod realtime;
pub mod states;
