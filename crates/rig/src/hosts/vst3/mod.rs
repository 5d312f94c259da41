//! VST3: loads a bundle and hosts its instances. This module tree is the only one of the rig with
//! `unsafe` throughout: VST3 is a C++ interface, and every call into it is.

#![allow(unsafe_code, reason = "VST3 is a C++ interface; each call says what makes it sound")]
#![allow(clippy::unnecessary_cast, reason = "VST3's enums are i32 on Windows and u32 elsewhere")]

mod bundle;

mod context;
mod events;
mod host_objects;
mod instance;
mod parameter_changes;
mod processor;

pub use bundle::Bundle;
pub use instance::Vst3Instance;

use crate::hosts::HostError;
use vst3::Steinberg::{kResultOk, tresult};

/// Turns what a VST3 call returned into a result.
fn check(result: tresult, step: &'static str) -> Result<(), HostError> {
    if result == kResultOk {
        Ok(())
    } else {
        Err(HostError::Refused { step, reason: format!("it returned {result}") })
    }
}

/// The text of a fixed array of UTF-16 that may end with a zero.
fn text(units: &[u16]) -> String {
    let end = units.iter().position(|&unit| unit == 0).unwrap_or(units.len());
    String::from_utf16_lossy(&units[..end])
}
