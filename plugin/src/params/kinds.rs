//! The kinds of parameter: range, step size, unit, formatter and parser of each kind of number, and the
//! values of enumerations. Widgets read all of it from the parameter.

use std::sync::Arc;

use beat::{CommitMode, Grid, GridLock};
use nice_plug::prelude::{Enum, *};

/// No swing, in percent of an eighth.
pub const SWING_STRAIGHT: f32 = 50.0;
/// The most swing: every second sixteenth is half a step late.
pub const SWING_WIDEST: f32 = 75.0;

/// The number of values of the count of edits.
pub const EDITS: i32 = 10_000;

/// A parameter with a small knob in the window, and what one hears of it.
#[derive(Clone, Copy)]
pub enum Knob<'a> {
    /// Of a float parameter.
    Float(&'a FloatParam, &'static str),
    /// Of an integer parameter.
    Int(&'a IntParam, &'static str),
}

/// The number that a text means, as people type it in any field: with the unit or without it, with a decimal
/// point or comma. Never NaN or infinite.
fn typed(text: &str, unit: &str) -> Option<f32> {
    let text = text.trim().to_lowercase();
    let number = text.strip_suffix(unit.trim()).unwrap_or(&text).trim_end();
    // The minus sign of typography, too.
    number.replace(',', ".").replace('\u{2212}', "-").parse().ok().filter(|number: &f32| number.is_finite())
}

/// A number in steps of `step`, shown with so many decimals.
fn float(name: &str, default: f32, (min, max): (f32, f32), (step, decimals): (f32, usize)) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min, max })
        .with_step_size(step)
        .with_value_to_string(Arc::new(move |value| {
            let text = format!("{value:.decimals$}");
            // No minus zero.
            if text.parse::<f32>() == Ok(0.0) { text.replace('-', "") } else { text }
        }))
        .with_string_to_value(Arc::new(|text| typed(text, "")))
}

/// A map coordinate, 0..=1 in steps of 0.0001.
pub(super) fn unit(name: &str, default: f32) -> FloatParam {
    float(name, default, (0.0, 1.0), (0.0001, 4))
}

/// A number in steps of 0.01.
pub(super) fn plain(name: &str, default: f32, min: f32, max: f32) -> FloatParam {
    float(name, default, (min, max), (0.01, 2))
}

const PERCENT: &str = " %";

/// A fraction, shown in percent.
pub(super) fn percent(name: &str, default: f32, min: f32, max: f32) -> FloatParam {
    float(name, default, (min, max), (0.01, 2))
        .with_unit(PERCENT)
        .with_value_to_string(Arc::new(|value| format!("{:.0}", value * 100.0)))
        .with_string_to_value(Arc::new(|text| typed(text, PERCENT).map(|percent| percent / 100.0)))
}

/// The position of the second sixteenth in its eighth, in percent.
pub(super) fn swing(name: &str) -> FloatParam {
    float(name, SWING_STRAIGHT, (SWING_STRAIGHT, SWING_WIDEST), (0.1, 1))
        .with_unit(PERCENT)
        .with_string_to_value(Arc::new(|text| typed(text, PERCENT)))
}

/// A level in percent; "off" is 0.
pub(super) fn kit_level(name: &str) -> FloatParam {
    percent(name, 0.8, 0.0, 1.0).with_string_to_value(Arc::new(|text| {
        if text.trim().eq_ignore_ascii_case("off") {
            return Some(0.0);
        }
        typed(text, PERCENT).map(|percent| percent / 100.0)
    }))
}

/// A whole number.
fn int(name: &str, default: i32, (min, max): (i32, i32)) -> IntParam {
    IntParam::new(name, default, IntRange::Linear { min, max })
        .with_string_to_value(Arc::new(|text| typed(text, "").map(|number| number.round() as i32)))
}

/// A number of takes: 1, 2, 4 or 8.
pub(super) fn variation(name: &str, takes: u8) -> IntParam {
    power_of_two(name, takes, 3, "")
}

/// A length in bars: 1, 2, 4, 8 or 16.
pub(super) fn bars(name: &str, bars: u8) -> IntParam {
    const BARS: &str = " bars";
    power_of_two(name, bars, 4, BARS).with_unit(BARS)
}

/// A power of two up to 2^`most`: the parameter's value is the exponent, its text the power.
fn power_of_two(name: &str, default: u8, most: i32, unit: &'static str) -> IntParam {
    int(name, default.max(1).ilog2() as i32, (0, most))
        .with_value_to_string(Arc::new(move |power| (1 << power.clamp(0, most)).to_string()))
        .with_string_to_value(Arc::new(move |text| {
            let number = typed(text, unit)? as i32;
            (1..=1 << most).contains(&number).then(|| number.ilog2() as i32)
        }))
}

/// A seed, 0..=9999.
pub(super) fn seed(name: &str, default: u16) -> IntParam {
    int(name, i32::from(default), (0, 9999))
}

/// A MIDI channel, 1..=16.
pub(super) fn channel(name: &str, default: i32) -> IntParam {
    int(name, default, (1, 16))
}

/// A count that wraps at [`EDITS`].
pub(super) fn edits(name: &str) -> IntParam {
    int(name, 0, (0, EDITS - 1)).non_automatable()
}

/// Something that is on or off.
pub(super) fn switch(name: impl Into<String>, default: bool) -> BoolParam {
    BoolParam::new(name, default)
        .with_value_to_string(Arc::new(|on| if on { "On" } else { "Off" }.to_owned()))
        .with_string_to_value(Arc::new(|text| match text.trim().to_lowercase().as_str() {
            "on" | "yes" | "true" | "1" => Some(true),
            "off" | "no" | "false" | "0" => Some(false),
            _ => None,
        }))
}

/// When a newly decoded bank may start to sound.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum Commit {
    /// At the next sixteenth.
    #[id = "step"]
    Step,
    /// At the next beat.
    #[id = "beat"]
    Beat,
    /// At the next bar.
    #[id = "bar"]
    Bar,
    /// At the next start of the two bars.
    #[id = "cycle"]
    Cycle,
}

impl From<Commit> for CommitMode {
    fn from(commit: Commit) -> Self {
        match commit {
            Commit::Step => Self::Step,
            Commit::Beat => Self::Beat,
            Commit::Bar => Self::Bar,
            Commit::Cycle => Self::Cycle,
        }
    }
}

/// Which field plays.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum MetreChoice {
    /// The one for the host's time signature, along the host's bars.
    #[id = "auto"]
    Auto,
    /// Two bars of 4/4 in sixteenths.
    #[id = "four"]
    #[name = "4/4"]
    FourFour,
    /// Two bars of four beats in triplets; along 12/8 in eighths.
    #[id = "shuffle"]
    Shuffle,
    /// Two bars of 3/4 or 6/8 in sixteenths.
    #[id = "three"]
    Three,
}

impl MetreChoice {
    /// The grid that is chosen; none where the host's time signature decides.
    pub fn grid(self) -> Option<Grid> {
        match self {
            Self::Auto => None,
            Self::FourFour => Some(Grid::FOUR_FOUR),
            Self::Shuffle => Some(Grid::SHUFFLE),
            Self::Three => Some(Grid::THREE),
        }
    }

    /// The time signature of a song of the standalone program: beats of a bar and the note value of a beat.
    pub fn own_signature(self) -> (u8, u8) {
        (self.grid().unwrap_or(Grid::FOUR_FOUR).bar_beats() as u8, 4)
    }
}

/// What the two bars of a pattern are aligned with.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum Bars {
    /// Multiples of their length from the song's start.
    #[id = "song"]
    Song,
    /// The host's bars, whatever their length.
    #[id = "bars"]
    #[name = "Host bars"]
    HostBars,
}

impl From<Bars> for GridLock {
    fn from(bars: Bars) -> Self {
        match bars {
            Bars::Song => Self::Song,
            Bars::HostBars => Self::HostBars,
        }
    }
}

/// How an offline render is recognised, in which every bank is waited for.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum Bounce {
    /// By the host's render mode where it is reliable, else by song time that runs ahead of the clock.
    #[id = "auto"]
    Auto,
    /// Every block counts as one: each commit waits for its bank.
    #[id = "exact"]
    Exact,
}

/// The scene that replaces the puck.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum SceneChoice {
    /// None: the puck counts.
    #[id = "puck"]
    Puck,
    /// The first scene.
    #[id = "a"]
    A,
    /// The second scene.
    #[id = "b"]
    B,
    /// The third scene.
    #[id = "c"]
    C,
    /// The fourth scene.
    #[id = "d"]
    D,
}

impl SceneChoice {
    /// The scenes, in order.
    pub const SCENES: [Self; 4] = [Self::A, Self::B, Self::C, Self::D];

    /// The index of the scene, 0..4, or none for the puck.
    pub fn index(self) -> Option<usize> {
        Self::SCENES.iter().position(|scene| *scene == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text means, shown with its unit as a host shows it.
    fn check(param: &impl Param, text: &str, expected: &str) {
        let value = param.string_to_normalized_value(text);
        let shown = value.map(|value| param.normalized_value_to_string(value, true));
        assert_eq!(shown.as_deref().unwrap_or("refused"), expected, "{:?} as {text:?}", param.name());
    }

    #[test]
    fn numbers_and_switches_take_what_people_type() {
        let swing = swing("Swing");
        for text in ["60", "60%", "60 %", " 60.0 % ", "60,0"] {
            check(&swing, text, "60.0 %");
        }
        check(&swing, "1e9", "75.0 %");
        for text in ["80", "80%", "80 %", "80,4"] {
            check(&percent("Gate", 0.5, 0.05, 1.0), text, "80 %");
            check(&kit_level("Kit level"), text, "80 %");
        }
        check(&kit_level("Kit level"), "Off", "0 %");
        for text in ["0.7", "0,7", " .7", "+0.7"] {
            check(&unit("X", 0.5), text, "0.7000");
            check(&plain("Temperature", 0.4, 0.0, 1.5), text, "0.70");
        }
        check(&plain("Density", 0.0, -1.0, 1.0), "\u{2212}0,5", "-0.50");
        check(&plain("Density", 0.0, -1.0, 1.0), "-0.001", "0.00");
        check(&seed("Seed", 1), "7.0", "7");
        check(&channel("Channel", 10), "99", "16");
        for text in ["4", "4 bars", "4bars", "4 Bars"] {
            check(&bars("Orbit length", 1), text, "4 bars");
        }
        check(&variation("Variation", 1), "16", "refused");
        for (texts, expected) in [(["on", "1", "Yes", "TRUE"], "On"), (["off", "0", "no", "false"], "Off")] {
            texts.iter().for_each(|text| check(&switch("Bypass", false), text, expected));
        }
        check(&switch("Bypass", false), "maybe", "refused");
        for text in ["nan", "NaN %", "inf", "-inf %", "infinity", "", "%", "x", "5 dogs"] {
            check(&swing, text, "refused");
            check(&kit_level("Kit level"), text, "refused");
            check(&plain("Density", 0.0, -1.0, 1.0), text, "refused");
            check(&seed("Seed", 1), text, "refused");
            check(&bars("Orbit length", 1), text, "refused");
        }
    }

    /// Text of a value, with the unit or without, and the value of that text.
    fn shown(param: &impl Param) -> impl Fn(f32, bool) -> (String, Option<f32>) {
        move |value, unit| {
            let text = param.normalized_value_to_string(value, unit);
            let again = param.string_to_normalized_value(&text);
            (text, again)
        }
    }

    /// Hosts put the text that they were given back in.
    #[test]
    fn a_text_that_was_shown_means_its_value() {
        let back = |param: &dyn Fn(f32, bool) -> (String, Option<f32>), steps: usize| {
            for step in 0..=steps {
                let (value, unit) = (step as f32 / steps as f32, step % 2 == 0);
                let (text, again) = param(value, unit);
                let again = again.unwrap_or_else(|| panic!("{text:?} is refused"));
                assert_eq!(param(again, unit).0, text);
            }
        };
        back(&shown(&unit("X", 0.5)), 10_000);
        back(&shown(&plain("Temperature", 0.4, 0.0, 1.5)), 150);
        back(&shown(&plain("Density", 0.0, -1.0, 1.0)), 200);
        back(&shown(&percent("Velocity", 1.0, 0.0, 2.0)), 200);
        back(&shown(&kit_level("Kit level")), 100);
        back(&shown(&swing("Swing")), 250);
        back(&shown(&bars("Orbit length", 4)), 4);
        back(&shown(&variation("Variation", 4)), 3);
        back(&shown(&switch("Phrase", false)), 1);
        back(&shown(&seed("Seed", 4711)), 9_999);
    }
}
