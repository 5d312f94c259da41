//! The parameters: what a musician sets and a host automates. They are atomics, and the only way from
//! the window and the host to the decode thread and the audio thread.
//!
//! A parameter is a documented field with its id, and one line of name, default and range in `default`; its
//! unit, formatter and parser are those of its kind (`params/kinds.rs`). [`BeatfieldParams::settings`] hands
//! it to the decode thread, [`BeatfieldParams::playback`] to the audio thread, [`BeatfieldParams::knobs`] to
//! the window.

mod kinds;

use std::sync::atomic::{AtomicU16, Ordering};

use beat::{DEFAULT_INSTRUMENT_NAMES, Grid, GridLock, INSTRUMENTS, Playback, Settings};
use nice_plug::prelude::*;

pub use kinds::{Bars, Bounce, Commit, EDITS, Knob, MetreChoice, SWING_STRAIGHT, SWING_WIDEST, SceneChoice};

use crate::saved::{SCENES, Saved};
use crate::shared::Meters;
use kinds::{bars, channel, edits, kit_level, percent, plain, seed, swing, switch, unit, variation};

/// Every parameter and all saved state of an instance. Ids never change: projects are saved with them.
#[derive(Params)]
pub struct BeatfieldParams {
    /// Puck position on the map, left to right.
    #[id = "x"]
    pub x: FloatParam,
    /// Puck position on the map, bottom to top.
    #[id = "y"]
    pub y: FloatParam,
    /// Sampling temperature: 0 plays the likeliest beat, 1 samples from the model, 1.5 is wilder.
    #[id = "temp"]
    pub temperature: FloatParam,
    /// Fewer (below 0) or more hits than the model's own.
    #[id = "density"]
    pub density: FloatParam,
    /// Number of takes that play in turn before they repeat: 1, 2, 4 or 8, two bars each.
    #[id = "variation"]
    pub variation: IntParam,
    /// Random seed: the same seed gives the same beat.
    #[id = "seed"]
    pub seed: IntParam,
    /// The stored scene that replaces puck, temperature and seed; a held note of the lowest octave overrides
    /// it.
    #[id = "scene"]
    pub scene: EnumParam<SceneChoice>,
    /// Whether the map position moves along the orbit.
    #[id = "orbit"]
    pub orbit: BoolParam,
    /// Bars of one round of the orbit.
    #[id = "orbitbars"]
    pub orbit_bars: IntParam,
    /// Whether the beat grows into a phrase of sixteen bars; without effect on an orbit.
    #[id = "phrase"]
    pub phrase: BoolParam,
    /// Number of fills of a phrase: as in songs at 0, fewer towards -1, more towards 1.
    #[id = "fills"]
    pub fills: FloatParam,
    /// Swing of sixteenths: 50 % is straight, 66.7 % a triplet.
    #[id = "swing"]
    pub swing: FloatParam,
    /// Length of notes, in parts of a sixteenth.
    #[id = "gate"]
    pub gate: FloatParam,
    /// Scale of all velocities.
    #[id = "velocity"]
    pub velocity: FloatParam,
    /// When a newly decoded bank may start to sound.
    #[id = "commit"]
    pub commit: EnumParam<Commit>,
    /// What the two bars of a pattern are aligned with, unless the metre follows the host.
    #[id = "grid"]
    pub bars: EnumParam<Bars>,
    /// MIDI channel of the notes, 1 to 16; drums are on 10.
    #[id = "channel"]
    pub channel: IntParam,
    /// Whether notes go to the host.
    #[id = "notesout"]
    pub notes_out: BoolParam,
    /// Level of the built-in kit; at 0 it is off and costs nothing.
    #[id = "kitlevel"]
    pub kit_level: FloatParam,
    /// How an offline render is recognised.
    #[id = "bounce"]
    pub bounce: EnumParam<Bounce>,
    /// Bypass: sounding notes end, then silence.
    #[id = "bypass"]
    pub bypass: BoolParam,
    /// Which field plays: the one for the host's time signature, or always the same.
    #[id = "metre"]
    pub metre: EnumParam<MetreChoice>,
    /// A mute for each instrument.
    #[nested(group = "Mutes")]
    pub mutes: Mutes,
    /// A solo for each instrument; where any is on, only those sound.
    #[nested(group = "Solos")]
    pub solos: Solos,
    /// Counts edits of what is no parameter: locks, scenes, the orbit's path, notes. A host can't be told in
    /// another way that its project changed; it plays nothing, and no undo of a host's takes anything back with
    /// it. Last, and not automatable; a hidden parameter would be read-only, whose changes hosts may ignore.
    #[id = "edits"]
    pub edits: IntParam,
    /// The scene that a held note has chosen.
    pub held: HeldScene,
    /// State that is saved with the project and is no parameter.
    #[nested]
    pub saved: Saved,
}

/// The mutes. A group of its own: of an array the framework makes one group for each entry.
#[derive(Params)]
pub struct Mutes {
    /// One for each instrument.
    #[nested(array)]
    pub each: [MuteParam; INSTRUMENTS],
}

/// The solos.
#[derive(Params)]
pub struct Solos {
    /// One for each instrument.
    #[nested(array)]
    pub each: [SoloParam; INSTRUMENTS],
}

/// The mute of one instrument.
#[derive(Params)]
pub struct MuteParam {
    /// Whether the instrument is silent.
    #[id = "mute"]
    pub muted: BoolParam,
}

/// The solo of one instrument.
#[derive(Params)]
pub struct SoloParam {
    /// Whether only this instrument and others with solo sound.
    #[id = "solo"]
    pub alone: BoolParam,
}

/// The scene chosen by a held note of the lowest octave: 1 to 4, or 0 for none. Written by the audio thread.
/// Relaxed: it orders nothing else.
#[derive(Debug, Default)]
pub struct HeldScene(AtomicU16);

impl HeldScene {
    /// The index of the scene, 0..4.
    pub fn scene(&self) -> Option<usize> {
        usize::from(self.0.load(Ordering::Relaxed) & 15).checked_sub(1)
    }

    /// Takes a note-on: notes 0 to 3 choose scenes A to D, the last one that is held.
    pub(crate) fn note_on(&self, note: u8) {
        if usize::from(note) < SCENES {
            self.0.store(self.without(note) << 4 | u16::from(note + 1), Ordering::Relaxed);
        }
    }

    /// Takes a note-off: ends the choice of this note, and that of the one before comes back where it is held.
    pub(crate) fn note_off(&self, note: u8) {
        self.0.store(self.without(note), Ordering::Relaxed);
    }

    /// The held notes without this one, in the same order.
    fn without(&self, note: u8) -> u16 {
        let held = self.0.load(Ordering::Relaxed);
        let others = (0..4).rev().map(|place| held >> (4 * place) & 15);
        others
            .filter(|held| ![0, u16::from(note) + 1].contains(held))
            .fold(0, |notes, held| notes << 4 | held)
    }

    pub(crate) fn release(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
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
            scene: EnumParam::new("Scene", SceneChoice::Puck),
            orbit: switch("Orbit", false),
            orbit_bars: bars("Orbit length", 4),
            phrase: switch("Phrase", false),
            fills: plain("Fills", fresh.fills, -1.0, 1.0),
            swing: swing("Swing"),
            gate: percent("Gate", 0.5, 0.05, 1.0),
            velocity: percent("Velocity", 1.0, 0.0, 2.0),
            commit: EnumParam::new("Commit", Commit::Step),
            bars: EnumParam::new("Bars", Bars::Song),
            channel: channel("Channel", 10),
            notes_out: switch("Notes out", true),
            kit_level: kit_level("Kit level"),
            bounce: EnumParam::new("Bounce", Bounce::Auto),
            bypass: switch("Bypass", false).make_bypass(),
            metre: EnumParam::new("Metre", MetreChoice::Auto),
            mutes: Mutes {
                each: std::array::from_fn(|instrument| MuteParam {
                    muted: switch(format!("Mute {}", DEFAULT_INSTRUMENT_NAMES[instrument]), false),
                }),
            },
            solos: Solos {
                each: std::array::from_fn(|instrument| SoloParam {
                    alone: switch(format!("Solo {}", DEFAULT_INSTRUMENT_NAMES[instrument]), false),
                }),
            },
            edits: edits("Edits"),
            held: HeldScene::default(),
            saved: Saved::default(),
        }
    }
}

impl BeatfieldParams {
    /// The settings that take effect now. Reads atomics only: any thread may call it.
    pub fn settings(&self) -> Settings {
        let revision = self.saved.revision();
        let set = Settings {
            x: self.x.value(),
            y: self.y.value(),
            temperature: self.temperature.value(),
            density: self.density.value(),
            variation: 1 << self.variation.value(),
            seed: self.seed.value() as u16,
            orbit_bars: if self.orbit.value() { 1 << self.orbit_bars.value() } else { 0 },
            phrase: self.phrase.value(),
            fills: self.fills.value(),
            revision,
        };
        set.effective(self.scene_in_effect().and_then(|scene| self.saved.scenes().get(scene)))
    }

    /// The grid that plays now: of the metre, or of the host's time signature. Reads atomics only.
    pub fn grid(&self, meters: &Meters) -> Grid {
        let (upper, lower) = meters.meter().time_signature;
        self.metre.value().grid().unwrap_or_else(|| Grid::along(upper.into(), lower.into()))
    }

    /// The scene that takes effect: that of a held note, else the parameter's.
    pub fn scene_in_effect(&self) -> Option<usize> {
        self.held.scene().or_else(|| self.scene.value().index())
    }

    /// What the audio thread reads for one block. Reads atomics only.
    pub fn playback(&self) -> Playback {
        let mut mutes = 0;
        for (instrument, mute) in self.mutes.each.iter().enumerate() {
            mutes |= u16::from(mute.muted.value()) << instrument;
        }
        let alone = self.solos.each.iter().enumerate();
        let alone = alone.fold(0, |solos, (at, solo)| solos | u16::from(solo.alone.value()) << at);
        if alone != 0 {
            mutes |= !alone;
        }
        Playback {
            mutes,
            swing: (self.swing.value() - SWING_STRAIGHT) / (SWING_WIDEST - SWING_STRAIGHT),
            gate: self.gate.value(),
            velocity: self.velocity.value(),
            commit: self.commit.value().into(),
            grid: match self.metre.value() {
                MetreChoice::Auto => GridLock::FittedBars,
                _ => self.bars.value().into(),
            },
            channel: (self.channel.value() - 1) as u8,
            bypass: self.bypass.value(),
        }
    }

    /// The parameters with a small knob in the window, in its order.
    pub fn knobs(&self) -> Vec<Knob<'_>> {
        vec![
            Knob::Float(&self.density, "Fewer hits, or more"),
            Knob::Int(&self.variation, "So many versions of the beat, two bars each, come one after another"),
            Knob::Float(
                &self.swing,
                "How late every second sixteenth comes; 50 % is straight. Triplets have none",
            ),
            Knob::Float(&self.gate, "How long notes are, in parts of a sixteenth"),
            Knob::Float(&self.velocity, "How hard everything is hit"),
            Knob::Float(
                &self.kit_level,
                "The built-in drums; 0 turns them off, for when the notes play another instrument",
            ),
        ]
    }

    /// How loud the built-in kit is, as an amplitude; 0 is off. Reads atomics only.
    pub fn kit_amplitude(&self) -> f32 {
        let level = if self.bypass.value() { 0.0 } else { self.kit_level.value() };
        // Loudness is perceived as even where the amplitude grows with the square.
        level * level
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beat::Scene;

    #[test]
    fn a_held_note_holds_its_scene_and_only_while_it_is_held() {
        let params = BeatfieldParams::default();
        let scene = Scene { x: 0.1, y: 0.9, temperature: 1.0, seed: 3 };
        params.saved.scenes().set(1, Some(scene));
        params.held.note_on(0);
        assert_eq!(params.settings(), Settings::DEFAULT, "scene A is empty");
        params.held.note_on(1);
        assert_eq!((params.settings().x, params.settings().seed), (0.1, 3));
        params.held.note_off(0);
        assert_eq!(params.settings().seed, 3, "the note of scene B is still held");
        params.held.note_off(1);
        assert_eq!(params.settings(), Settings::DEFAULT);
        params.held.note_on(60);
        assert_eq!(params.scene_in_effect(), None, "not of the lowest octave");
        for note in [0, 1, 2, 1, 3] {
            params.held.note_on(note);
        }
        for (released, left) in [(3, Some(1)), (0, Some(1)), (1, Some(2)), (1, Some(2)), (2, None)] {
            params.held.note_off(released);
            assert_eq!(params.held.scene(), left, "the last one that is still held");
        }
    }

    /// What matters first, and the twenty-eight switches of the drums out of its way.
    #[test]
    fn a_generic_view_shows_two_groups_behind_the_rest() {
        let params = BeatfieldParams::default().param_map();
        let groups: Vec<&str> = params.iter().map(|(_, _, group)| group.as_str()).collect();
        let first: Vec<&str> = params.iter().take(3).map(|(id, _, _)| id.as_str()).collect();
        assert_eq!(first, ["x", "y", "temp"]);
        let of = |group: &str| groups.iter().filter(|other| **other == group).count();
        assert_eq!((of("Mutes"), of("Solos")), (INSTRUMENTS, INSTRUMENTS));
        assert_eq!(groups.iter().take_while(|group| group.is_empty()).count(), params.len() - 28 - 1);
        assert_eq!(params.last().map(|(id, _, _)| id.as_str()), Some("edits"));
        let ids = |id: &str| params.iter().filter(|(other, _, _)| other == id).count();
        assert_eq!((ids("mute_1"), ids("mute_14"), ids("solo_1"), ids("solo_14")), (1, 1, 1, 1));
    }

    #[test]
    fn what_shapes_the_beat_is_another_revision_and_a_scene_is_not() {
        let params = BeatfieldParams::default();
        let before = params.settings();
        params.saved.scenes().set(0, Some(Scene { x: 0.0, y: 0.0, temperature: 0.0, seed: 0 }));
        assert_eq!(params.settings(), before);
        let edits = beat::Edits { rotation: 1, ..beat::Edits::NONE };
        params.saved.set_shape(&beat::Shape::NONE.with_edits(&Grid::THREE, edits));
        assert_ne!(params.settings(), before);
        assert_eq!(params.saved.shape().edits(&Grid::THREE).rotation, 1);
    }
}
