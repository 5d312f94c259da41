//! The parameters: what a musician sets and a host automates. They are atomics, and the only way from
//! the window and the host to the decode thread and the audio thread.

mod choices;
mod ranges;

use beat::{DEFAULT_INSTRUMENT_NAMES, INSTRUMENTS, Playback, Settings};
use nice_plug::prelude::*;

pub use choices::{Bounce, Commit, Grid};
pub use ranges::{SWING_STRAIGHT, SWING_WIDEST};

use crate::saved::Saved;
use ranges::{channel, percent, plain, seed, swing, unit, variation};

/// Every parameter and all saved state of an instance. Ids never change: projects are saved under them.
#[derive(Params)]
pub struct BeatfieldParams {
    /// Where the puck stands, left to right.
    #[id = "x"]
    pub x: FloatParam,
    /// Where the puck stands, bottom to top.
    #[id = "y"]
    pub y: FloatParam,
    /// How far the beat strays from the likeliest one: 0 is always the same, 1 plays freely, 1.5 is wild.
    #[id = "temp"]
    pub temperature: FloatParam,
    /// Fewer or more hits than the map's own.
    #[id = "density"]
    pub density: FloatParam,
    /// How many takes are played in turn before they repeat: 1, 2, 4 or 8, two bars each.
    #[id = "variation"]
    pub variation: IntParam,
    /// Which dice are thrown; the same seed is the same beat.
    #[id = "seed"]
    pub seed: IntParam,
    /// How late every second sixteenth comes: 50 % is straight, 66.7 % a triplet.
    #[id = "swing"]
    pub swing: FloatParam,
    /// How long notes last, in parts of a sixteenth.
    #[id = "gate"]
    pub gate: FloatParam,
    /// How hard everything is hit.
    #[id = "velocity"]
    pub velocity: FloatParam,
    /// When a changed beat may start to sound.
    #[id = "commit"]
    pub commit: EnumParam<Commit>,
    /// What the two bars are laid along.
    #[id = "grid"]
    pub grid: EnumParam<Grid>,
    /// The MIDI channel of the notes, 1 to 16; drums are on 10.
    #[id = "channel"]
    pub channel: IntParam,
    /// Whether notes go to the host.
    #[id = "notesout"]
    pub notes_out: BoolParam,
    /// How a bounce is recognised.
    #[id = "bounce"]
    pub bounce: EnumParam<Bounce>,
    /// Notes end, then silence.
    #[id = "bypass"]
    pub bypass: BoolParam,
    /// One mute an instrument.
    #[nested(array, group = "Mutes")]
    pub mutes: [MuteParam; INSTRUMENTS],
    /// State that is saved with the project and is no parameter.
    #[nested]
    pub saved: Saved,
}

/// The mute of one instrument.
#[derive(Params)]
pub struct MuteParam {
    /// Whether the instrument is silent.
    #[id = "mute"]
    pub muted: BoolParam,
}

impl Default for BeatfieldParams {
    fn default() -> Self {
        let fresh = Settings::DEFAULT;
        Self {
            x: unit("X", fresh.x),
            y: unit("Y", fresh.y),
            temperature: plain("Temperature", fresh.temperature, 0.0, 1.5),
            density: plain("Density", fresh.density, -1.0, 1.0),
            variation: variation("Variation", fresh.variation),
            seed: seed("Seed", fresh.seed),
            swing: swing("Swing"),
            gate: percent("Gate", 0.5, 0.05, 1.0),
            velocity: percent("Velocity", 1.0, 0.0, 2.0),
            commit: EnumParam::new("Commit", Commit::Step),
            grid: EnumParam::new("Grid", Grid::Song),
            channel: channel("Channel", 10),
            notes_out: BoolParam::new("Notes out", true),
            bounce: EnumParam::new("Bounce", Bounce::Auto),
            bypass: BoolParam::new("Bypass", false).make_bypass(),
            mutes: std::array::from_fn(|instrument| MuteParam {
                muted: BoolParam::new(format!("Mute {}", DEFAULT_INSTRUMENT_NAMES[instrument]), false),
            }),
            saved: Saved::default(),
        }
    }
}

impl BeatfieldParams {
    /// The settings key of this moment. Reads atomics only: any thread may call it.
    pub fn settings(&self) -> Settings {
        Settings {
            x: self.x.value(),
            y: self.y.value(),
            temperature: self.temperature.value(),
            density: self.density.value(),
            variation: 1 << self.variation.value(),
            seed: self.seed.value() as u16,
            revision: self.saved.revision(),
        }
    }

    /// What the audio thread reads for one block. Reads atomics only.
    pub fn playback(&self) -> Playback {
        let mut mutes = 0;
        for (instrument, mute) in self.mutes.iter().enumerate() {
            mutes |= u16::from(mute.muted.value()) << instrument;
        }
        if !self.notes_out.value() {
            mutes = u16::MAX;
        }
        Playback {
            mutes,
            swing: (self.swing.value() - SWING_STRAIGHT) / (SWING_WIDEST - SWING_STRAIGHT),
            gate: self.gate.value(),
            velocity: self.velocity.value(),
            commit: self.commit.value().into(),
            grid: self.grid.value().into(),
            channel: (self.channel.value() - 1) as u8,
            bypass: self.bypass.value(),
        }
    }
}
