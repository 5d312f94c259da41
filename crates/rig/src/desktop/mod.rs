//! A desktop for the plugin's window where none is needed: an X server without a screen, a parent window
//! for the plugin's own, a hand on mouse and keyboard, and pictures of it all. Linux only.
//!
//! The way through: a program starts a [`Display`] and itself again under it; there it opens an instance's
//! window with [`crate::hosts::clap::ClapInstance::open_window`], moves a [`Hand`] and takes a [`Picture`].

mod display;
mod error;
mod frame;
mod hand;
mod picture;
mod script;

pub use display::Display;
pub use error::DesktopError;
pub use frame::Frame;
pub use hand::Hand;
pub use picture::Picture;
pub use script::Act;
