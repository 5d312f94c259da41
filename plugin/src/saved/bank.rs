//! The banks and the player's changes to the beat as they are saved: JSON of plain numbers.

use beat::{
    Bank, Continuation, Edits, Grid, INSTRUMENTS, Kit, Locks, MOST_TAKES, Orbit, Pattern, SETTINGS_VERSION,
    Settings, Shape, Take,
};
use serde::{Deserialize, Serialize};

/// The saved banks, one for each grid that was decoded. The first states have one alone, which is in 4/4, and say it
/// as this one is said here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptBanks {
    #[serde(flatten)]
    four: KeptBank,
    #[serde(skip_serializing_if = "KeptBank::is_empty")]
    shuffle: KeptBank,
    #[serde(skip_serializing_if = "KeptBank::is_empty")]
    three: KeptBank,
}

impl KeptBanks {
    /// The bank of a grid.
    pub fn on(&self, grid: &Grid) -> &KeptBank {
        [&self.four, &self.shuffle, &self.three][grid.index()]
    }

    /// Sets the bank of a grid.
    pub fn set(&mut self, grid: &Grid, bank: KeptBank) {
        *[&mut self.four, &mut self.shuffle, &mut self.three][grid.index()] = bank;
    }

    /// Whether each is empty or a valid bank.
    pub(crate) fn is_sound(&self) -> bool {
        Grid::ALL.iter().all(|grid| self.on(grid).is_sound(grid))
    }
}

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
    /// A checksum of the shape as it is saved, as far as it concerns this bank's grid.
    shape: u32,
}

impl KeptSettings {
    fn of(settings: &Settings, shape: &Shape, grid: &Grid) -> Self {
        let Settings { x, y, temperature, density, variation, seed, orbit_bars, phrase, fills, revision: _ } =
            *settings;
        let shape = checksum(shape, grid);
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
            takes: bank.takes().iter().map(|take| KeptTake::of(take, bank.grid())).collect(),
            settings: Some(KeptSettings::of(bank.settings(), shape, bank.grid())),
        }
    }

    /// This bank as that of a project that was just opened, where it holds one of its shape: with the settings
    /// that it answers in this instance. `now` are the project's, which a bank of the first states answers.
    pub(crate) fn opened(mut self, now: &Settings, shape: &Shape, grid: &Grid) -> Option<(Settings, Self)> {
        let kept = *self.settings.get_or_insert(KeptSettings::of(now, shape, grid));
        let answers = !self.is_empty() && kept.shape == checksum(shape, grid);
        answers.then(|| (kept.settings(now.revision), self))
    }

    /// The bank of this grid with these settings; `None` where nothing was saved, or something that is no bank.
    pub fn bank(&self, grid: &Grid, settings: Settings, model: u32) -> Option<Bank> {
        let kit = Kit::new(self.notes.clone().try_into().ok()?)?;
        let takes: Vec<Take> = self.takes.iter().map(|take| take.take(grid)).collect::<Option<_>>()?;
        let fits = (1..=MOST_TAKES).contains(&takes.len());
        fits.then(|| Bank::new(&takes, self.period, *grid, kit, settings, model))
    }

    /// Whether it is empty or a valid bank of this grid.
    fn is_sound(&self, grid: &Grid) -> bool {
        self.settings.is_none_or(|settings| settings.is_finite())
            && (self.is_empty() || self.bank(grid, Settings::DEFAULT, 0).is_some())
    }

    /// Whether this build may make another bank of the same settings and model.
    pub(crate) fn is_of_another_decoder_version(&self) -> bool {
        !self.is_empty() && self.decoder_version != SETTINGS_VERSION
    }

    fn is_empty(&self) -> bool {
        self.notes.is_empty() && self.takes.is_empty()
    }
}

/// FNV-1a over the shape as it is saved, without the edits of other grids.
fn checksum(shape: &Shape, grid: &Grid) -> u32 {
    let alone = Shape { edits: Default::default(), ..*shape }.with_edits(grid, *shape.edits(grid));
    let text = serde_json::to_vec(&KeptShape::of(&alone)).unwrap_or_default();
    text.iter().fold(0x811c_9dc5, |sum: u32, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

impl KeptTake {
    fn of(take: &Take, grid: &Grid) -> Self {
        let cells = take.onsets.cells();
        Self {
            onsets: take.onsets.steps()[..grid.steps()].to_vec(),
            velocities: cells.map(|(step, instrument)| take.velocities[step][instrument]).collect(),
            offsets: take.onsets.cells().map(|(step, instrument)| take.offsets[step][instrument]).collect(),
        }
    }

    fn take(&self, grid: &Grid) -> Option<Take> {
        let onsets = Pattern::new(&self.onsets).filter(|_| self.onsets.len() == grid.steps())?;
        let hits = onsets.hits() as usize;
        if self.velocities.len() != hits || self.offsets.len() != hits {
            return None;
        }
        let mut take = Take { onsets, ..Take::EMPTY };
        for (index, (step, instrument)) in onsets.cells().enumerate() {
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
    /// The edits of the other grids; those above are of 4/4. They come last: the checksum of a saved bank is over the
    /// text of this.
    #[serde(skip_serializing_if = "KeptEdits::is_none")]
    shuffle: KeptEdits,
    #[serde(skip_serializing_if = "KeptEdits::is_none")]
    three: KeptEdits,
}

/// The saved edits of a grid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct KeptEdits {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    on: Vec<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    off: Vec<u16>,
    rotation: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    carried: Option<KeptCarried>,
}

impl KeptEdits {
    fn of(edits: &Edits, grid: &Grid) -> Self {
        let (on, off) = edits.locks.patterns();
        let steps = |pattern: Pattern| match pattern.hits() {
            0 => Vec::new(),
            _ => pattern.steps()[..grid.steps()].to_vec(),
        };
        let carried = edits.continuation.as_ref().and_then(|carried| KeptCarried::of(carried, grid));
        Self { on: steps(on), off: steps(off), rotation: edits.rotation, carried }
    }

    /// The edits; an invalid part is as if it had never been set.
    fn edits(&self, grid: &Grid) -> Edits {
        let pattern = |steps: &[u16]| pattern_on(grid, steps).unwrap_or_default();
        Edits {
            locks: Locks::new(pattern(&self.on), pattern(&self.off)),
            rotation: self.rotation % grid.steps() as u8,
            continuation: self.carried.as_ref().and_then(|carried| carried.carried(grid)),
        }
    }

    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The pattern of these steps where there are as many as the grid has.
fn pattern_on(grid: &Grid, steps: &[u16]) -> Option<Pattern> {
    Pattern::new(steps).filter(|_| steps.len() == grid.steps())
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
    fn of(carried: &Continuation, grid: &Grid) -> Option<Self> {
        let Continuation { pattern, place, take } = *carried;
        let steps = || pattern.steps()[..grid.steps()].to_vec();
        is_on_the_map(place).then(|| Self { steps: steps(), place, take })
    }

    fn carried(&self, grid: &Grid) -> Option<Continuation> {
        let pattern = pattern_on(grid, &self.steps)?;
        let take = self.take % nets::TAKES as u8;
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
        let edits = |grid| KeptEdits::of(shape.edits(&grid), &grid);
        let KeptEdits { on, off, rotation, carried } = edits(Grid::FOUR_FOUR);
        Self {
            on,
            off,
            trims: if shape.trims == [0.0; INSTRUMENTS] { Vec::new() } else { shape.trims.to_vec() },
            rotation,
            notes: shape.kit.map_or(Vec::new(), |kit| kit.notes().to_vec()),
            orbit: shape.orbit.map_or(Vec::new(), |orbit| orbit.places().to_vec()),
            carried,
            shuffle: edits(Grid::SHUFFLE),
            three: edits(Grid::THREE),
        }
    }

    /// The shape; an invalid part is as if it had never been set.
    pub fn shape(&self) -> Shape {
        let Self { on, off, rotation, carried, .. } = self.clone();
        let four = KeptEdits { on, off, rotation, carried };
        let trim = |instrument: usize| self.trims.get(instrument).copied().filter(|trim| !trim.is_nan());
        Shape {
            trims: std::array::from_fn(|at| trim(at).unwrap_or(0.0).clamp(-1.0, 1.0)),
            kit: self.notes.as_slice().try_into().ok().and_then(Kit::new),
            orbit: self.orbit.as_slice().try_into().ok().and_then(Orbit::new),
            edits: [
                four.edits(&Grid::FOUR_FOUR),
                self.shuffle.edits(&Grid::SHUFFLE),
                self.three.edits(&Grid::THREE),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid::FOUR_FOUR;

    fn bank() -> Bank {
        let mut take = Take::EMPTY;
        take.onsets = Pattern::EMPTY.with(0, 0).with(4, 1).with(31, 13);
        take.velocities[4][1] = 33;
        take.offsets[31][13] = -12;
        Bank::new(&[take; 8], 4, GRID, Kit::PAPER, Settings::DEFAULT, 7)
    }

    #[test]
    fn a_bank_comes_back_as_it_was() {
        let text = serde_json::to_string(&KeptBank::of(&bank(), &Shape::NONE)).expect("plain numbers");
        let kept: KeptBank = serde_json::from_str(&text).expect("what was written");
        assert_eq!(kept.bank(&GRID, Settings::DEFAULT, 7), Some(bank()));
    }

    #[test]
    fn what_is_no_bank_is_refused() {
        assert_eq!(KeptBank::default().bank(&GRID, Settings::DEFAULT, 1), None);
        let mut kept = KeptBank::of(&bank(), &Shape::NONE);
        kept.takes[3].onsets[5] = u16::MAX;
        assert_eq!(kept.bank(&GRID, Settings::DEFAULT, 1), None, "instrument 15");
        let mut kept = KeptBank::of(&bank(), &Shape::NONE);
        kept.takes[0].velocities.pop();
        assert_eq!(kept.bank(&GRID, Settings::DEFAULT, 1), None, "a velocity is missing");
        let mut kept = KeptBank::of(&bank(), &Shape::NONE);
        kept.notes[0] = 128;
        assert_eq!(kept.bank(&GRID, Settings::DEFAULT, 1), None, "no MIDI note");
    }

    #[test]
    fn a_shape_comes_back_as_it_was() {
        let edits = |last_step| Edits {
            locks: Locks::NONE.with(3, 1, Some(true)).with(last_step, 13, Some(false)),
            rotation: 5,
            continuation: Some(Continuation {
                pattern: Pattern::EMPTY.with(4, 1),
                place: [0.25, 0.5],
                take: 3,
            }),
        };
        let mut shape =
            Shape { kit: Some(Kit::PAPER), orbit: Orbit::along(&[[0.1, 0.1], [0.9, 0.5]]), ..Shape::NONE };
        for grid in Grid::ALL {
            shape = shape.with_edits(&grid, edits(grid.steps() - 1));
        }
        shape.trims[2] = -0.25;
        let text = serde_json::to_string(&KeptShape::of(&shape)).expect("plain numbers");
        let kept: KeptShape = serde_json::from_str(&text).expect("what was written");
        assert_eq!(kept.shape(), shape);
        assert_eq!(KeptShape::of(&Shape::NONE).shape(), Shape::NONE);
    }

    #[test]
    fn bars_carried_on_at_no_place_of_the_map_lose_nothing_of_the_rest() {
        let steps = ["0"; GRID.steps()].join(",");
        let turned = Shape::NONE.with_edits(&GRID, Edits { rotation: 5, ..Edits::NONE });
        for place in ["1e99,0.5", "0.5,-0.1", "7,7"] {
            let text =
                format!(r#"{{"rotation":5,"carried":{{"steps":[{steps}],"place":[{place}],"take":3}}}}"#);
            let kept: KeptShape = serde_json::from_str(&text).expect("numbers of the right kinds");
            let again = serde_json::to_string(&KeptShape::of(&kept.shape())).expect("plain numbers");
            let again: KeptShape = serde_json::from_str(&again).expect("what was written");
            assert_eq!(again.shape(), turned, "{place}");
        }
        let carried = Continuation { pattern: Pattern::EMPTY, place: [f32::NAN, 0.5], take: 0 };
        let edits = Edits { rotation: 5, continuation: Some(carried), ..Edits::NONE };
        let kept = KeptShape::of(&Shape::NONE.with_edits(&GRID, edits));
        assert_eq!(kept.shape(), turned);
    }

    #[test]
    fn hostile_numbers_are_as_if_never_set() {
        let text = r#"{"on":[65535],"off":[1,2,3],"trims":[9e9,-9],"rotation":200,"notes":[128],"orbit":[[7,7]],"carried":{"steps":[1]}}"#;
        let kept: KeptShape = serde_json::from_str(text).expect("numbers of the right kinds");
        let (shape, edits) = (kept.shape(), *kept.shape().edits(&GRID));
        assert_eq!(
            (edits.locks, shape.kit, shape.orbit, edits.continuation),
            (Locks::NONE, None, None, None)
        );
        assert_eq!((shape.trims[0], shape.trims[1], edits.rotation), (1.0, -1.0, 8));
    }

    /// What later versions need as well must fit: takes of a whole song, every one played with feel.
    #[test]
    fn banks_of_every_grid_and_number_of_takes_come_back_in_little_room() {
        let mut kept = KeptBanks::default();
        let banks = Grid::ALL.map(|grid| {
            let takes: Vec<Take> = (0..MOST_TAKES)
                .map(|number| {
                    let mut take = Take::EMPTY;
                    for hit in 0..34 {
                        let (step, drum) = ((hit * 7 + number) % grid.steps(), (hit + number) % INSTRUMENTS);
                        take.onsets = take.onsets.with(step, drum);
                        take.velocities[step][drum] = 100 + hit as u8 % 27;
                        take.offsets[step][drum] = -100;
                    }
                    take
                })
                .collect();
            Bank::new(&takes, MOST_TAKES as u8, grid, Kit::PAPER, Settings::DEFAULT, 7)
        });
        for bank in &banks {
            kept.set(bank.grid(), KeptBank::of(bank, &Shape::NONE));
        }
        let text = serde_json::to_string(&kept).expect("plain numbers");
        assert!(text.len() <= 96 << 10, "{} KB", text.len() >> 10);
        let read: KeptBanks = serde_json::from_str(&text).expect("what was written");
        assert!(read.is_sound());
        for bank in &banks {
            let again = read.on(bank.grid()).bank(bank.grid(), Settings::DEFAULT, 7);
            assert_eq!(again.as_ref(), Some(bank));
            let other = Grid::ALL[(bank.grid().index() + 1) % 3];
            let fits = other.steps() == bank.grid().steps();
            assert_eq!(read.on(bank.grid()).bank(&other, Settings::DEFAULT, 7).is_some(), fits);
        }
    }
}
