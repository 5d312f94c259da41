//! The bank within a plugin's state: what the decode thread published last, as a host can see it.

use crate::hosts::model::json_of;
use crate::{HostError, Instance};
use serde_json::Value;

/// The field of the state that holds the bank.
const FIELD: &str = "bank";

/// The bank as the state writes it; empty where none has come yet.
pub(super) fn of(instance: &mut dyn Instance) -> Result<String, HostError> {
    let state = instance.save()?;
    let state: Value =
        serde_json::from_slice(json_of(&state)).map_err(|_| HostError::Missing("readable state"))?;
    let bank = state["fields"][FIELD].as_str().ok_or(HostError::Missing("bank in its state"))?;
    let bank: Value = serde_json::from_str(bank).map_err(|_| HostError::Missing("readable bank"))?;
    let takes = bank["takes"].as_array().is_some_and(|takes| !takes.is_empty());
    Ok(if takes { bank.to_string() } else { String::new() })
}
