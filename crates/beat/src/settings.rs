//! What the musician sets: the settings key, which decides what a bank contains, and the playback settings,
//! which the audio thread reads.

use crate::clock::{CommitMode, GridLock};

/// Version of the function from settings to bank: the decoder, phrases, orbits and continuations. Raised when
/// it changes, so that a saved bank is known to come from another version. The test
/// `the_shipped_models_give_the_banks_of_this_version` fails where that was forgotten.
pub const SETTINGS_VERSION: u32 = 3;

/// The settings key: with the model, all that a bank depends on. Equal settings give equal banks, so a bank
/// carries the settings that it was decoded for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Where the puck stands on the map, 0..=1 from left to right.
    pub x: f32,
    /// Where the puck stands on the map, 0..=1 from bottom to top.
    pub y: f32,
    /// Sampling temperature: 0 (deterministic) to 1.5.
    pub temperature: f32,
    /// Fewer (towards -1) or more (towards 1) hits than the model would play; 0 is the model's own.
    pub density: f32,
    /// How many of the eight takes are cycled: 1, 2, 4 or 8.
    pub variation: u8,
    /// Seed of the sampling, 0..=9999.
    pub seed: u16,
    /// Over how many bars the orbit closes: 1, 2, 4, 8 or 16; 0 where the beat stays at x and y.
    pub orbit_bars: u8,
    /// Whether the eight takes are the sixteen bars of one phrase that grows from the beat.
    pub phrase: bool,
    /// Fewer (towards -1) or more (towards 1) fills than the songs have that phrases were learnt from.
    pub fills: f32,
    /// Counts changes of saved state that shapes a bank (locks, trims, the model), so that they count
    /// as changed settings.
    pub revision: u32,
}

impl Settings {
    /// What a fresh instance plays.
    pub const DEFAULT: Self = Self {
        x: 0.5,
        y: 0.5,
        temperature: 0.4,
        density: 0.0,
        variation: 4,
        seed: 4711,
        orbit_bars: 0,
        phrase: false,
        fills: 0.0,
        revision: 0,
    };

    /// The settings that take effect. A scene replaces puck, temperature and seed, and switches the orbit
    /// off. An orbit switches phrases off, which need one beat to grow from. Settings that then have no
    /// effect get their defaults, so that changing them requests no other bank: the puck on an orbit, the
    /// variation in a phrase, fills without one. So does what is not a finite number.
    #[must_use]
    pub fn effective(self, scene: Option<Scene>) -> Self {
        let Self { x, y, variation, fills, .. } = Self::DEFAULT;
        let set = match scene {
            Some(Scene { x, y, temperature, seed }) => {
                Self { x, y, temperature, seed, orbit_bars: 0, ..self }
            }
            None if self.orbit_bars > 0 => Self { x, y, phrase: false, ..self },
            None => self,
        };
        let set = if set.phrase { Self { variation, ..set } } else { Self { fills, ..set } };
        set.finite()
    }

    /// Without infinities and NaN, which does not equal itself: it would be decoded for ever.
    fn finite(self) -> Self {
        let usual = Self::DEFAULT;
        Self {
            x: finite_or(self.x, usual.x),
            y: finite_or(self.y, usual.y),
            temperature: finite_or(self.temperature, usual.temperature),
            density: finite_or(self.density, usual.density),
            fills: finite_or(self.fills, usual.fills),
            ..self
        }
    }
}

fn finite_or(value: f32, usual: f32) -> f32 {
    if value.is_finite() { value } else { usual }
}

/// The settings that a scene stores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scene {
    /// Where the puck stood, 0..=1 from left to right.
    pub x: f32,
    /// Where the puck stood, 0..=1 from bottom to top.
    pub y: f32,
    /// The temperature, 0..=1.5.
    pub temperature: f32,
    /// The seed, 0..=9999.
    pub seed: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The settings that the audio thread reads itself, once a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playback {
    /// Bit `i` silences instrument `i`.
    pub mutes: u16,
    /// How late every second sixteenth is, 0..=1 of half a step.
    pub swing: f32,
    /// How long a note lasts, in steps (0..=1).
    pub gate: f32,
    /// Multiplies velocities, 0..=2; a note-on never leaves 1..=127.
    pub velocity: f32,
    /// When a new bank may start to sound.
    pub commit: CommitMode,
    /// What the grid is aligned to.
    pub grid: GridLock,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// Whether the instrument is bypassed: sounding notes end, then silence.
    pub bypass: bool,
}

impl Playback {
    /// With the default for what is not a finite number.
    #[must_use]
    pub(crate) fn finite(self) -> Self {
        let usual = Self::default();
        Self {
            swing: finite_or(self.swing, usual.swing),
            gate: finite_or(self.gate, usual.gate),
            velocity: finite_or(self.velocity, usual.velocity),
            ..self
        }
    }
}

impl Default for Playback {
    fn default() -> Self {
        Self {
            mutes: 0,
            swing: 0.0,
            gate: 0.5,
            velocity: 1.0,
            commit: CommitMode::Step,
            grid: GridLock::Song,
            channel: 9,
            bypass: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENE: Scene = Scene { x: 0.1, y: 0.2, temperature: 0.9, seed: 7 };

    #[test]
    fn a_scene_stands_in_for_the_puck_and_rests_the_orbit() {
        let set = Settings { x: 0.7, density: 0.3, orbit_bars: 8, ..Settings::DEFAULT };
        let effective = set.effective(Some(SCENE));
        assert_eq!((effective.x, effective.y, effective.temperature, effective.seed), (0.1, 0.2, 0.9, 7));
        assert_eq!((effective.density, effective.orbit_bars), (0.3, 0));
    }

    #[test]
    fn on_an_orbit_the_puck_does_not_matter() {
        let here = Settings { orbit_bars: 4, x: 0.1, ..Settings::DEFAULT };
        assert_eq!(here.effective(None), Settings { x: 0.9, y: 0.2, ..here }.effective(None));
        assert_ne!(here.effective(None), Settings { orbit_bars: 0, ..here }.effective(None));
    }

    #[test]
    fn settings_that_are_no_numbers_are_the_defaults_and_equal_themselves() {
        for nonsense in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let set = Settings {
                x: nonsense,
                y: nonsense,
                temperature: nonsense,
                density: nonsense,
                fills: nonsense,
                phrase: true,
                ..Settings::DEFAULT
            };
            let expected = Settings { phrase: true, ..Settings::DEFAULT }.effective(None);
            assert_eq!(set.effective(None), expected);
            let scene = Scene { x: nonsense, temperature: nonsense, ..SCENE };
            let effective = set.effective(Some(scene));
            assert_eq!((effective.x, effective.y, effective.temperature), (0.5, 0.2, 0.4));
        }
    }
}
