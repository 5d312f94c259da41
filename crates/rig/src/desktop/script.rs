//! What a hand does, in words: `move 300 200; press; move 400 300; release; key Left`.

use super::{DesktopError, Hand};
use std::str::FromStr;

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
