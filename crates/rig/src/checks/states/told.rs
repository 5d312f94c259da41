//! What a state says, and what an instance may make of it: the state's own values, the nearest that a
//! parameter can have, or the defaults.

use super::StateError;
use crate::{Format, Instance};
use serde_json::{Map, Value};

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
