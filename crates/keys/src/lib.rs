//! Passes key presses on to the window around ours, the host's: a window that is clicked on gets the keyboard,
//! and with it the keys that start and stop the host's song.
//!
//! Under X11 the presses are read on a connection of our own and sent on as they are. Under Windows the caller
//! says what was pressed, and it is posted to the parent window (tested under Wine). On macOS the toolkit itself passes on what it is told to; nothing is done here.

#[cfg(target_os = "windows")]
mod win32;
#[cfg(target_os = "linux")]
mod x11;

#[cfg(target_os = "windows")]
use win32::Platform;
#[cfg(target_os = "linux")]
use x11::Platform;

use raw_window_handle::HasWindowHandle;

/// Which keys our window needs itself; all others are passed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyNeeds {
    /// Shortcuts of the window and Tab.
    #[default]
    Shortcuts,
    /// Also arrows, Enter and Escape: a control has the focus, or a menu is open.
    Control,
    /// All: a text is edited.
    Text,
}

/// What our window may need a key for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPurpose {
    /// Tab, and with Ctrl: Z, Y, plus, minus, 0.
    Shortcut,
    /// Arrows, Enter, Escape.
    Control,
    /// All others.
    Text,
}

impl KeyNeeds {
    /// Whether our window needs a key of this purpose.
    pub fn include(self, purpose: KeyPurpose) -> bool {
        match purpose {
            KeyPurpose::Shortcut => true,
            KeyPurpose::Control => self != Self::Shortcuts,
            KeyPurpose::Text => self == Self::Text,
        }
    }
}

/// A key that was pressed or released: its name as `A`, `7`, `Space`, `Home`, and whether it is down.
pub type TypedKey = (&'static str, bool);

/// Passes on the keys of one window.
#[derive(Default)]
pub struct KeyForwarder {
    #[cfg(any(target_os = "linux", target_os = "windows"))]
    platform: Option<Platform>,
}

impl KeyForwarder {
    /// For our window. Where it has no parent, or the system refuses, nothing is passed on.
    pub fn new(window: &impl HasWindowHandle) -> Self {
        #[cfg(any(target_os = "linux", target_os = "windows"))]
        return Self {
            platform: window.window_handle().ok().and_then(|window| Platform::new(window.as_raw())),
        };
        #[cfg(not(any(target_os = "linux", target_os = "windows")))]
        {
            let _ = window;
            Self::default()
        }
    }

    /// Passes on what was pressed since the last call and is not needed. `typed` is read under Windows alone.
    pub fn forward(&mut self, needs: KeyNeeds, typed: &[TypedKey]) {
        #[cfg(any(target_os = "linux", target_os = "windows"))]
        if self.platform.as_mut().is_some_and(|platform| platform.forward(needs, typed).is_none()) {
            // The display or the window is gone.
            self.platform = None;
        }
        #[cfg(not(any(target_os = "linux", target_os = "windows")))]
        {
            let _ = (needs, typed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_is_needed_for_text_alone_and_arrows_for_a_control() {
        let needed = |purpose| {
            [KeyNeeds::Shortcuts, KeyNeeds::Control, KeyNeeds::Text].map(|needs| needs.include(purpose))
        };
        assert_eq!(needed(KeyPurpose::Shortcut), [true, true, true]);
        assert_eq!(needed(KeyPurpose::Control), [false, true, true]);
        assert_eq!(needed(KeyPurpose::Text), [false, false, true]);
    }
}
