//! Makes a state valid before an instance takes it: complete, in range, and with a remark where it is not
//! what this build saves. Runs on whichever thread the host loads a state on.
//!
//! The framework sets parameters to whatever a state says, also out of range, keeps an instance's value where
//! the state has none, and panics when it saves an enumeration value that does not exist. So nothing reaches
//! it unchecked.

use nice_plug::params::enums::EnumParamInner;
use nice_plug::plugin::ParamValue;
use nice_plug::prelude::*;

use crate::params::BeatfieldParams;
use crate::saved::{KeptBanks, KeptScene, KeptShape, ModelChoice, STATE_VERSION, VersionField, WindowSize};

/// The field of the state's version.
const VERSION: &str = "beatfield";

/// Completes a state: what is missing or invalid gets its default, what is out of range the nearest value,
/// and the remark on it goes into the version field.
pub(crate) fn complete(state: &mut PluginState) {
    let mut damaged = Vec::new();
    let fresh = BeatfieldParams::default();
    for (id, parameter) in parameters(&fresh) {
        let value = state.params.entry(id.clone()).or_insert_with(|| parameter.default());
        if !parameter.settle(value) {
            damaged.push(id);
        }
    }
    settle_field(state, "model", |model: &ModelChoice| Some(model.clone()), &mut damaged);
    settle_field(state, "bank", |banks: &KeptBanks| banks.is_sound().then(|| banks.clone()), &mut damaged);
    // Converted forth and back, as it will be saved again: JSON has no infinity, for example.
    settle_field(state, "shape", |shape: &KeptShape| Some(KeptShape::of(&shape.shape())), &mut damaged);
    settle_field(state, "scenes", |scenes: &Vec<Option<KeptScene>>| Some(scenes.clone()), &mut damaged);
    settle_field(state, "window", |size: &WindowSize| Some(*size), &mut damaged);
    let remark = remark(state, &damaged);
    let field = serde_json::to_string(&VersionField::Read { remark }).unwrap_or_default();
    state.fields.insert(VERSION.into(), field);
}

/// The remark on this state, most important first.
fn remark(state: &PluginState, damaged: &[String]) -> Option<String> {
    let version = state.fields.get(VERSION).and_then(|text| serde_json::from_str::<u32>(text).ok());
    let mut sentences = Vec::new();
    match version {
        Some(version) if version > STATE_VERSION => sentences.push(format!(
            "This project was saved by a newer Beatfield (state {version}, this one knows {STATE_VERSION}): what is new in it was left out."
        )),
        Some(1..) => {}
        _ => sentences.push("This project does not say which Beatfield saved it: what could be read was.".into()),
    }
    if !damaged.is_empty() {
        sentences.push(format!(
            "Parts of this project were damaged and are set to what is nearest: {}.",
            damaged.join(", ")
        ));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Leaves a valid field as it is, and replaces any other by what `nearest` makes of it, else by the default.
/// Adds its name to `damaged` where it was there.
fn settle_field<T>(
    state: &mut PluginState,
    name: &str,
    nearest: fn(&T) -> Option<T>,
    damaged: &mut Vec<String>,
) where
    T: Default + PartialEq + serde::Serialize + serde::de::DeserializeOwned,
{
    let found: Option<Option<T>> = state.fields.get(name).map(|text| serde_json::from_str(text).ok());
    let settled = found.as_ref().and_then(Option::as_ref).and_then(nearest);
    if settled.is_some() && found.as_ref() == Some(&settled) {
        return;
    }
    if found.is_some() {
        damaged.push(name.into());
    }
    let settled = settled.unwrap_or_default();
    state.fields.insert(name.into(), serde_json::to_string(&settled).unwrap_or_default());
}

/// A parameter of any type.
enum Parameter<'a> {
    Float(&'a FloatParam),
    Int(&'a IntParam),
    Bool(&'a BoolParam),
    Choice(&'a EnumParamInner),
}

#[allow(unsafe_code, reason = "the framework hands the parameters of a struct out as pointers only")]
fn parameters(params: &BeatfieldParams) -> Vec<(String, Parameter<'_>)> {
    let parameter = |pointer| {
        // SAFETY: each pointer was just made from a field of `params`, whose borrow outlives the result.
        unsafe {
            match pointer {
                ParamPtr::FloatParam(parameter) => Parameter::Float(&*parameter),
                ParamPtr::IntParam(parameter) => Parameter::Int(&*parameter),
                ParamPtr::BoolParam(parameter) => Parameter::Bool(&*parameter),
                ParamPtr::EnumParam(parameter) => Parameter::Choice(&*parameter),
            }
        }
    };
    params.param_map().into_iter().map(|(id, pointer, _)| (id, parameter(pointer))).collect()
}

impl Parameter<'_> {
    fn default(&self) -> ParamValue {
        match self {
            Self::Float(parameter) => ParamValue::F32(parameter.default_plain_value()),
            Self::Int(parameter) => ParamValue::I32(parameter.default_plain_value()),
            Self::Bool(parameter) => ParamValue::Bool(parameter.default_plain_value()),
            Self::Choice(parameter) => ParamValue::I32(parameter.default_plain_value()),
        }
    }

    /// The value, or the nearest in the parameter's range.
    fn nearest(&self, value: &ParamValue) -> Option<ParamValue> {
        Some(match (self, value) {
            (Self::Float(parameter), ParamValue::F32(value)) if !value.is_nan() => {
                ParamValue::F32(value.clamp(parameter.preview_plain(0.0), parameter.preview_plain(1.0)))
            }
            (Self::Int(parameter), ParamValue::I32(value)) => {
                ParamValue::I32(*value.clamp(&parameter.preview_plain(0.0), &parameter.preview_plain(1.0)))
            }
            (Self::Bool(_), ParamValue::Bool(value)) => ParamValue::Bool(*value),
            (Self::Choice(parameter), ParamValue::String(id)) if parameter.set_from_id(id) => {
                ParamValue::String(id.clone())
            }
            (Self::Choice(parameter), ParamValue::I32(index)) => {
                let most = parameter.preview_plain(1.0);
                if !(0..=most).contains(index) {
                    return None; // enumeration values have no order
                }
                ParamValue::I32(*index)
            }
            _ => return None,
        })
    }

    /// Moves a value into the parameter's range, or to the default; false where that changed it.
    fn settle(&self, value: &mut ParamValue) -> bool {
        let settled = self.nearest(value);
        let same = match (&settled, &*value) {
            (Some(ParamValue::F32(a)), ParamValue::F32(b)) => a == b,
            (Some(ParamValue::I32(a)), ParamValue::I32(b)) => a == b,
            (settled, _) => settled.is_some(),
        };
        *value = settled.unwrap_or_else(|| self.default());
        same
    }
}

/// Makes a state that was saved by an older build sound as it did there.
pub(crate) fn open_older(state: &mut PluginState) {
    // Before there was a built-in kit, the notes played another instrument, so the kit is off. The
    // framework's type of a value cannot be constructed outside, so it is parsed.
    if let Ok(off) = serde_json::from_str(r#"{"f32":0.0}"#) {
        state.params.entry("kitlevel".to_owned()).or_insert(off);
    }
    // Before there were other metres everything was played in 4/4, whatever the host's time signature.
    if let Ok(four) = serde_json::from_str(r#"{"string":"four"}"#) {
        state.params.entry("metre".to_owned()).or_insert(four);
    }
}

#[cfg(test)]
mod tests;
