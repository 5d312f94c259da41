//! What a host without tensors can read and change: the header of a model file, and the JSON of a saved
//! state with its model and bank.

use crate::hosts::{HostError, Instance, Mode, Setup};
use anyhow::{Context, Result, bail, ensure};
use beat::INSTRUMENTS;
use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::Path;
use std::time::{Duration, Instant};

/// A model file is a few megabytes; one larger than this is something else.
const MOST_BYTES: u64 = 1 << 28;
/// The metadata key of the model card.
const HEADER_ENTRY: &str = "beatfield";
/// How long the plugin may take to read a model.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The field of the plugin's state that names its model.
const FIELD: &str = "model";

/// The part of a model file's header that describes the model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ModelCard {
    /// Its 14 instruments.
    pub kit: KitCard,
    /// The genres on its map.
    #[serde(default)]
    pub genres: Vec<String>,
    /// Their centres on the map; none where too few patterns have a genre.
    #[serde(default)]
    pub regions: Vec<SavedRegion>,
}

/// Names and notes of a model's kit.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct KitCard {
    /// The name of each instrument.
    pub names: [String; INSTRUMENTS],
    /// The MIDI note of each, 0..=127.
    pub notes: [u8; INSTRUMENTS],
}

/// A named place on the map.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SavedRegion {
    /// A genre.
    pub name: String,
    /// 0..=1 from left to right.
    pub x: f64,
    /// 0..=1 from bottom to top.
    pub y: f64,
}

impl ModelCard {
    /// Reads the card of the model file at `path`.
    ///
    /// # Errors
    /// The file is missing, no safetensors file, or carries no card.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_header(path).with_context(|| format!("the model {} cannot be read", path.display()))
    }

    fn read_header(path: &Path) -> Result<Self> {
        let found = std::fs::metadata(path)?;
        ensure!(found.is_file(), "it is a folder or a device");
        ensure!(found.len() <= MOST_BYTES, "{} bytes are too many for a model", found.len());
        let bytes = std::fs::read(path)?;
        let (_, header) = SafeTensors::read_metadata(&bytes).context("it is no whole safetensors file")?;
        let card = header.metadata().as_ref().and_then(|metadata| metadata.get(HEADER_ENTRY));
        let card = card.with_context(|| format!("its header has no \"{HEADER_ENTRY}\" entry"))?;
        let card: Self =
            serde_json::from_str(card).with_context(|| format!("its \"{HEADER_ENTRY}\" entry is damaged"))?;
        let on_map =
            |region: &SavedRegion| (0.0..=1.0).contains(&region.x) && (0.0..=1.0).contains(&region.y);
        match card.regions.iter().find(|region| !on_map(region)) {
            Some(region) => bail!("its region \"{}\" lies outside the map", region.name),
            None => Ok(card),
        }
    }
}

/// Puts the model at `path` into an inactive plugin through its state, as a project would.
///
/// # Errors
/// The file is missing, the plugin's state has another format, or the plugin refuses the model, with the
/// plugin's own message.
pub fn choose_model(instance: &mut Instance, path: &Path) -> Result<()> {
    let name = path.display();
    ensure!(path.is_file(), "the model {name} cannot be read: there is no such file");
    let absolute = std::path::absolute(path).with_context(|| format!("the model {name} cannot be read"))?;
    let mut field = Map::new();
    field.insert("path".to_owned(), Value::String(absolute.to_string_lossy().into_owned()));
    if absolute.to_str().is_none() {
        let bytes = absolute.as_os_str().as_encoded_bytes();
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        field.insert("bytes".to_owned(), Value::String(digits));
    }
    let state = with_field(&instance.save()?, FIELD, &Value::Object(field).to_string())?;
    instance.load(&state)?;
    instance.activate(Setup::new(Mode::Offline))?;
    let result = wait_for_model(instance);
    instance.deactivate()?;
    result
}

/// Waits for the result: an active plugin reads the file on its decode thread and writes the result into its
/// state.
fn wait_for_model(instance: &mut Instance) -> Result<()> {
    let start = Instant::now();
    loop {
        instance.idle();
        match model_status(&instance.save()?)? {
            ModelStatus::Loaded => return Ok(()),
            ModelStatus::Refused(sentence) => bail!(sentence),
            ModelStatus::Pending if start.elapsed() > TIMEOUT => {
                bail!("the plugin has neither loaded nor refused the model within {} s", TIMEOUT.as_secs())
            }
            ModelStatus::Pending => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// The state with one of its fields, which are JSON in JSON strings, set to `value`.
///
/// # Errors
/// The state is no JSON or has no fields.
pub fn with_field(bytes: &[u8], name: &str, value: &str) -> Result<Vec<u8>> {
    let mut state = parse(bytes)?;
    let fields =
        state.get_mut("fields").and_then(Value::as_object_mut).context("the plugin's state has no fields")?;
    fields.insert(name.to_owned(), Value::String(value.to_owned()));
    Ok(state_bytes(json_of(bytes).len() < bytes.len(), &state.to_string()))
}

/// The bytes of a state with this JSON, under CLAP `with_length`: the framework writes the length before it, as
/// eight bytes, low byte first.
pub fn state_bytes(with_length: bool, json: &str) -> Vec<u8> {
    let length = (json.len() as u64).to_le_bytes();
    [if with_length { &length[..] } else { &[] }, json.as_bytes()].concat()
}

/// The JSON of a state, without the length that [`state_bytes`] describes.
pub fn json_of(bytes: &[u8]) -> &[u8] {
    match bytes.split_first_chunk::<8>() {
        Some((length, rest)) if u64::from_le_bytes(*length) == rest.len() as u64 => rest,
        _ => bytes,
    }
}

/// The model of a state.
#[derive(Debug, PartialEq)]
enum ModelStatus {
    Loaded,
    Refused(String),
    Pending,
}

fn model_status(state: &[u8]) -> Result<ModelStatus> {
    let state = parse(state)?;
    let field = state["fields"][FIELD].as_str();
    let field = field.with_context(|| format!("the plugin's state has no field \"{FIELD}\""))?;
    let field: Value = serde_json::from_str(field).context("the plugin's state cannot carry a model")?;
    Ok(match (field["refused"].as_str(), field["sha256"].as_str()) {
        (Some(sentence), _) => ModelStatus::Refused(sentence.to_owned()),
        (None, Some(_)) => ModelStatus::Loaded,
        (None, None) => ModelStatus::Pending,
    })
}

fn parse(state: &[u8]) -> Result<Value> {
    serde_json::from_slice(json_of(state)).context("the plugin's state cannot be read")
}

/// The field of the plugin's state that holds its bank.
const BANK: &str = "bank";

/// The JSON of the bank in the plugin's state, which its decode thread published last; empty before the first.
pub(crate) fn saved_bank(instance: &mut Instance) -> Result<String, HostError> {
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
        let metadata = |card: &str| serde_json::json!({ HEADER_ENTRY: card }).to_string();
        let good = ModelCard::read(file(&metadata(&card.to_string())).path()).expect("a good card");
        assert_eq!((good.regions[0].name.as_str(), good.kit.notes[0]), ("funk", 36));

        let check = |file: tempfile::NamedTempFile, complaint: &str| {
            let error = format!("{:#}", ModelCard::read(file.path()).expect_err(complaint));
            assert!(error.contains(complaint), "{error}");
        };
        check(file("{}"), "no \"beatfield\" entry");
        check(file(&metadata("{\"kit\":")), "damaged");
        check(file("7"), "no whole safetensors file");
        check(file(&metadata(&card.to_string().replace("0.25", "1.25"))), "\"funk\" lies outside the map");
        let mut empty = card.clone();
        empty["regions"] = serde_json::json!([]);
        let unnamed =
            ModelCard::read(file(&metadata(&empty.to_string())).path()).expect("a small map has no names");
        assert_eq!(unnamed.regions, []);
    }

    #[test]
    fn a_state_carries_a_model_and_its_refusal() {
        let state = br#"{"version":"1","params":{},"fields":{"window":"7"}}"#;
        let status = |field: Value| {
            let state = with_field(state, FIELD, &field.to_string()).expect("a state with fields");
            model_status(&state).expect("a field that is JSON")
        };
        assert_eq!(status(serde_json::json!({"path": "a b"})), ModelStatus::Pending);
        assert_eq!(status(serde_json::json!({"path": "a b", "sha256": "07"})), ModelStatus::Loaded);
        let refused = serde_json::json!({"sha256": "07", "refused": "too small"});
        assert_eq!(status(refused), ModelStatus::Refused("too small".to_owned()));
        let counted = [&(state.len() as u64).to_le_bytes()[..], state].concat();
        let changed = with_field(&counted, FIELD, r#"{"path": "b"}"#).expect("a state");
        assert_eq!(changed.len() as u64, 8 + u64::from_le_bytes(*changed.first_chunk().expect("a length")));
        assert_eq!(model_status(&changed).expect("a state"), ModelStatus::Pending);
        assert!(with_field(b"junk", FIELD, "null").is_err());
    }
}
