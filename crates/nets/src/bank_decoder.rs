//! From settings to a bank: map lookup, decoder, sampling. Runs on the decode thread, never on the audio
//! thread: burn allocates.

use beat::{Bank, Continuation, Grid, INSTRUMENTS, Kit, Orbit, Pattern, PieceMap, Settings, Shape, Take};

use crate::draw::{DENSITY_LOGITS, velocities, within};
use crate::phrase::{added_velocities, continue_beat, takes};
use crate::{
    CounterRng, Draw, GridReading, LatentMap, Logits, Model, ModelError, ModelFault, PatternDecoder,
    PhraseDraw, PhraseModel, StepModel,
};

/// The sampling temperature of phrase and step model where the temperature setting is 0.
const SEQUENCE_TEMPERATURE_AT_0: f32 = 0.7;
/// How much it rises, linearly, up to a setting of 1.
const SEQUENCE_TEMPERATURE_RISE: f32 = 0.3;

/// Takes of a bank that is decoded.
pub const TAKES: usize = 8;

/// Decodes the banks of a model that has a map.
#[derive(Debug)]
pub struct BankDecoder {
    patterns: PatternDecoder,
    map: LatentMap,
    kit: Kit,
    phrases: Option<PhraseModel>,
    steps: Option<StepModel>,
}

impl BankDecoder {
    /// The decoder of a model.
    ///
    /// # Errors
    ///
    /// The model has no map yet.
    pub fn new(model: &Model) -> Result<Self, ModelError> {
        let map = model.map().ok_or_else(|| ModelFault::NoMap.of(model.file()))?.clone();
        Ok(Self { patterns: PatternDecoder::new(model), map, kit: model.kit(), phrases: None, steps: None })
    }

    /// Adds the phrase model. Without one, phrase mode plays takes instead.
    pub fn set_phrase_model(&mut self, phrases: PhraseModel) {
        self.phrases = Some(phrases);
    }

    /// Adds the step model. Without one, a continuation plays takes instead.
    pub fn set_step_model(&mut self, steps: StepModel) {
        self.steps = Some(steps);
    }

    /// Whether it has a step model.
    pub fn has_step_model(&self) -> bool {
        self.steps.is_some()
    }

    /// Whether it has a phrase model.
    pub fn has_phrase_model(&self) -> bool {
        self.phrases.is_some()
    }

    /// The eight takes of these settings, from one pass through the network. Take k depends on nothing
    /// but the model, the settings and k. `model` is the number by which the bank names its model.
    pub fn decode(&self, settings: &Settings, model: u32) -> Bank {
        self.decode_shaped(settings, &Shape::NONE, model)
    }

    /// As [`Self::decode`], with the player's edits in `shape`: step locks, density trims, rotation, kit, orbit
    /// and continuation. On an orbit each step is decoded at the orbit's place at that step.
    pub fn decode_shaped(&self, settings: &Settings, shape: &Shape, model: u32) -> Bank {
        let kit = shape.kit.unwrap_or(self.kit);
        let orbit = (settings.orbit_bars > 0).then(|| shape.orbit.unwrap_or_default());
        let (grid, edits) = (*self.grid(), shape.edits(self.grid()));
        let continuation = edits.continuation_at([settings.x, settings.y]).zip(self.steps.as_ref());
        let phrases = self.phrases.as_ref().filter(|_| settings.phrase);
        let (takes, period) = match (&orbit, continuation, phrases) {
            (Some(orbit), ..) => {
                let period = settings.variation.max(Orbit::cycles(settings.orbit_bars, &grid));
                (self.takes_along(settings, shape, orbit), period)
            }
            (None, Some((continuation, steps)), _) => {
                (self.continued(settings, shape, continuation, steps), TAKES as u8)
            }
            (None, None, Some(phrases)) => (self.phrase_of(settings, shape, phrases), TAKES as u8),
            (None, None, None) => (self.takes_at(settings, shape), settings.variation),
        };
        let edited = takes.map(|take| edits.apply(&take, &grid));
        Bank::new(&edited, period, grid, kit, *settings, model)
    }

    /// Eight takes of one place.
    fn takes_at(&self, settings: &Settings, shape: &Shape) -> [Take; TAKES] {
        let latent = self.map.latent(settings.x, settings.y);
        let logits = trimmed(self.patterns.logits_at(latent), shape);
        // Velocities are the same in all takes, so that at temperature 0 the takes are identical.
        let silent = Take { velocities: velocities(&logits, &draw(settings, 0), self.grid()), ..Take::EMPTY };
        let mut takes = [silent; TAKES];
        let likeliest = self.patterns.likeliest(&logits, settings.density);
        for (index, take) in takes.iter_mut().enumerate() {
            take.onsets = self.patterns.draw_along(|_| latent, &logits, &likeliest, &draw(settings, index));
        }
        takes
    }

    /// Sixteen bars that develop the first take of a place.
    fn phrase_of(&self, settings: &Settings, shape: &Shape, phrases: &PhraseModel) -> [Take; TAKES] {
        let [beat, ..] = self.takes_at(settings, shape);
        let pieces = PieceMap::of(&self.kit);
        let reading = GridReading::of(*self.grid());
        let theme = reading.theme(&beat.onsets, &pieces);
        let (seed, temperature) = (u64::from(settings.seed), sequence_temperature(settings.temperature));
        let draw = PhraseDraw { seed, temperature, fills: settings.fills };
        takes(&phrases.phrase(&theme, &draw), &beat, &pieces, &CounterRng { seed, take: 0 }, &reading)
    }

    /// Two bars and the fourteen that continue them, with the velocities of the place.
    fn continued(
        &self,
        settings: &Settings,
        shape: &Shape,
        continuation: &Continuation,
        steps: &StepModel,
    ) -> [Take; TAKES] {
        let [take, ..] = self.takes_at(settings, shape);
        let rng = CounterRng { seed: u64::from(settings.seed), take: 0 };
        // A hit that the take at this place lacks was added by the player: a fill, a crash.
        let velocities = added_velocities(&continuation.pattern, &take, &rng, 0, self.grid());
        let beat = Take { onsets: continuation.pattern, velocities, ..take };
        let pieces = PieceMap::of(&self.kit);
        let reading = GridReading::of(*self.grid());
        let theme = reading.theme(&beat.onsets, &pieces);
        let phrase = continue_beat(steps, &theme, sequence_temperature(settings.temperature), rng);
        let mut takes = takes(&phrase, &beat, &pieces, &rng, &reading);
        takes.rotate_right(usize::from(continuation.take) % TAKES);
        takes
    }

    /// Eight takes along an orbit: each step at its own place.
    fn takes_along(&self, settings: &Settings, shape: &Shape, orbit: &Orbit) -> [Take; TAKES] {
        let (grid, edits) = (self.grid(), shape.edits(self.grid()));
        let latent_of = |take: usize, step: usize| {
            let [x, y] = orbit.place(settings.orbit_bars, grid, take as u32, edits.sounds_at(step, grid));
            self.map.latent(x, y)
        };
        let along = (0..TAKES).flat_map(|take| (0..grid.steps()).map(move |step| latent_of(take, step)));
        let all = self.patterns.logits(&along.collect::<Vec<_>>());
        let distinct_takes = usize::from(settings.variation.clamp(1, TAKES as u8));
        let mut takes = [Take::EMPTY; TAKES];
        for (index, take) in takes.iter_mut().enumerate() {
            let places = &all[index * grid.steps()..(index + 1) * grid.steps()];
            // Of the logits of each place only those of its own step are used; beyond the grid there are none.
            let own = |cell: usize| {
                places.get(cell / INSTRUMENTS).map_or(f32::NEG_INFINITY, |place: &Logits| place[cell])
            };
            let logits = trimmed(std::array::from_fn(own), shape);
            let own_draw = draw(settings, index % distinct_takes);
            let likeliest = |step: usize| {
                let there = trimmed(places[step], shape);
                self.patterns.likeliest(&there, settings.density).step(step)
            };
            let likeliest = Pattern::new((0..grid.steps()).map(likeliest).collect::<Vec<_>>());
            let likeliest = likeliest.unwrap_or_default();
            let latent_of = |step| latent_of(index, step);
            take.onsets = self.patterns.draw_along(latent_of, &logits, &likeliest, &own_draw);
            take.velocities = velocities(&logits, &draw(settings, 0), self.grid());
        }
        takes
    }

    /// The pattern that would play first at a place, likeliest or drawn as the settings say: what the
    /// window shows before one goes there.
    pub fn preview(&self, settings: &Settings, shape: &Shape, place: [f32; 2]) -> Pattern {
        let [x, y] = place;
        let there = Settings { x, y, orbit_bars: 0, ..*settings };
        let latent = self.map.latent(x, y);
        let logits = trimmed(self.patterns.logits_at(latent), shape);
        let onsets = self.patterns.draw(latent, &logits, &draw(&there, 0));
        shape.edits(self.grid()).apply(&Take { onsets, ..Take::EMPTY }, self.grid()).onsets
    }

    /// The hits of the likeliest pattern at each place of a row (0 at the bottom) of a `side` x `side` lattice over
    /// the map.
    pub fn hits_over_the_map(&self, row: usize, side: usize) -> Vec<u32> {
        let share = |index: usize| (index as f32 + 0.5) / side as f32;
        let latents: Vec<_> = (0..side).map(|column| self.map.latent(share(column), share(row))).collect();
        let likeliest = self.patterns.patterns(&latents, |_| Draw::LIKELIEST);
        likeliest.iter().map(Pattern::hits).collect()
    }

    /// The grid of its banks.
    pub fn grid(&self) -> &Grid {
        self.patterns.grid()
    }

    /// The map that the settings' x and y refer to.
    pub fn map(&self) -> &LatentMap {
        &self.map
    }
}

/// The sampling temperature of phrase and step model at a temperature of the settings.
fn sequence_temperature(temperature: f32) -> f32 {
    SEQUENCE_TEMPERATURE_AT_0 + SEQUENCE_TEMPERATURE_RISE * within(temperature, 0.0, 1.0)
}

/// How take `take` of these settings is drawn.
fn draw(settings: &Settings, take: usize) -> Draw {
    Draw {
        temperature: settings.temperature,
        density: settings.density,
        rng: CounterRng { seed: u64::from(settings.seed), take: take as u32 },
    }
}

/// The logits plus each instrument's density trim.
fn trimmed(mut logits: Logits, shape: &Shape) -> Logits {
    for (cell, logit) in logits.iter_mut().enumerate() {
        *logit += DENSITY_LOGITS * shape.trims[cell % INSTRUMENTS].clamp(-1.0, 1.0);
    }
    logits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{STEP_SHAPE, Weights};
    use beat::{Edits, Locks};

    const GRID: Grid = Grid::FOUR_FOUR;

    fn decoder() -> BankDecoder {
        BankDecoder::new(&Model::synthetic(7)).expect("the synthetic model has a map")
    }

    #[test]
    fn equal_settings_give_equal_banks_and_the_bank_says_what_it_is() {
        let settings = Settings { x: 0.3, y: 0.8, temperature: 0.9, ..Settings::DEFAULT };
        let bank = decoder().decode(&settings, 5);
        assert_eq!(bank, decoder().decode(&settings, 5));
        assert_eq!((*bank.settings(), bank.model(), *bank.kit()), (settings, 5, Kit::DEFAULT));
        assert!(!bank.takes().iter().any(Take::anticipates));
    }

    #[test]
    fn takes_differ_with_temperature_and_only_then() {
        let bank =
            |temperature| decoder().decode(&Settings { temperature, variation: 8, ..Settings::DEFAULT }, 1);
        assert!(bank(0.0).takes().iter().all(|take| *take == bank(0.0).takes()[0]));
        let distinct = |index: usize| (0..index).all(|k| bank(1.0).takes()[k] != bank(1.0).takes()[index]);
        assert!((1..TAKES).all(distinct));
        assert!(bank(0.0).takes()[0].onsets.hits() > 0);
    }

    #[test]
    fn the_variation_is_how_many_takes_cycle() {
        let settings = |variation| Settings { variation, ..Settings::DEFAULT };
        for (variation, expected) in [(0, 1), (1, 1), (2, 2), (4, 4), (8, 8), (255, 8)] {
            assert_eq!(decoder().decode(&settings(variation), 1).period(), expected);
        }
    }

    #[test]
    fn the_seed_and_the_place_each_change_the_beat() {
        let decoder = decoder();
        let takes = |settings| decoder.decode(&settings, 1).takes().to_vec();
        let here = Settings { temperature: 1.0, ..Settings::DEFAULT };
        assert_ne!(takes(here), takes(Settings { seed: 4712, ..here }));
        assert_ne!(takes(here), takes(Settings { x: 0.05, ..here }));
    }

    #[test]
    fn settings_out_of_range_still_give_a_bank() {
        let hostile = Settings {
            x: f32::NAN,
            y: f32::INFINITY,
            temperature: f32::NEG_INFINITY,
            density: f32::NAN,
            variation: 255,
            seed: u16::MAX,
            orbit_bars: 0,
            fills: f32::NAN,
            phrase: true,
            revision: u32::MAX,
        };
        let bank = decoder().decode(&hostile, 1);
        assert!(bank.takes().iter().all(|take| *take == bank.takes()[0]));
        assert_eq!(decoder().decode(&Settings { orbit_bars: 255, ..hostile }, 1).period(), 8);
    }

    /// An orbit whose places differ by 1e-7 only.
    fn standing(x: f32, y: f32) -> Orbit {
        let mut places = [[x, y]; beat::ORBIT_PLACES];
        places[0][0] += 1e-7;
        Orbit::new(places).expect("on the map")
    }

    #[test]
    fn an_orbit_that_stands_still_plays_what_its_place_plays() {
        let still = Settings { x: 0.3, y: 0.7, variation: 4, ..Settings::DEFAULT };
        let orbiting = Settings { orbit_bars: 4, ..still };
        let shape = Shape { orbit: Some(standing(0.3, 0.7)), ..Shape::NONE };
        let (here, along) = (decoder().decode(&still, 1), decoder().decode_shaped(&orbiting, &shape, 1));
        assert_eq!(along.period(), 4);
        for cycle in 0..8 {
            assert_eq!(along.take(cycle).onsets, here.take(cycle).onsets, "cycle {cycle}");
        }
    }

    #[test]
    fn each_step_of_an_orbit_is_of_its_own_place() {
        let path = Orbit::along(&[[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]).expect("on the map");
        let shape = Shape { orbit: Some(path), ..Shape::NONE };
        let settings = Settings { temperature: 0.0, orbit_bars: 8, ..Settings::DEFAULT };
        let bank = decoder().decode_shaped(&settings, &shape, 1);
        assert_eq!(bank.period(), 4);
        for (cycle, step) in [(0, 0), (1, 17), (3, 31)] {
            let [x, y] = path.place(8, &GRID, cycle, step);
            let there = decoder().decode(&Settings { x, y, temperature: 0.0, ..Settings::DEFAULT }, 1);
            assert_eq!(bank.take(cycle.into()).onsets.step(step), there.takes()[0].onsets.step(step));
        }
    }

    #[test]
    fn a_trim_thins_and_thickens_its_own_instrument_only() {
        let settings = Settings { temperature: 0.0, ..Settings::DEFAULT };
        let hits = |trim: f32, instrument: usize| {
            let mut shape = Shape::NONE;
            shape.trims[3] = trim;
            let bank = decoder().decode_shaped(&settings, &shape, 1);
            let steps = *bank.takes()[0].onsets.steps();
            steps.iter().filter(|step| *step >> instrument & 1 == 1).count()
        };
        assert!(hits(-1.0, 3) < hits(1.0, 3));
        assert_eq!((hits(-1.0, 5), hits(1.0, 5)), (hits(0.0, 5), hits(0.0, 5)));
    }

    #[test]
    fn a_preview_is_what_plays_there() {
        let settings = Settings::DEFAULT;
        let shape = Shape::NONE.with_edits(&GRID, Edits { rotation: 2, ..Edits::NONE });
        let there = decoder().decode_shaped(&Settings { x: 0.2, y: 0.9, ..settings }, &shape, 1);
        assert_eq!(decoder().preview(&settings, &shape, [0.2, 0.9]), there.takes()[0].onsets);
        assert_eq!(decoder().hits_over_the_map(7, 8).len(), 8);
    }

    /// The decode thread owns its decoder; burn must not tie it to the thread that made it.
    #[test]
    fn a_decoder_may_move_to_another_thread() {
        let decoder = decoder();
        let here = decoder.decode(&Settings::DEFAULT, 1);
        let there = std::thread::spawn(move || decoder.decode(&Settings::DEFAULT, 1)).join();
        assert_eq!(there.ok(), Some(here));
    }

    #[test]
    fn a_phrase_develops_the_beat_and_is_off_on_an_orbit() {
        let weights = Weights::initial(&PhraseModel::arrays(), 4);
        let mut with_phrases = decoder();
        with_phrases.set_phrase_model(PhraseModel::new(&weights).expect("sound weights"));
        let still = Settings { temperature: 0.0, ..Settings::DEFAULT };
        let phrase = Settings { phrase: true, ..still };
        let bank = with_phrases.decode(&phrase, 1);
        assert_eq!(bank.period(), 8);
        assert_eq!(bank, with_phrases.decode(&phrase, 1));
        assert_ne!(bank.takes(), with_phrases.decode(&Settings { seed: 1, ..phrase }, 1).takes());
        assert_ne!(bank.takes(), with_phrases.decode(&still, 1).takes());
        let orbiting = Settings { orbit_bars: 4, ..still };
        let both = Settings { phrase: true, ..orbiting };
        assert_eq!(with_phrases.decode(&both, 1).takes(), with_phrases.decode(&orbiting, 1).takes());
        assert_eq!(decoder().decode(&phrase, 1).takes(), decoder().decode(&still, 1).takes());
    }

    #[test]
    fn a_continuation_plays_at_its_own_place_only() {
        let mut decoder = decoder();
        decoder.set_step_model(
            StepModel::new(&Weights::initial(&STEP_SHAPE.arrays(), 4)).expect("sound weights"),
        );
        let settings = Settings::DEFAULT;
        let plain = decoder.decode(&settings, 1);
        let pattern = Pattern::EMPTY.with(0, 0).with(4, 3).with(21, 13);
        let continuation = Some(Continuation { pattern, place: [settings.x, settings.y], take: 5 });
        let edits = Edits { continuation, ..Edits::NONE };
        let shape = Shape::NONE.with_edits(&GRID, edits);
        let bank = decoder.decode_shaped(&settings, &shape, 1);
        assert_eq!((bank.period(), bank.takes()[5].onsets), (8, pattern));
        assert!(bank.takes()[5].velocities[21][13] > 60, "an intended hit is no ghost note");
        assert_ne!(bank.takes()[6].onsets, pattern);
        assert_eq!(bank, decoder.decode_shaped(&settings, &shape, 1));
        let rotated = shape.with_edits(&GRID, Edits { rotation: 3, ..edits });
        assert_eq!(
            decoder.decode_shaped(&settings, &rotated, 1).takes()[5].onsets,
            pattern.rotated(GRID.steps() - 3, &GRID)
        );
        let elsewhere = Settings { x: 0.7, ..settings };
        let there = decoder.decode_shaped(&elsewhere, &shape, 1);
        assert_eq!(there.takes(), decoder.decode(&elsewhere, 1).takes());
        assert_eq!(decoder.decode(&settings, 1), plain);
    }

    /// Everything that a bank can be must stay within its grid: takes, orbit, phrase, continuation, rotation, locks.
    #[test]
    fn every_grid_has_banks_of_every_kind() {
        for grid in Grid::ALL {
            let model = Model::new("a field", Model::synthetic_parts_on(grid, 7)).expect("a sound model");
            let read =
                Model::from_bytes("a field", &model.to_bytes(crate::Precision::Single)).expect("sound");
            let mut decoder = BankDecoder::new(&read).expect("a map");
            let phrases = PhraseModel::new(&Weights::initial(&PhraseModel::arrays(), 4));
            decoder.set_phrase_model(phrases.expect("sound weights"));
            decoder.set_step_model(
                StepModel::new(&Weights::initial(&STEP_SHAPE.arrays(), 4)).expect("sound weights"),
            );
            let settings = Settings { temperature: 1.0, variation: 8, ..Settings::DEFAULT };
            let plain = decoder.decode(&settings, 1);
            let place = [settings.x, settings.y];
            let continued = Continuation { pattern: plain.takes()[0].onsets, place, take: 0 };
            let continuation = Edits { continuation: Some(continued), ..Edits::NONE };
            let rotation = Edits { rotation: 5, locks: Locks::NONE.with(3, 9, Some(true)), ..Edits::NONE };
            for (settings, edits) in [
                (settings, Edits::NONE),
                (Settings { orbit_bars: 16, ..settings }, Edits::NONE),
                (Settings { phrase: true, ..settings }, Edits::NONE),
                (settings, continuation),
                (settings, rotation),
            ] {
                let bank = decoder.decode_shaped(&settings, &Shape::NONE.with_edits(&grid, edits), 1);
                assert_eq!((bank.grid(), bank.takes().len(), bank.period()), (&grid, TAKES, TAKES as u8));
                assert!(bank.takes().iter().all(|take| take.onsets.hits() > 0));
                let cells = bank.takes().iter().flat_map(|take| take.onsets.cells());
                assert!(cells.map(|(step, _)| step).all(|step| step < grid.steps()), "{settings:?}");
                assert_ne!(bank.takes()[1].onsets, bank.takes()[0].onsets);
            }
        }
    }
}
