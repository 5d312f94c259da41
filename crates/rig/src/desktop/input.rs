//! Mouse and keyboard input through the X server's test extension, and scripts of it such as
//! `move 300 200; press; move 400 300; release; key Left`.

use super::screen::DesktopError;
use std::str::FromStr;
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

/// One thing that a hand does.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// The pointer goes to a pixel.
    Move(i16, i16),
    /// The left button goes down.
    Press,
    /// The left button goes up.
    Release,
    /// A click of the right button.
    RightClick,
    /// The wheel turns by so many notches, up where positive.
    Wheel(i32),
    /// A key goes down.
    Hold(String),
    /// A key goes up.
    Let(String),
    /// A key is struck.
    Key(String),
    /// Letters are typed.
    Type(String),
    /// The song plays on for so many beats.
    Beats(f64),
}

impl Act {
    /// The acts of a script, parted by semicolons.
    ///
    /// # Errors
    /// One of them makes no sense.
    pub fn parse_all(script: &str) -> Result<Vec<Self>, DesktopError> {
        script.split(';').map(str::trim).filter(|act| !act.is_empty()).map(str::parse).collect()
    }

    /// Does it; what takes song time is not for the hand.
    ///
    /// # Errors
    /// The X server refuses.
    pub fn perform(&self, hand: &Hand) -> Result<(), DesktopError> {
        let click = |button| hand.press(button).and_then(|()| hand.release(button));
        let strike = |key: &str| hand.hold(key).and_then(|()| hand.let_go(key));
        match self {
            Self::Move(x, y) => hand.move_to(*x, *y),
            Self::Press => hand.press(1),
            Self::Release => hand.release(1),
            Self::RightClick => click(3),
            Self::Wheel(notches) => {
                let button = if *notches > 0 { 4 } else { 5 };
                (0..notches.unsigned_abs()).try_for_each(|_| click(button))
            }
            Self::Hold(key) => hand.hold(key),
            Self::Let(key) => hand.let_go(key),
            Self::Key(key) => strike(key),
            Self::Type(text) => text.chars().try_for_each(|letter| strike(letter.encode_utf8(&mut [0; 4]))),
            Self::Beats(_) => Ok(()),
        }
    }
}

impl FromStr for Act {
    type Err = DesktopError;

    fn from_str(text: &str) -> Result<Self, DesktopError> {
        let nonsense = || DesktopError::NoAct(text.to_owned());
        let mut words = text.split_whitespace();
        let verb = words.next().ok_or_else(nonsense)?;
        let rest: Vec<&str> = words.collect();
        let number = |at: usize| rest.get(at).and_then(|word| word.parse().ok()).ok_or_else(nonsense);
        let name = || rest.first().map(|word| (*word).to_owned()).ok_or_else(nonsense);
        Ok(match verb {
            "move" => Self::Move(number(0)?, number(1)?),
            "press" => Self::Press,
            "release" => Self::Release,
            "right" => Self::RightClick,
            "wheel" => Self::Wheel(number(0)?.into()),
            "hold" => Self::Hold(name()?),
            "let" => Self::Let(name()?),
            "key" => Self::Key(name()?),
            "type" => Self::Type(name()?),
            "beats" => {
                let beats = rest.first().and_then(|word| word.parse().ok()).filter(|beats| *beats >= 0.0);
                Self::Beats(beats.ok_or_else(nonsense)?)
            }
            _ => return Err(nonsense()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_word_by_word() {
        let acts = Act::parse_all("move 3 4; press ;beats 0.5; key Left;wheel -2;").map_err(|_| ());
        let left = Act::Key("Left".to_owned());
        assert_eq!(acts, Ok(vec![Act::Move(3, 4), Act::Press, Act::Beats(0.5), left, Act::Wheel(-2)]));
    }

    #[test]
    fn nonsense_is_named() {
        for script in ["jump", "move 3", "beats x", "key"] {
            let error = Act::parse_all(script).map_err(|error| error.to_string());
            assert!(error.is_err_and(|said| said.contains(script)));
        }
    }
}
