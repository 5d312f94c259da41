//! A hand on the mouse and the keyboard, through the X server's test extension.

use super::DesktopError;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
    MOTION_NOTIFY_EVENT,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// Mouse and keyboard of the server that `DISPLAY` names.
pub struct Hand {
    connection: RustConnection,
    root: u32,
}

impl Hand {
    /// Takes hold of both.
    ///
    /// # Errors
    /// There is no X server, or it has no test extension.
    pub fn new() -> Result<Self, DesktopError> {
        let refused = DesktopError::refused("lend its mouse");
        let (connection, screen) = x11rb::connect(None).map_err(|error| refused(&error))?;
        let root = connection.setup().roots[screen].root;
        let asked = connection.xtest_get_version(2, 2).map_err(|error| refused(&error))?;
        asked.reply().map_err(|error| refused(&error))?;
        Ok(Self { connection, root })
    }

    /// Moves the pointer to a pixel of the screen.
    ///
    /// # Errors
    /// The server refuses.
    pub fn move_to(&self, x: i16, y: i16) -> Result<(), DesktopError> {
        self.fake(MOTION_NOTIFY_EVENT, 0, x, y)
    }

    /// Presses a button: 1 is left, 3 right, 4 and 5 turn the wheel up and down.
    ///
    /// # Errors
    /// The server refuses.
    pub fn press(&self, button: u8) -> Result<(), DesktopError> {
        self.fake(BUTTON_PRESS_EVENT, button, 0, 0)
    }

    /// Lets go of a button.
    ///
    /// # Errors
    /// The server refuses.
    pub fn release(&self, button: u8) -> Result<(), DesktopError> {
        self.fake(BUTTON_RELEASE_EVENT, button, 0, 0)
    }

    /// Holds a key down.
    ///
    /// # Errors
    /// There is no such key, or the server refuses.
    pub fn hold(&self, key: &str) -> Result<(), DesktopError> {
        self.fake(KEY_PRESS_EVENT, self.code(key)?, 0, 0)
    }

    /// Lets go of a key.
    ///
    /// # Errors
    /// There is no such key, or the server refuses.
    pub fn let_go(&self, key: &str) -> Result<(), DesktopError> {
        self.fake(KEY_RELEASE_EVENT, self.code(key)?, 0, 0)
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) -> Result<(), DesktopError> {
        let refused = DesktopError::refused("move its mouse");
        self.connection
            .xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, self.root, x, y, 0)
            .map_err(|error| refused(&error))?;
        self.connection.sync().map_err(|error| refused(&error))
    }

    /// The key that has this symbol, with or without shift.
    fn code(&self, key: &str) -> Result<u8, DesktopError> {
        let symbol = symbol(key).ok_or_else(|| DesktopError::NoKey(key.to_owned()))?;
        let refused = DesktopError::refused("name its keys");
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let asked = self.connection.get_keyboard_mapping(first, last - first + 1);
        let mapping = asked.map_err(|error| refused(&error))?.reply().map_err(|error| refused(&error))?;
        let a_key = usize::from(mapping.keysyms_per_keycode).max(1);
        let found = mapping.keysyms.iter().position(|other| *other == symbol).map(|at| at / a_key);
        found
            .and_then(|index| u8::try_from(index + usize::from(first)).ok())
            .ok_or_else(|| DesktopError::NoKey(key.to_owned()))
    }
}

/// The X keysym of a key's name.
fn symbol(key: &str) -> Option<u32> {
    Some(match key {
        "Left" => 0xff51,
        "Up" => 0xff52,
        "Right" => 0xff53,
        "Down" => 0xff54,
        "Escape" => 0xff1b,
        "Return" => 0xff0d,
        "BackSpace" => 0xff08,
        "Tab" => 0xff09,
        "space" => 0x20,
        "shift" => 0xffe1,
        "ctrl" => 0xffe3,
        _ => {
            let mut letters = key.chars();
            let letter = letters.next().filter(char::is_ascii_graphic)?;
            letters.next().is_none().then_some(u32::from(letter))?
        }
    })
}
