//! Damaged states: whatever stands in a project file, the plugin uses the part that is valid, plays valid
//! notes, ends each of them, and saves a state that it can load.

use super::damage::{self, Dice};
use crate::{Bundle, Format, HostError, Instance, Mode, Recording, Session, Setup};
use serde_json::{Map, Value};

/// A song so fast that a cycle takes half a second.
const TEMPO: f64 = 960.0;
/// The lowest rate there is, for speed: notes have their places at any.
const RATE: f64 = 8_000.0;
/// Damaged states in a row that come from one sound one.
const ROW: u64 = 100;
/// Samples of a block: half a cycle, since each costs a change of threads.
const BLOCK: u32 = 2048;

/// Fields that a fresh instance has no reason to save; for the shape see [`shape`].
const SCENES: &str = r#"[{"x":0.1,"y":0.2,"temperature":0.3,"seed":4},null,
    {"x":1.0,"y":0.0,"temperature":1.5,"seed":9999}]"#;
const GONE: &str = r#"{"path":"/a model that is gone","sha256":"00"}"#;

/// What is wrong with what the plugin made of a state.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// What the plugin saved can't be understood.
    #[error("the plugin saved a state that is no state: {0}")]
    Broken(String),
    /// A parameter is neither what the state said nor a default.
    #[error("the parameter {id} is {found} where the state says {said}")]
    Parameter {
        /// The parameter.
        id: String,
        /// What the plugin saved.
        found: String,
        /// What the state said.
        said: String,
    },
    /// A refused state has changed something.
    #[error("a state that was refused changed the parameters")]
    Refused,
    /// Something that no musician wants to hear.
    #[error("played {0}")]
    Played(String),
    /// The plugin failed.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// A state that something is wrong with: everything that is needed to make it again.
#[derive(Debug, thiserror::Error)]
#[error("state {number} of seed {seed}: {error}")]
pub struct Finding {
    /// Which of the seed's states.
    pub number: u64,
    /// The seed.
    pub seed: u64,
    /// What is wrong.
    pub error: StateError,
    /// The state itself.
    pub state: Vec<u8>,
}

/// How the states of a run went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// States that the plugin took.
    pub taken: u64,
    /// States that it refused as a whole.
    pub refused: u64,
    /// Notes that were played meanwhile, each with its end.
    pub notes: u64,
}

/// Loads the damaged states `from..from + count` of `seed` one after another into one instance of
/// `bundle`, while it plays and while it rests. After each it must play the same as an instance that was
/// only ever given what the first one saved.
///
/// # Errors
/// The first state that something is wrong with.
pub fn run(
    bundle: &Bundle,
    seed: u64,
    from: u64,
    count: u64,
    mut done: impl FnMut(),
) -> Result<Tally, Finding> {
    let finding = |number, error, state: &[u8]| Finding { number, seed, error, state: state.to_vec() };
    let mut studio = Studio::new(bundle).map_err(|error| finding(from, error, &[]))?;
    let mut tally = Tally::default();
    for number in from..from + count {
        let state = studio.damaged(seed, number);
        studio.take(number, &state, &mut tally).map_err(|error| finding(number, error, &state))?;
        done();
    }
    Ok(tally)
}

/// The instance that gets the damaged states, and the one that gets what became of them.
struct Studio {
    player: Box<dyn Instance>,
    witness: Box<dyn Instance>,
    ranges: Ranges,
    /// Sound states, to be damaged.
    sound: Vec<Vec<u8>>,
}

impl Studio {
    fn new(bundle: &Bundle) -> Result<Self, StateError> {
        let (mut player, witness) = (bundle.create()?, bundle.create()?);
        let (format, ranges) = (player.format(), Ranges::of(&mut *player)?);
        let fresh = player.save()?;
        play(&mut *player, |session| {
            session.set_text("Temperature", "0.9")?;
            session.set_text("Variation", "8")?;
            session.transport().play();
            session.render(BLOCK)
        })?;
        let played = player.save()?;
        let shaped = with_fields(format, &played, &[("shape", &shape()), ("scenes", SCENES)]);
        let gone = with_fields(format, &shaped, &[("model", GONE)]);
        Ok(Self { player, witness, ranges, sound: vec![fresh, played, shaped, gone] })
    }

    /// Damaged state `number` of `seed`.
    fn damaged(&self, seed: u64, number: u64) -> Vec<u8> {
        let dice = &mut Dice::new(seed, number);
        // In long rows, since another model takes a while to load.
        let state = &self.sound[(number / ROW) as usize % self.sound.len()];
        let (format, text) = (self.player.format(), text_of(self.player.format(), state).unwrap_or_default());
        match dice.below(8) {
            // Whole, damage to the length before it included.
            0 => damage::bytes(state, dice),
            1 => of_text(format, &String::from_utf8_lossy(&damage::bytes(text.as_bytes(), dice))),
            _ => of_text(format, &damage::structure(text, dice)),
        }
    }

    fn take(&mut self, number: u64, state: &[u8], tally: &mut Tally) -> Result<(), StateError> {
        let (format, before) = (self.player.format(), self.player.save()?);
        let (mut taken, while_it_plays) = (false, number.is_multiple_of(4));
        if while_it_plays {
            // A project is opened, or a preset chosen, while the song rolls.
            let recording = play(&mut *self.player, |session| {
                session.transport().play();
                session.render_beats(3.0, std::iter::repeat(BLOCK))?;
                taken = session.instance().load(state).is_ok();
                session.render_beats(3.0, std::iter::repeat(BLOCK))
            })?;
            check(&recording, tally)?;
        } else {
            taken = self.player.load(state).is_ok();
        }
        let after = self.player.save()?;
        if taken {
            tally.taken += 1;
            self.ranges.check(state, &after)?;
        } else {
            tally.refused += 1;
            if params_of(format, &before)? != params_of(format, &after)? && !while_it_plays {
                return Err(StateError::Refused);
            }
        }
        let played = a_cycle(&mut *self.player)?;
        check(&played, tally)?;
        self.witness.load(&after).map_err(|error| StateError::Broken(error.to_string()))?;
        let again = a_cycle(&mut *self.witness)?;
        if played.notes != again.notes {
            return Err(StateError::Played(format!(
                "{} notes where an instance that opens what was saved plays {}",
                played.notes.len(),
                again.notes.len()
            )));
        }
        Ok(())
    }
}

/// A beat that has been shaped by hand in every way.
fn shape() -> String {
    let mut on = [0_u16; beat::STEPS];
    on[0] = 1;
    let place = |index: usize| [index as f32 / 64.0, 1.0 - index as f32 / 64.0];
    let orbit: Vec<[f32; 2]> = (0..beat::ORBIT_PLACES).map(place).collect();
    let notes = beat::Kit::PAPER;
    let trims: [f32; beat::INSTRUMENTS] = std::array::from_fn(|instrument| 0.125 * instrument as f32 - 0.75);
    serde_json::json!({"on": on, "trims": trims, "rotation": 3, "notes": notes.notes(), "orbit": orbit})
        .to_string()
}

/// The state with some of its fields replaced.
fn with_fields(format: Format, state: &[u8], fields: &[(&str, &str)]) -> Vec<u8> {
    let Some(Ok(mut json)) = text_of(format, state).map(serde_json::from_str::<Value>) else {
        return state.to_vec();
    };
    for (name, value) in fields {
        json["fields"][name] = Value::String((*value).to_owned());
    }
    of_text(format, &json.to_string())
}

fn a_cycle(instance: &mut dyn Instance) -> Result<Recording, HostError> {
    play(instance, |session| {
        session.transport().play();
        session.render_beats(8.0, std::iter::repeat(BLOCK))
    })
}

/// What is played in a bounce, in which every change is waited for.
fn play(
    instance: &mut dyn Instance,
    hands: impl FnOnce(&mut Session<'_>) -> Result<(), HostError>,
) -> Result<Recording, HostError> {
    let setup = Setup { rate: RATE, most_frames: BLOCK, mode: Mode::Offline };
    let mut session = Session::start(instance, setup, TEMPO)?;
    session.set_bounce(setup.mode)?;
    hands(&mut session)?;
    session.transport().stop();
    session.render(BLOCK)?;
    session.finish()
}

/// No note is doubled, hangs or is none.
fn check(recording: &Recording, tally: &mut Tally) -> Result<(), StateError> {
    if let Some((sample, fault, event)) = recording.faults.first() {
        return Err(StateError::Played(format!("{fault:?} at sample {sample}: {event:?}")));
    }
    let sound =
        |note: &&crate::Note| note.note < 128 && (1..128).contains(&note.velocity) && note.channel < 16;
    if let Some(note) = recording.notes.iter().find(|note| !sound(note)) {
        return Err(StateError::Played(format!("what is no note: {note:?}")));
    }
    tally.notes += recording.notes.len() as u64;
    Ok(())
}

/// Fields in which everything is out of range on the high side or on the low side.
const BEYOND: f64 = 1e9;

/// What parameters can be, as the plugin itself shows by what it saves.
pub(super) struct Ranges {
    format: Format,
    fresh: Map<String, Value>,
    lowest: Map<String, Value>,
    highest: Map<String, Value>,
}

/// The JSON of a state: under CLAP the framework writes its length before it, in eight bytes.
pub(super) fn text_of(format: Format, state: &[u8]) -> Option<&str> {
    let json = match format {
        Format::Clap => {
            let (length, rest) = state.split_first_chunk()?;
            // The framework takes a length that promises too much for what is there.
            &rest[..rest.len().min(usize::try_from(u64::from_le_bytes(*length)).ok()?)]
        }
        Format::Vst3 => state,
    };
    std::str::from_utf8(json).ok()
}

/// The bytes of a state of this text.
pub(super) fn of_text(format: Format, text: &str) -> Vec<u8> {
    let length = (text.len() as u64).to_le_bytes();
    [if format == Format::Clap { &length[..] } else { &[] }, text.as_bytes()].concat()
}

pub(super) fn params_of(format: Format, state: &[u8]) -> Result<Map<String, Value>, StateError> {
    let text = text_of(format, state).ok_or_else(|| StateError::Broken("it is no text".into()))?;
    let state: Value = serde_json::from_str(text).map_err(|error| StateError::Broken(error.to_string()))?;
    let params = state.get("params").and_then(Value::as_object).cloned();
    params.ok_or_else(|| StateError::Broken("it has no parameters".into()))
}

impl Ranges {
    /// What the parameters of a fresh instance can be.
    pub(super) fn of(instance: &mut dyn Instance) -> Result<Self, StateError> {
        let (format, fresh) = (instance.format(), instance.save()?);
        let mut beyond = |number: f64| {
            let mut state: Value = serde_json::from_str(text_of(format, &fresh).unwrap_or_default())
                .map_err(|error| StateError::Broken(error.to_string()))?;
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

    /// Whether every parameter of `taken`, which the plugin saved, is one that it may make of `given`.
    pub(super) fn check(&self, given: &[u8], taken: &[u8]) -> Result<(), StateError> {
        let (given, taken) = (params_of(self.format, given)?, params_of(self.format, taken)?);
        for (id, fresh) in &self.fresh {
            let (lowest, highest) = (&self.lowest[id], &self.highest[id]);
            let found = taken.get(id).unwrap_or(&Value::Null);
            let fair = match given.get(id).filter(|value| kind(value) == kind(fresh)) {
                // A state from before there was a parameter may have a lowest value for it.
                None => found == fresh || found == lowest || kind(fresh) == Some("string"),
                Some(said) => match (number(said), number(lowest), number(highest)) {
                    (Some(said), Some(lowest), Some(highest)) => {
                        number(found) == Some(said.clamp(lowest, highest))
                    }
                    _ => found == said || found == fresh,
                },
            };
            if !fair {
                return Err(StateError::Parameter {
                    id: id.clone(),
                    found: found.to_string(),
                    said: given.get(id).map_or("nothing".into(), Value::to_string),
                });
            }
        }
        Ok(())
    }
}

/// Of `{"f32":0.5}` the `f32`.
fn kind(value: &Value) -> Option<&str> {
    value.as_object()?.keys().next().map(String::as_str)
}

/// The number of a value, as precise as a parameter is.
fn number(value: &Value) -> Option<f64> {
    let number = value.as_object()?.values().next()?.as_f64()?;
    Some(if kind(value) == Some("f32") { f64::from(number as f32) } else { number })
}
