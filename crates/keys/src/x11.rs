//! Key events of an X11 window, sent on to its parent. Runs on the window's thread.

use raw_window_handle::RawWindowHandle;
use std::collections::BTreeSet;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt, EventMask, KeyButMask, KeyPressEvent, Window,
};
use x11rb::rust_connection::RustConnection;

use crate::{KeyNeeds, KeyPurpose, TypedKey};

/// A connection that selects the key events of our window; several clients may.
pub(crate) struct Platform {
    connection: RustConnection,
    window: Window,
    /// The keysym of each keycode without modifiers, from the lowest keycode.
    symbols: Vec<u32>,
    /// The keycodes whose press was sent on: so are their releases.
    sent: BTreeSet<u8>,
}

impl Platform {
    pub(crate) fn new(window: RawWindowHandle) -> Option<Self> {
        let window = match window {
            RawWindowHandle::Xlib(handle) => u32::try_from(handle.window).ok()?,
            RawWindowHandle::Xcb(handle) => handle.window.get(),
            _ => return None,
        };
        let (connection, _) = x11rb::connect(None).ok()?;
        let keys = ChangeWindowAttributesAux::new().event_mask(EventMask::KEY_PRESS | EventMask::KEY_RELEASE);
        connection.change_window_attributes(window, &keys).ok()?.check().ok()?;
        let mut platform = Self { connection, window, symbols: Vec::new(), sent: BTreeSet::new() };
        platform.read_symbols()?;
        Some(platform)
    }

    fn read_symbols(&mut self) -> Option<()> {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let mapping = self.connection.get_keyboard_mapping(first, last - first + 1).ok()?.reply().ok()?;
        let per_key = usize::from(mapping.keysyms_per_keycode).max(1);
        self.symbols = mapping.keysyms.chunks(per_key).map(|symbols| symbols[0]).collect();
        Some(())
    }

    /// Sends on all events that have arrived; `None` once the display is gone.
    pub(crate) fn forward(&mut self, needs: KeyNeeds, _typed: &[TypedKey]) -> Option<()> {
        while let Some(event) = self.connection.poll_for_event().ok()? {
            match event {
                Event::KeyPress(key) if !needs.include(self.purpose(&key)) => {
                    self.sent.insert(key.detail);
                    self.send(key)?;
                }
                Event::KeyRelease(key) if self.sent.remove(&key.detail) => self.send(key)?,
                Event::MappingNotify(_) => self.read_symbols()?,
                _ => {}
            }
        }
        Some(())
    }

    fn purpose(&self, key: &KeyPressEvent) -> KeyPurpose {
        let index = usize::from(key.detail.saturating_sub(self.connection.setup().min_keycode));
        let symbol = self.symbols.get(index).copied().unwrap_or_default();
        purpose(symbol, key.state.contains(KeyButMask::CONTROL))
    }

    /// To the client that made the parent window (an event mask of 0), which is the host or its toolkit.
    fn send(&self, mut key: KeyPressEvent) -> Option<()> {
        // Asked each time: hosts move windows into others.
        let tree = self.connection.query_tree(self.window).ok()?.reply().ok()?;
        if tree.parent == tree.root || tree.parent == x11rb::NONE {
            return Some(());
        }
        (key.event, key.child) = (tree.parent, self.window);
        // Unchecked: a window that has just closed needs no keys.
        self.connection.send_event(false, tree.parent, EventMask::NO_EVENT, key).ok()?.ignore_error();
        self.connection.flush().ok()
    }
}

/// What the window may need a key for. The numbers are those of X11's `keysymdef.h`.
fn purpose(symbol: u32, control: bool) -> KeyPurpose {
    match symbol {
        // Tab; with shift too.
        0xff09 | 0xfe20 => KeyPurpose::Shortcut,
        // z, y, plus, equal, minus, 0 and the keypad's plus, minus, 0.
        0x7a | 0x79 | 0x2b | 0x3d | 0x2d | 0x30 | 0xffab | 0xffad | 0xffb0 if control => KeyPurpose::Shortcut,
        // Escape, Return, Enter, and the arrows.
        0xff1b | 0xff0d | 0xff8d | 0xff51..=0xff54 => KeyPurpose::Control,
        _ => KeyPurpose::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_purpose() {
        let check = |symbol, control, expected| {
            assert_eq!(purpose(symbol, control), expected, "{symbol:x} {control}");
        };
        check(0x20, false, KeyPurpose::Text); // space
        check(0xffc2, false, KeyPurpose::Text); // F5
        check(0x7a, false, KeyPurpose::Text); // z
        check(0x7a, true, KeyPurpose::Shortcut);
        check(0xff09, false, KeyPurpose::Shortcut);
        check(0xff52, false, KeyPurpose::Control);
    }
}
