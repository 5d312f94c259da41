//! The bank and the player's changes to the beat as they are saved: JSON of plain numbers.

use beat::{
    BANK_TAKES, Bank, Continuation, INSTRUMENTS, Kit, Locks, Orbit, Pattern, SETTINGS_VERSION, STEPS,
    Settings, Shape, Take,
};
use serde::{Deserialize, Serialize};

/// A saved bank. Only cells with an onset have a velocity and an offset, in order of step and instrument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptBank {
    /// The decoder version that made it, as [`SETTINGS_VERSION`] counts them. The first states lack it.
    #[serde(rename = "law", default = "first_decoder_version")]
    decoder_version: u32,
    period: u8,
    notes: Vec<u8>,
    takes: Vec<KeptTake>,
    /// What it was decoded for. The first states lack it: there it is what the parameters say.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<KeptSettings>,
}

/// What a saved bank was decoded for: the settings without the count of changes, which belongs to the instance,
/// and the player's changes to the beat.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct KeptSettings {
    x: f32,
    y: f32,
    temperature: f32,
    density: f32,
    variation: u8,
    seed: u16,
    orbit_bars: u8,
    phrase: bool,
    fills: f32,
    /// A checksum of the shape as it is saved.
    shape: u32,
}

impl KeptSettings {
    fn of(settings: &Settings, shape: &Shape) -> Self {
        let Settings { x, y, temperature, density, variation, seed, orbit_bars, phrase, fills, revision: _ } =
            *settings;
        let shape = checksum(shape);
        Self { x, y, temperature, density, variation, seed, orbit_bars, phrase, fills, shape }
    }

    fn settings(self, revision: u32) -> Settings {
        let Self { x, y, temperature, density, variation, seed, orbit_bars, phrase, fills, shape: _ } = self;
        Settings { x, y, temperature, density, variation, seed, orbit_bars, phrase, fills, revision }
    }

    /// JSON has no infinity.
    fn is_finite(&self) -> bool {
        [self.x, self.y, self.temperature, self.density, self.fills].iter().all(|value| value.is_finite())
    }
}

fn first_decoder_version() -> u32 {
    1
}

impl Default for KeptBank {
    fn default() -> Self {
        Self {
            decoder_version: SETTINGS_VERSION,
            period: 0,
            notes: Vec::new(),
            takes: Vec::new(),
            settings: None,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct KeptTake {
    onsets: Vec<u16>,
    velocities: Vec<u8>,
    offsets: Vec<i8>,
}

impl KeptBank {
    /// Converts a bank that was decoded for this shape.
    pub fn of(bank: &Bank, shape: &Shape) -> Self {
        Self {
            decoder_version: SETTINGS_VERSION,
            period: bank.period(),
            notes: bank.kit().notes().to_vec(),
            takes: bank.takes().iter().map(KeptTake::of).collect(),
            settings: Some(KeptSettings::of(bank.settings(), shape)),
        }
    }

    /// This bank as that of a project that was just opened, where it holds one of its shape: with the settings
    /// that it answers in this instance. `now` are the project's, which a bank of the first states answers.
    pub(crate) fn opened(mut self, now: &Settings, shape: &Shape) -> Option<(Settings, Self)> {
        let kept = *self.settings.get_or_insert(KeptSettings::of(now, shape));
        let answers = !self.is_empty() && kept.shape == checksum(shape);
        answers.then(|| (kept.settings(now.revision), self))
    }

    /// The bank with these settings; `None` where nothing was saved, or something that is no bank.
    pub fn bank(&self, settings: Settings, model: u32) -> Option<Bank> {
        let kit = Kit::new(self.notes.clone().try_into().ok()?)?;
        let takes: Vec<Take> = self.takes.iter().map(KeptTake::take).collect::<Option<_>>()?;
        let takes: [Take; BANK_TAKES] = takes.try_into().ok()?;
        Some(Bank::new(takes, self.period, kit, settings, model))
    }

    /// Whether it is empty or a valid bank.
    pub(crate) fn is_sound(&self) -> bool {
        self.settings.is_none_or(|settings| settings.is_finite())
            && (self.is_empty() || self.bank(Settings::DEFAULT, 0).is_some())
    }

    /// Whether this build may make another bank of the same settings and model.
    pub(crate) fn is_of_another_decoder_version(&self) -> bool {
        !self.is_empty() && self.decoder_version != SETTINGS_VERSION
    }

    fn is_empty(&self) -> bool {
        self.notes.is_empty() && self.takes.is_empty()
    }
}

/// FNV-1a over the shape as it is saved.
fn checksum(shape: &Shape) -> u32 {
    let text = serde_json::to_vec(&KeptShape::of(shape)).unwrap_or_default();
    text.iter().fold(0x811c_9dc5, |sum: u32, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// The cells of a pattern with an onset, in order.
fn cells(pattern: Pattern) -> impl Iterator<Item = (usize, usize)> {
    (0..STEPS)
        .flat_map(|step| (0..INSTRUMENTS).map(move |instrument| (step, instrument)))
        .filter(move |(step, instrument)| pattern.has(*step, *instrument))
}

impl KeptTake {
    fn of(take: &Take) -> Self {
        Self {
            onsets: take.onsets.steps().to_vec(),
            velocities: cells(take.onsets)
                .map(|(step, instrument)| take.velocities[step][instrument])
                .collect(),
            offsets: cells(take.onsets).map(|(step, instrument)| take.offsets[step][instrument]).collect(),
        }
    }

    fn take(&self) -> Option<Take> {
        let onsets = Pattern::new(self.onsets.clone().try_into().ok()?)?;
        let hits = onsets.hits() as usize;
        if self.velocities.len() != hits || self.offsets.len() != hits {
            return None;
        }
        let mut take = Take { onsets, ..Take::EMPTY };
        for (index, (step, instrument)) in cells(onsets).enumerate() {
            take.velocities[step][instrument] = self.velocities[index].clamp(1, 127);
            take.offsets[step][instrument] = self.offsets[index].max(-127);
        }
        Some(take)
    }
}

/// A saved [`Shape`]. What is invalid is left out when it is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptShape {
    /// Steps locked on, bit `i` of each for instrument `i`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    on: Vec<u16>,
    /// Steps locked off.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    off: Vec<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trims: Vec<f32>,
    rotation: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    orbit: Vec<[f32; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    carried: Option<KeptCarried>,
}

/// A saved continuation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct KeptCarried {
    steps: Vec<u16>,
    place: [f32; 2],
    take: u8,
}

impl KeptCarried {
    /// Converts a continuation; `None` where its place is not on the map, since JSON has no NaN.
    fn of(carried: &Continuation) -> Option<Self> {
        let Continuation { pattern, place, take } = *carried;
        is_on_the_map(place).then(|| Self { steps: pattern.steps().to_vec(), place, take })
    }

    fn carried(&self) -> Option<Continuation> {
        let pattern = Pattern::new(self.steps.as_slice().try_into().ok()?)?;
        let take = self.take % beat::BANK_TAKES as u8;
        is_on_the_map(self.place).then_some(Continuation { pattern, place: self.place, take })
    }
}

/// False for NaN too.
fn is_on_the_map(place: [f32; 2]) -> bool {
    place.iter().all(|coordinate| (0.0..=1.0).contains(coordinate))
}

impl KeptShape {
    /// Converts a shape.
    pub fn of(shape: &Shape) -> Self {
        let (on, off) = shape.locks.patterns();
        let steps = |pattern: Pattern| match pattern.hits() {
            0 => Vec::new(),
            _ => pattern.steps().to_vec(),
        };
        Self {
            on: steps(on),
            off: steps(off),
            trims: if shape.trims == [0.0; INSTRUMENTS] { Vec::new() } else { shape.trims.to_vec() },
            rotation: shape.rotation,
            notes: shape.kit.map_or(Vec::new(), |kit| kit.notes().to_vec()),
            orbit: shape.orbit.map_or(Vec::new(), |orbit| orbit.places().to_vec()),
            carried: shape.continuation.as_ref().and_then(KeptCarried::of),
        }
    }

    /// The shape; an invalid part is as if it had never been set.
    pub fn shape(&self) -> Shape {
        let pattern = |steps: &[u16]| steps.try_into().ok().and_then(Pattern::new).unwrap_or_default();
        let trim = |instrument: usize| self.trims.get(instrument).copied().filter(|trim| !trim.is_nan());
        Shape {
            locks: Locks::new(pattern(&self.on), pattern(&self.off)),
            trims: std::array::from_fn(|at| trim(at).unwrap_or(0.0).clamp(-1.0, 1.0)),
            rotation: self.rotation % beat::STEPS as u8,
            kit: self.notes.as_slice().try_into().ok().and_then(Kit::new),
            orbit: self.orbit.as_slice().try_into().ok().and_then(Orbit::new),
            continuation: self.carried.as_ref().and_then(KeptCarried::carried),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bank() -> Bank {
        let mut take = Take::EMPTY;
        take.onsets = Pattern::EMPTY.with(0, 0).with(4, 1).with(31, 13);
        take.velocities[4][1] = 33;
        take.offsets[31][13] = -12;
        Bank::new([take; BANK_TAKES], 4, Kit::PAPER, Settings::DEFAULT, 7)
    }

    #[test]
    fn a_bank_comes_back_as_it_was() {
        let text = serde_json::to_string(&KeptBank::of(&bank(), &Shape::NONE)).expect("plain numbers");
        let kept: KeptBank = serde_json::from_str(&text).expect("what was written");
        assert_eq!(kept.bank(Settings::DEFAULT, 7), Some(bank()));
    }

    #[test]
    fn what_is_no_bank_is_refused() {
        assert_eq!(KeptBank::default().bank(Settings::DEFAULT, 1), None);
        let mut kept = KeptBank::of(&bank(), &Shape::NONE);
        kept.takes[3].onsets[5] = u16::MAX;
        assert_eq!(kept.bank(Settings::DEFAULT, 1), None, "instrument 15");
        let mut kept = KeptBank::of(&bank(), &Shape::NONE);
        kept.takes[0].velocities.pop();
        assert_eq!(kept.bank(Settings::DEFAULT, 1), None, "a velocity is missing");
        let mut kept = KeptBank::of(&bank(), &Shape::NONE);
        kept.notes[0] = 128;
        assert_eq!(kept.bank(Settings::DEFAULT, 1), None, "no MIDI note");
    }

    #[test]
    fn a_shape_comes_back_as_it_was() {
        let mut shape = Shape {
            locks: Locks::NONE.with(3, 1, Some(true)).with(31, 13, Some(false)),
            rotation: 5,
            kit: Some(Kit::PAPER),
            orbit: Orbit::along(&[[0.1, 0.1], [0.9, 0.5]]),
            continuation: Some(Continuation {
                pattern: Pattern::EMPTY.with(4, 1),
                place: [0.25, 0.5],
                take: 3,
            }),
            ..Shape::NONE
        };
        shape.trims[2] = -0.25;
        let text = serde_json::to_string(&KeptShape::of(&shape)).expect("plain numbers");
        let kept: KeptShape = serde_json::from_str(&text).expect("what was written");
        assert_eq!(kept.shape(), shape);
        assert_eq!(KeptShape::of(&Shape::NONE).shape(), Shape::NONE);
    }

    #[test]
    fn bars_carried_on_at_no_place_of_the_map_lose_nothing_of_the_rest() {
        let steps = ["0"; beat::STEPS].join(",");
        for place in ["1e99,0.5", "0.5,-0.1", "7,7"] {
            let text =
                format!(r#"{{"rotation":5,"carried":{{"steps":[{steps}],"place":[{place}],"take":3}}}}"#);
            let kept: KeptShape = serde_json::from_str(&text).expect("numbers of the right kinds");
            let again = serde_json::to_string(&KeptShape::of(&kept.shape())).expect("plain numbers");
            let again: KeptShape = serde_json::from_str(&again).expect("what was written");
            assert_eq!(again.shape(), Shape { rotation: 5, ..Shape::NONE }, "{place}");
        }
        let carried = Continuation { pattern: Pattern::EMPTY, place: [f32::NAN, 0.5], take: 0 };
        let kept = KeptShape::of(&Shape { rotation: 5, continuation: Some(carried), ..Shape::NONE });
        assert_eq!(kept.shape(), Shape { rotation: 5, ..Shape::NONE });
    }

    #[test]
    fn hostile_numbers_are_as_if_never_set() {
        let text = r#"{"on":[65535],"off":[1,2,3],"trims":[9e9,-9],"rotation":200,"notes":[128],"orbit":[[7,7]],"carried":{"steps":[1]}}"#;
        let kept: KeptShape = serde_json::from_str(text).expect("numbers of the right kinds");
        let shape = kept.shape();
        assert_eq!(
            (shape.locks, shape.kit, shape.orbit, shape.continuation),
            (Locks::NONE, None, None, None)
        );
        assert_eq!((shape.trims[0], shape.trims[1], shape.rotation), (1.0, -1.0, 8));
    }
}
