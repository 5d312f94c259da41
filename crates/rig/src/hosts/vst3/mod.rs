//! VST3: loads a bundle and hosts its instances. This module tree is the only one of the rig with
//! `unsafe` throughout: VST3 is a C++ interface, and every call into it is.

#![allow(unsafe_code, reason = "VST3 is a C++ interface; each call says what makes it sound")]
#![allow(clippy::unnecessary_cast, reason = "VST3's enums are i32 on Windows and u32 elsewhere")]

mod host_objects;
mod instance;
mod lists;
mod module;
mod processor;
#[cfg(target_os = "linux")]
mod window;

pub(super) use instance::Vst3Plugin;
pub(super) use module::{Module, library_in};
