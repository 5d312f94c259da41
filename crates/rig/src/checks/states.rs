//! Damaged states: whatever a project file holds, the plugin uses the part that is valid, plays valid notes,
//! ends each of them, and saves a state that it can load.

use super::damage::{self, SplitMix64};
use crate::hosts::saved_state::{state_bytes, with_field};
use crate::{Bundle, HostError, Instance, Mode, PluginFormat, Recording, Session, Setup};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

/// What is wrong where a saved state is no JSON with parameters, or is refused by an equal plugin.
const BROKEN: &str = "the plugin saved a state that cannot be read";
/// Beats a minute; a cycle of 8 beats takes half a second.
const TEMPO: f64 = 960.0;
/// Samples a second: low, for speed.
const RATE: f64 = 8_000.0;
/// Damaged states in a row that are made from one intact state.
const ROW: u64 = 100;
/// Samples of a block: half a cycle, since every block costs a change of threads.
const BLOCK: u32 = 2048;

/// Fields that a fresh instance does not save; see also [`shape`].
const SCENES: &str = r#"[{"x":0.1,"y":0.2,"temperature":0.3,"seed":4},null,
    {"x":1.0,"y":0.0,"temperature":1.5,"seed":9999}]"#;
const GONE: &str = r#"{"path":"/a model that is gone","sha256":"00"}"#;

/// A state with which the plugin failed, and what is needed to make it again.
#[derive(Debug, thiserror::Error)]
#[error("state {number} of seed {seed}: {error:#}")]
pub struct FailedState {
    /// The number of the state under its seed.
    pub number: u64,
    /// The seed.
    pub seed: u64,
    /// What the plugin did wrong.
    pub error: anyhow::Error,
    /// The state itself.
    pub state: Vec<u8>,
}

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// States that the plugin accepted.
    pub accepted: u64,
    /// States that it refused as a whole.
    pub refused: u64,
    /// Notes that were played, each with its note-off.
    pub notes: u64,
}

/// Loads the damaged states `from..from + count` of `seed` one after another into one instance of `bundle`,
/// while it plays and while it is inactive. After each it must play the same as an instance that loads what the
/// first one saved.
///
/// # Errors
/// The first state with which the plugin failed.
pub fn run(bundle: &Bundle, seed: u64, from: u64, count: u64) -> Result<Tally, FailedState> {
    let failed = |number, error, state: &[u8]| FailedState { number, seed, error, state: state.to_vec() };
    let mut tester = StateTester::new(bundle).map_err(|error| failed(from, error, &[]))?;
    let mut tally = Tally::default();
    for number in from..from + count {
        let state = tester.damaged(seed, number);
        tester.check(number, &state, &mut tally).map_err(|error| failed(number, error, &state))?;
    }
    Ok(tally)
}

/// One instance that loads the damaged states, and one that loads what the first saved.
struct StateTester {
    player: Instance,
    witness: Instance,
    ranges: ExpectedRanges,
    /// The states that are damaged.
    intact: Vec<Vec<u8>>,
}

impl StateTester {
    fn new(bundle: &Bundle) -> Result<Self> {
        let (mut player, witness) = (bundle.create()?, bundle.create()?);
        let ranges = ExpectedRanges::of(&mut player)?;
        let fresh = player.save()?;
        play(&mut player, |session| {
            session.set_text("Temperature", "0.9")?;
            session.set_text("Variation", "8")?;
            session.transport().play();
            session.render(BLOCK)
        })?;
        let played = player.save()?;
        let shaped = with_field(&with_field(&played, "shape", &shape())?, "scenes", SCENES)?;
        let gone = with_field(&shaped, "model", GONE)?;
        Ok(Self { player, witness, ranges, intact: vec![fresh, played, shaped, gone] })
    }

    /// Damaged state `number` of `seed`.
    fn damaged(&self, seed: u64, number: u64) -> Vec<u8> {
        let rng = &mut SplitMix64::new(seed, number);
        // Many in a row, since another model takes long to load.
        let state = &self.intact[(number / ROW) as usize % self.intact.len()];
        let (format, text) = (self.player.format(), text_of(self.player.format(), state).unwrap_or_default());
        match rng.below(8) {
            // The whole state, its length included.
            0 => damage::damaged_bytes(state, rng),
            1 => of_text(format, &String::from_utf8_lossy(&damage::damaged_bytes(text.as_bytes(), rng))),
            _ => of_text(format, &damage::damaged_json(text, rng)),
        }
    }

    fn check(&mut self, number: u64, state: &[u8], tally: &mut Tally) -> Result<()> {
        let (format, before) = (self.player.format(), self.player.save()?);
        let (mut accepted, plays) = (false, number.is_multiple_of(4));
        if plays {
            // A preset is chosen while the transport rolls.
            let recording = play(&mut self.player, |session| {
                session.transport().play();
                session.render_beats(3.0, std::iter::repeat(BLOCK))?;
                accepted = session.instance().load(state).is_ok();
                session.render_beats(3.0, std::iter::repeat(BLOCK))
            })?;
            check_notes(&recording, tally)?;
        } else {
            accepted = self.player.load(state).is_ok();
        }
        let after = self.player.save()?;
        if accepted {
            tally.accepted += 1;
            self.ranges.check(state, &after)?;
        } else {
            tally.refused += 1;
            let unchanged = params_of(format, &before)? == params_of(format, &after)?;
            ensure!(unchanged || plays, "a state that was refused changed the parameters");
        }
        let played = a_cycle(&mut self.player)?;
        check_notes(&played, tally)?;
        self.witness.load(&after).context(BROKEN)?;
        let again = a_cycle(&mut self.witness)?;
        ensure!(
            played.notes == again.notes,
            "played {} notes where an instance that opens what was saved plays {}",
            played.notes.len(),
            again.notes.len()
        );
        Ok(())
    }
}

/// The saved field of a beat with every kind of edit.
fn shape() -> String {
    let mut on = [0_u16; beat::Grid::FOUR_FOUR.steps()];
    on[0] = 1;
    let point = |index: usize| [index as f32 / 64.0, 1.0 - index as f32 / 64.0];
    let orbit: Vec<[f32; 2]> = (0..beat::ORBIT_PLACES).map(point).collect();
    let notes = beat::Kit::PAPER;
    let trims: [f32; beat::INSTRUMENTS] = std::array::from_fn(|instrument| 0.125 * instrument as f32 - 0.75);
    serde_json::json!({"on": on, "trims": trims, "rotation": 3, "notes": notes.notes(), "orbit": orbit})
        .to_string()
}

fn a_cycle(instance: &mut Instance) -> Result<Recording, HostError> {
    play(instance, |session| {
        session.transport().play();
        session.render_beats(8.0, std::iter::repeat(BLOCK))
    })
}

/// What is played in an offline render, which waits for every change.
fn play(
    instance: &mut Instance,
    script: impl FnOnce(&mut Session<'_>) -> Result<(), HostError>,
) -> Result<Recording, HostError> {
    let setup = Setup { rate: RATE, most_frames: BLOCK, ..Setup::new(Mode::Offline) };
    let mut session = Session::start(instance, setup, TEMPO)?;
    session.set_bounce(setup.mode)?;
    script(&mut session)?;
    session.transport().stop();
    session.render(BLOCK)?;
    session.finish()
}

/// Checks that every note is valid and has its note-off.
fn check_notes(recording: &Recording, tally: &mut Tally) -> Result<()> {
    if let Some((sample, fault, event)) = recording.faults.first() {
        bail!("played {fault:?} at sample {sample}: {event:?}");
    }
    let valid = |note: &&crate::RecordedNote| {
        note.note < 128 && (1..128).contains(&note.velocity) && note.channel < 16
    };
    if let Some(note) = recording.notes.iter().find(|note| !valid(note)) {
        bail!("played an invalid note: {note:?}");
    }
    tally.notes += recording.notes.len() as u64;
    Ok(())
}

/// A number beyond the range of every parameter.
const BEYOND: f64 = 1e9;

/// The values that parameters may have after loading a state: the state's own, clamped to the range, or the
/// defaults. The ranges are read from what the plugin itself saves.
struct ExpectedRanges {
    format: PluginFormat,
    fresh: Map<String, Value>,
    lowest: Map<String, Value>,
    highest: Map<String, Value>,
}

/// The JSON of a state; see [`state_bytes`].
fn text_of(format: PluginFormat, state: &[u8]) -> Option<&str> {
    let json = match format {
        PluginFormat::Clap => {
            let (length, rest) = state.split_first_chunk()?;
            // The framework accepts a length that exceeds the rest.
            &rest[..rest.len().min(usize::try_from(u64::from_le_bytes(*length)).ok()?)]
        }
        PluginFormat::Vst3 => state,
    };
    std::str::from_utf8(json).ok()
}

/// The bytes of a state of this text.
fn of_text(format: PluginFormat, text: &str) -> Vec<u8> {
    state_bytes(format == PluginFormat::Clap, text)
}

fn params_of(format: PluginFormat, state: &[u8]) -> Result<Map<String, Value>> {
    let text = text_of(format, state).context(BROKEN)?;
    let state: Value = serde_json::from_str(text).context(BROKEN)?;
    state.get("params").and_then(Value::as_object).cloned().context(BROKEN)
}

impl ExpectedRanges {
    /// The ranges of a fresh instance.
    fn of(instance: &mut Instance) -> Result<Self> {
        let (format, fresh) = (instance.format(), instance.save()?);
        let mut beyond = |number: f64| {
            let text = text_of(format, &fresh).unwrap_or_default();
            let mut state: Value = serde_json::from_str(text).context(BROKEN)?;
            for value in state["params"].as_object_mut().into_iter().flat_map(Map::values_mut) {
                match kind(value) {
                    Some("f32") => value["f32"] = number.into(),
                    Some("i32") => value["i32"] = (number as i32).into(),
                    _ => {}
                }
            }
            instance.load(&of_text(format, &state.to_string()))?;
            params_of(format, &instance.save()?)
        };
        let (lowest, highest) = (beyond(-BEYOND)?, beyond(BEYOND)?);
        instance.load(&fresh)?;
        Ok(Self { format, fresh: params_of(format, &fresh)?, lowest, highest })
    }

    /// Checks that every parameter of `saved` is a value that the plugin may make of `given`.
    fn check(&self, given: &[u8], saved: &[u8]) -> Result<()> {
        let (given, saved) = (params_of(self.format, given)?, params_of(self.format, saved)?);
        for (id, fresh) in &self.fresh {
            let (lowest, highest) = (&self.lowest[id], &self.highest[id]);
            let found = saved.get(id).unwrap_or(&Value::Null);
            let expected = match given.get(id).filter(|value| kind(value) == kind(fresh)) {
                // A state older than the parameter may give it the lowest value.
                None => found == fresh || found == lowest || kind(fresh) == Some("string"),
                Some(value) => match (number(value), number(lowest), number(highest)) {
                    (Some(value), Some(lowest), Some(highest)) => {
                        number(found) == Some(value.clamp(lowest, highest))
                    }
                    _ => found == value || found == fresh,
                },
            };
            let given = given.get(id).map_or("nothing".into(), Value::to_string);
            ensure!(expected, "the parameter {id} is {found} where the state has {given}");
        }
        Ok(())
    }
}

/// The type of a value: `f32` of `{"f32":0.5}`.
fn kind(value: &Value) -> Option<&str> {
    value.as_object()?.keys().next().map(String::as_str)
}

/// The number of a value, rounded to the precision of its parameter.
fn number(value: &Value) -> Option<f64> {
    let number = value.as_object()?.values().next()?.as_f64()?;
    Some(if kind(value) == Some("f32") { f64::from(number as f32) } else { number })
}
