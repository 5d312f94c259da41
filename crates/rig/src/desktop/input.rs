//! Mouse and keyboard input through the X server's test extension, and scripts of it such as
//! `move 300 200; press; move 400 300; release; key Left`.

use anyhow::{Context, Result, bail};
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
pub struct FakeInput {
    connection: RustConnection,
    root: u32,
}

impl FakeInput {
    /// Connects to the server.
    ///
    /// # Errors
    /// There is no X server, or it has no test extension.
    pub fn new() -> Result<Self> {
        Self::on(None)
    }

    /// Connects to the server of this name, or to the one that `DISPLAY` names.
    ///
    /// # Errors
    /// There is no X server, or it has no test extension.
    pub fn on(display: Option<&str>) -> Result<Self> {
        let (connection, screen) = x11rb::connect(display)?;
        let root = connection.setup().roots[screen].root;
        let version = connection.xtest_get_version(2, 2)?;
        version.reply()?;
        Ok(Self { connection, root })
    }

    /// Moves the pointer to a pixel of the screen.
    ///
    /// # Errors
    /// The server refuses.
    pub fn move_to(&self, x: i16, y: i16) -> Result<()> {
        self.fake(MOTION_NOTIFY_EVENT, 0, x, y)
    }

    /// Presses a button: 1 is left, 3 right, 4 and 5 the wheel up and down.
    ///
    /// # Errors
    /// The server refuses.
    pub fn press(&self, button: u8) -> Result<()> {
        self.fake(BUTTON_PRESS_EVENT, button, 0, 0)
    }

    /// Releases a button.
    ///
    /// # Errors
    /// The server refuses.
    pub fn release(&self, button: u8) -> Result<()> {
        self.fake(BUTTON_RELEASE_EVENT, button, 0, 0)
    }

    /// Presses a key.
    ///
    /// # Errors
    /// There is no such key, or the server refuses.
    pub fn press_key(&self, key: &str) -> Result<()> {
        self.fake(KEY_PRESS_EVENT, self.code(key)?, 0, 0)
    }

    /// Releases a key.
    ///
    /// # Errors
    /// There is no such key, or the server refuses.
    pub fn release_key(&self, key: &str) -> Result<()> {
        self.fake(KEY_RELEASE_EVENT, self.code(key)?, 0, 0)
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) -> Result<()> {
        self.connection.xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, self.root, x, y, 0)?;
        Ok(self.connection.sync()?)
    }

    /// The key that has this symbol, with or without shift.
    fn code(&self, key: &str) -> Result<u8> {
        let missing = || {
            format!(
                "no key is called \"{key}\"; there are letters, digits, Left, Right, Up, Down, Escape, Return, \
                 space, shift and ctrl"
            )
        };
        let symbol = symbol(key).with_context(missing)?;
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let reply = self.connection.get_keyboard_mapping(first, last - first + 1);
        let mapping = reply?.reply()?;
        let per_key = usize::from(mapping.keysyms_per_keycode).max(1);
        let found = mapping.keysyms.iter().position(|other| *other == symbol).map(|at| at / per_key);
        found.and_then(|index| u8::try_from(index + usize::from(first)).ok()).with_context(missing)
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
        "F5" => 0xffc2,
        _ => {
            let mut letters = key.chars();
            let letter = letters.next().filter(char::is_ascii_graphic)?;
            letters.next().is_none().then_some(u32::from(letter))?
        }
    })
}

/// One action of a script.
#[derive(Clone, Debug, PartialEq)]
pub enum InputAction {
    /// Moves the pointer to a pixel.
    Move(i16, i16),
    /// Presses the left button.
    Press,
    /// Releases the left button.
    Release,
    /// Clicks the right button.
    RightClick,
    /// Turns the wheel by so many notches, up where positive.
    Wheel(i32),
    /// Presses a key.
    Hold(String),
    /// Releases a key.
    Let(String),
    /// Presses and releases a key.
    Key(String),
    /// Types letters.
    Type(String),
    /// The song plays for so many beats.
    Beats(f64),
}

impl InputAction {
    /// The actions of a script, separated by semicolons.
    ///
    /// # Errors
    /// One of them is invalid.
    pub fn parse_all(script: &str) -> Result<Vec<Self>> {
        script.split(';').map(str::trim).filter(|action| !action.is_empty()).map(str::parse).collect()
    }

    /// Sends the input; [`InputAction::Beats`] is up to the caller.
    ///
    /// # Errors
    /// The X server refuses.
    pub fn perform(&self, input: &FakeInput) -> Result<()> {
        let click = |button| input.press(button).and_then(|()| input.release(button));
        let press_and_release = |key: &str| input.press_key(key).and_then(|()| input.release_key(key));
        match self {
            Self::Move(x, y) => input.move_to(*x, *y),
            Self::Press => input.press(1),
            Self::Release => input.release(1),
            Self::RightClick => click(3),
            Self::Wheel(notches) => {
                let button = if *notches > 0 { 4 } else { 5 };
                (0..notches.unsigned_abs()).try_for_each(|_| click(button))
            }
            Self::Hold(key) => input.press_key(key),
            Self::Let(key) => input.release_key(key),
            Self::Key(key) => press_and_release(key),
            Self::Type(text) => {
                text.chars().try_for_each(|letter| press_and_release(letter.encode_utf8(&mut [0; 4])))
            }
            Self::Beats(_) => Ok(()),
        }
    }
}

impl FromStr for InputAction {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = || {
            format!(
                "\"{text}\" is no action; there are: move X Y, press, release, right, key NAME, hold NAME, let \
                 NAME, wheel N, type TEXT, beats N"
            )
        };
        let mut words = text.split_whitespace();
        let verb = words.next().with_context(invalid)?;
        let rest: Vec<&str> = words.collect();
        let number = |at: usize| rest.get(at).and_then(|word| word.parse().ok()).with_context(invalid);
        let name = || rest.first().map(|word| (*word).to_owned()).with_context(invalid);
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
                Self::Beats(beats.with_context(invalid)?)
            }
            _ => bail!(invalid()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_parsed() {
        let actions = InputAction::parse_all("move 3 4; press ;beats 0.5; key Left;wheel -2;");
        let left = InputAction::Key("Left".to_owned());
        let Ok(
            [
                InputAction::Move(3, 4),
                InputAction::Press,
                InputAction::Beats(0.5),
                key,
                InputAction::Wheel(-2),
            ],
        ) = actions.as_deref()
        else {
            panic!("{actions:?}");
        };
        assert_eq!(*key, left);
    }

    #[test]
    fn an_invalid_action_is_named() {
        for script in ["jump", "move 3", "beats x", "key"] {
            let error = InputAction::parse_all(script).map_err(|error| error.to_string());
            assert!(error.is_err_and(|message| message.contains(script)));
        }
    }
}
