//! Checks of a bundle from outside: calls in every order, damaged states, real-time safety.

mod damage;
pub mod lifecycle;
pub mod realtime;
pub mod states;
