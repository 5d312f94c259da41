//! A desktop for the plugin's window on a machine without a screen: an X server, a parent window for the
//! plugin's own, mouse and keyboard input, and screenshots. Linux only.
//!
//! A program starts a [`Display`] and runs itself again with it as `DISPLAY`; there it opens an instance's
//! window with [`crate::Instance::open_window`], moves a [`FakeInput`] and takes a [`Screenshot`].

mod input;
mod screen;

pub use input::{FakeInput, InputAction};
pub use screen::{Display, HostWindow, NoServer, ScreenChanges, Screenshot};
