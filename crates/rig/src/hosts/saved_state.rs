//! What a host without tensors can read and change: the header of a model file, and the JSON of a saved
//! state with its model and bank.

use crate::hosts::{HostError, Instance, Mode, Setup};
use beat::INSTRUMENTS;
use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A model file is a few megabytes; one larger than this is something else.
const MOST_BYTES: u64 = 1 << 28;
/// The metadata key of the card.
const CARD: &str = "beatfield";
/// How long the plugin may take to read a model.
const PATIENCE: Duration = Duration::from_secs(20);
/// The field of the plugin's state that names its model.
const FIELD: &str = "model";

/// The part of a model file's header that people read.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Card {
    /// Its 14 instruments.
    pub kit: KitCard,
    /// The genres on its map.
    #[serde(default)]
    pub genres: Vec<String>,
    /// Where on the map they are; none where too few patterns have a genre.
    #[serde(default)]
    pub regions: Vec<Region>,
}

/// Names and notes of a model's kit.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct KitCard {
    /// What each instrument is called.
    pub names: [String; INSTRUMENTS],
    /// The MIDI note of each, 0..=127.
    pub notes: [u8; INSTRUMENTS],
}

/// A named place on the map.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Region {
    /// A genre.
    pub name: String,
    /// 0..=1 from left to right.
    pub x: f64,
    /// 0..=1 from bottom to top.
    pub y: f64,
}

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file cannot be read.
    #[error("the model {path} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The plugin looked at the file and refused it.
    #[error("{0}")]
    Refused(String),
    /// The plugin said neither yes nor no.
    #[error("the plugin has neither loaded nor refused the model within {} s", .0.as_secs())]
    Silent(Duration),
    /// The plugin's state is not what this host understands.
    #[error("the plugin's state cannot carry a model: {0}")]
    State(String),
    /// The host could not save or load a state.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl Card {
    /// Reads the card of the model file at `path`.
    ///
    /// # Errors
    /// The file is missing, no safetensors file, or carries no card.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let failed = |reason: String| ModelError::Unreadable { path: path.to_owned(), reason };
        let found = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
        if !found.is_file() {
            return Err(failed("it is a folder or a device".to_owned()));
        }
        let length = found.len();
        if length > MOST_BYTES {
            return Err(failed(format!("{length} bytes are too many for a model")));
        }
        let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        let (_, header) = SafeTensors::read_metadata(&bytes)
            .map_err(|error| failed(format!("it is no whole safetensors file ({error})")))?;
        let card = header.metadata().as_ref().and_then(|metadata| metadata.get(CARD));
        let card = card.ok_or_else(|| failed(format!("its header has no \"{CARD}\" entry")))?;
        let card: Self = serde_json::from_str(card)
            .map_err(|error| failed(format!("its \"{CARD}\" entry is damaged ({error})")))?;
        let on_map = |region: &Region| (0.0..=1.0).contains(&region.x) && (0.0..=1.0).contains(&region.y);
        match card.regions.iter().find(|region| !on_map(region)) {
            Some(region) => Err(failed(format!("its region \"{}\" lies outside the map", region.name))),
            None => Ok(card),
        }
    }
}

/// Puts the model at `path` into an inactive plugin through its state, as a project would.
///
/// # Errors
/// The file is missing, the plugin's state is of another kind, or the plugin refuses the model; the
/// refusal is the plugin's own sentence.
pub fn choose_model(instance: &mut dyn Instance, path: &Path) -> Result<(), ModelError> {
    let failed = |reason: String| ModelError::Unreadable { path: path.to_owned(), reason };
    if !path.is_file() {
        return Err(failed("there is no such file".to_owned()));
    }
    let absolute = std::path::absolute(path).map_err(|error| failed(error.to_string()))?;
    let mut field = Map::new();
    field.insert("path".to_owned(), Value::String(absolute.to_string_lossy().into_owned()));
    if absolute.to_str().is_none() {
        let bytes = absolute.as_os_str().as_encoded_bytes();
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        field.insert("bytes".to_owned(), Value::String(digits));
    }
    let state = with_field(&instance.save()?, FIELD, &Value::Object(field))?;
    instance.load(&state)?;
    instance.activate(Setup::new(Mode::Offline))?;
    let outcome = wait_for_outcome(instance);
    instance.deactivate()?;
    outcome
}

/// The plugin reads the file on a thread of its own while it is active, and notes the outcome in its state.
fn wait_for_outcome(instance: &mut dyn Instance) -> Result<(), ModelError> {
    let asked = Instant::now();
    loop {
        instance.idle();
        match outcome(&instance.save()?)? {
            Outcome::Loaded => return Ok(()),
            Outcome::Refused(sentence) => return Err(ModelError::Refused(sentence)),
            Outcome::Open if asked.elapsed() > PATIENCE => return Err(ModelError::Silent(PATIENCE)),
            Outcome::Open => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// The state with one of its fields replaced.
fn with_field(bytes: &[u8], name: &str, value: &Value) -> Result<Vec<u8>, ModelError> {
    let mut state = parse(bytes)?;
    let fields = state
        .get_mut("fields")
        .and_then(Value::as_object_mut)
        .ok_or_else(|| ModelError::State("it has no fields".to_owned()))?;
    fields.insert(name.to_owned(), Value::String(value.to_string()));
    let json = serde_json::to_vec(&state).map_err(|error| ModelError::State(error.to_string()))?;
    let length = (json.len() as u64).to_le_bytes();
    let prefix = if json_of(bytes).len() < bytes.len() { &length[..] } else { &[] };
    Ok([prefix, &json].concat())
}

/// The JSON of a state: under CLAP the framework writes its length before it, in eight bytes.
pub(crate) fn json_of(bytes: &[u8]) -> &[u8] {
    match bytes.split_first_chunk::<8>() {
        Some((length, rest)) if u64::from_le_bytes(*length) == rest.len() as u64 => rest,
        _ => bytes,
    }
}

/// What became of the model that a state asks for.
#[derive(Debug, PartialEq)]
enum Outcome {
    Loaded,
    Refused(String),
    Open,
}

fn outcome(state: &[u8]) -> Result<Outcome, ModelError> {
    let state = parse(state)?;
    let Some(field) = state["fields"][FIELD].as_str() else {
        return Err(ModelError::State(format!("it has no field \"{FIELD}\"")));
    };
    let field: Value = serde_json::from_str(field).map_err(|error| ModelError::State(error.to_string()))?;
    Ok(match (field["refused"].as_str(), field["sha256"].as_str()) {
        (Some(sentence), _) => Outcome::Refused(sentence.to_owned()),
        (None, Some(_)) => Outcome::Loaded,
        (None, None) => Outcome::Open,
    })
}

fn parse(state: &[u8]) -> Result<Value, ModelError> {
    serde_json::from_slice(json_of(state)).map_err(|error| ModelError::State(error.to_string()))
}

/// The field of the plugin's state that holds its bank.
const BANK: &str = "bank";

/// The bank as the state writes it; empty where none has come yet.
pub(crate) fn saved_bank(instance: &mut dyn Instance) -> Result<String, HostError> {
    let state = instance.save()?;
    let state: Value =
        serde_json::from_slice(json_of(&state)).map_err(|_| HostError::Missing("readable state"))?;
    let bank = state["fields"][BANK].as_str().ok_or(HostError::Missing("bank in its state"))?;
    let bank: Value = serde_json::from_str(bank).map_err(|_| HostError::Missing("readable bank"))?;
    let takes = bank["takes"].as_array().is_some_and(|takes| !takes.is_empty());
    Ok(if takes { bank.to_string() } else { String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A safetensors file without tensors whose header says `metadata`.
    fn file(metadata: &str) -> tempfile::NamedTempFile {
        let header = format!("{{\"__metadata__\":{metadata}}}");
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(&(header.len() as u64).to_le_bytes()).expect("room for a length");
        file.write_all(header.as_bytes()).expect("room for a header");
        file
    }

    #[test]
    fn a_card_is_read_and_each_damage_is_named() {
        let card = serde_json::json!({
            "kit": {"names": beat::DEFAULT_INSTRUMENT_NAMES, "notes": beat::Kit::DEFAULT.notes()},
            "regions": [{"name": "funk", "x": 0.25, "y": 0.75}],
        });
        let metadata = |card: &str| serde_json::json!({ CARD: card }).to_string();
        let good = Card::read(file(&metadata(&card.to_string())).path()).expect("a good card");
        assert_eq!((good.regions[0].name.as_str(), good.kit.notes[0]), ("funk", 36));

        let check = |file: tempfile::NamedTempFile, complaint: &str| {
            let error = Card::read(file.path()).expect_err(complaint).to_string();
            assert!(error.contains(complaint), "{error}");
        };
        check(file("{}"), "no \"beatfield\" entry");
        check(file(&metadata("{\"kit\":")), "damaged");
        check(file("7"), "no whole safetensors file");
        check(file(&metadata(&card.to_string().replace("0.25", "1.25"))), "\"funk\" lies outside the map");
        let mut empty = card.clone();
        empty["regions"] = serde_json::json!([]);
        let unnamed =
            Card::read(file(&metadata(&empty.to_string())).path()).expect("a small map has no names");
        assert_eq!(unnamed.regions, []);
    }

    #[test]
    fn a_state_takes_a_model_and_tells_its_refusal() {
        let state = br#"{"version":"1","params":{},"fields":{"window":"7"}}"#;
        let told = |field: Value| {
            let state = with_field(state, FIELD, &field).expect("a state with fields");
            outcome(&state).expect("a field that is JSON")
        };
        assert_eq!(told(serde_json::json!({"path": "a b"})), Outcome::Open);
        assert_eq!(told(serde_json::json!({"path": "a b", "sha256": "07"})), Outcome::Loaded);
        let refused = serde_json::json!({"sha256": "07", "refused": "too small"});
        assert_eq!(told(refused), Outcome::Refused("too small".to_owned()));
        let counted = [&(state.len() as u64).to_le_bytes()[..], state].concat();
        let changed = with_field(&counted, FIELD, &serde_json::json!({"path": "b"})).expect("a state");
        assert_eq!(changed.len() as u64, 8 + u64::from_le_bytes(*changed.first_chunk().expect("a length")));
        assert_eq!(outcome(&changed).expect("a state"), Outcome::Open);
        assert!(with_field(b"junk", FIELD, &Value::Null).is_err());
    }
}
