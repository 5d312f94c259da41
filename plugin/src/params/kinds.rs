//! The kinds of parameter: range, step size, unit, formatter and parser of each kind of number, and the
//! values of enumerations. Widgets read all of it from the parameter.

use std::sync::Arc;

use beat::{CommitMode, GridLock};
use nice_plug::prelude::{Enum, *};

/// No swing, in percent of an eighth.
pub const SWING_STRAIGHT: f32 = 50.0;
/// The most swing: every second sixteenth is half a step late.
pub const SWING_WIDEST: f32 = 75.0;

/// A parameter with a small knob in the window, and what one hears of it.
#[derive(Clone, Copy)]
pub enum Knob<'a> {
    /// Of a float parameter.
    Float(&'a FloatParam, &'static str),
    /// Of an integer parameter.
    Int(&'a IntParam, &'static str),
}

/// A map coordinate, 0..=1 in steps of 0.0001.
pub(super) fn unit(name: &str, default: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min: 0.0, max: 1.0 }).with_step_size(0.0001)
}

/// A number in steps of 0.01.
pub(super) fn plain(name: &str, default: f32, min: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min, max }).with_step_size(0.01)
}

/// A fraction, shown in percent.
pub(super) fn percent(name: &str, default: f32, min: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min, max })
        .with_step_size(0.01)
        .with_unit(" %")
        .with_value_to_string(formatters::v2s_f32_percentage(0))
        .with_string_to_value(formatters::s2v_f32_percentage())
}

/// The position of the second sixteenth in its eighth, in percent.
pub(super) fn swing(name: &str) -> FloatParam {
    FloatParam::new(name, SWING_STRAIGHT, FloatRange::Linear { min: SWING_STRAIGHT, max: SWING_WIDEST })
        .with_step_size(0.1)
        .with_unit(" %")
}

/// A number of takes: 1, 2, 4 or 8.
pub(super) fn variation(name: &str, takes: u8) -> IntParam {
    power_of_two(name, takes, 3)
}

/// A length in bars: 1, 2, 4, 8 or 16.
pub(super) fn bars(name: &str, bars: u8) -> IntParam {
    power_of_two(name, bars, 4).with_unit(" bars")
}

/// A power of two up to 2^`most`: the parameter's value is the exponent, its text the power.
fn power_of_two(name: &str, default: u8, most: i32) -> IntParam {
    let default = default.max(1).ilog2() as i32;
    IntParam::new(name, default, IntRange::Linear { min: 0, max: most })
        .with_value_to_string(Arc::new(move |power| (1 << power.clamp(0, most)).to_string()))
        .with_string_to_value(Arc::new(move |text| {
            let number: i32 = text.split_whitespace().next()?.parse().ok()?;
            (1..=1 << most).contains(&number).then(|| number.ilog2() as i32)
        }))
}

/// A seed, 0..=9999.
pub(super) fn seed(name: &str, default: u16) -> IntParam {
    IntParam::new(name, i32::from(default), IntRange::Linear { min: 0, max: 9999 })
}

/// A MIDI channel, 1..=16.
pub(super) fn channel(name: &str, default: i32) -> IntParam {
    IntParam::new(name, default, IntRange::Linear { min: 1, max: 16 })
}

/// A level in percent, with the text "off" at 0.
pub(super) fn kit_level(name: &str) -> FloatParam {
    const OFF: &str = "off";
    let (shown, typed) = (formatters::v2s_f32_percentage(0), formatters::s2v_f32_percentage());
    percent(name, 0.8, 0.0, 1.0)
        .with_unit("")
        .with_value_to_string(Arc::new(move |level| {
            if level == 0.0 { OFF.to_owned() } else { format!("{} %", shown(level)) }
        }))
        .with_string_to_value(Arc::new(move |text| {
            if text.trim().eq_ignore_ascii_case(OFF) { Some(0.0) } else { typed(text) }
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

/// What the two bars of a pattern are aligned with.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub enum GridChoice {
    /// Multiples of eight beats from the song's start.
    #[id = "song"]
    Song,
    /// The host's bars, whatever their length.
    #[id = "bars"]
    #[name = "Host bars"]
    HostBars,
}

impl From<GridChoice> for GridLock {
    fn from(grid: GridChoice) -> Self {
        match grid {
            GridChoice::Song => Self::Song,
            GridChoice::HostBars => Self::HostBars,
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
