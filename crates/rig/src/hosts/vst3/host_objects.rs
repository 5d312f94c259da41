//! What the host offers to a VST3 plugin: itself, a listener for edits, and streams for states.

use crate::hosts::HostError;
use std::ffi::c_void;
use std::sync::{Mutex, MutexGuard, PoisonError};
use vst3::Class;
use vst3::Steinberg::IBStream_::IStreamSeekMode_::{kIBSeekCur, kIBSeekEnd, kIBSeekSet};
use vst3::Steinberg::Vst::{
    IComponentHandler, IComponentHandlerTrait, IHostApplication, IHostApplicationTrait, ParamID, ParamValue,
    String128,
};
use vst3::Steinberg::{
    IBStream, IBStreamTrait, TUID, int32, int64, kInvalidArgument, kNotImplemented, kResultOk, tresult,
};

/// Turns what a VST3 call returned into a result.
pub(super) fn check(result: tresult, step: &'static str) -> Result<(), HostError> {
    if result == kResultOk {
        Ok(())
    } else {
        Err(HostError::Refused { step, reason: format!("it returned {result}") })
    }
}

/// The host as a plugin may ask for its name.
pub(super) struct Application;

impl Class for Application {
    type Interfaces = (IHostApplication,);
}

impl IHostApplicationTrait for Application {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        // SAFETY: the plugin hands out room for a String128, or null.
        let Some(name) = (unsafe { name.as_mut() }) else { return kInvalidArgument };
        for (unit, letter) in name.iter_mut().zip("Beatfield rig\0".encode_utf16()) {
            *unit = letter as _;
        }
        kResultOk
    }

    unsafe fn createInstance(
        &self,
        _class: *mut TUID,
        _iid: *mut TUID,
        _object: *mut *mut c_void,
    ) -> tresult {
        kNotImplemented
    }
}

/// Hears of edits in the plugin's window; the rig opens none, and only needs to be there.
pub(super) struct EditListener;

impl Class for EditListener {
    type Interfaces = (IComponentHandler,);
}

impl IComponentHandlerTrait for EditListener {
    unsafe fn beginEdit(&self, _parameter: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn performEdit(&self, _parameter: ParamID, _value: ParamValue) -> tresult {
        kResultOk
    }

    unsafe fn endEdit(&self, _parameter: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn restartComponent(&self, _flags: int32) -> tresult {
        kResultOk
    }
}

/// A state on its way to or from a plugin.
#[derive(Default)]
pub(super) struct Stream(Mutex<(Vec<u8>, usize)>);

impl Stream {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Mutex::new((bytes.to_vec(), 0)))
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.lock().0.clone()
    }

    fn lock(&self) -> MutexGuard<'_, (Vec<u8>, usize)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Class for Stream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Stream {
    unsafe fn read(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let mut inner = self.lock();
        let (bytes, at) = &mut *inner;
        let rest = bytes.get(*at..).unwrap_or_default();
        let rest = &rest[..rest.len().min(usize::try_from(count).unwrap_or(0))];
        if !rest.is_empty() {
            // SAFETY: the plugin hands out room for `count` bytes, which `rest` does not exceed.
            unsafe { std::ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast(), rest.len()) };
        }
        *at += rest.len();
        store(done, rest.len() as int32);
        kResultOk
    }

    unsafe fn write(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let (Ok(length), false) = (usize::try_from(count), buffer.is_null()) else { return kInvalidArgument };
        // SAFETY: the plugin says that `count` bytes are there, and they are not null.
        let written = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), length) };
        let mut inner = self.lock();
        let (bytes, at) = &mut *inner;
        bytes.truncate(*at);
        bytes.resize(*at, 0);
        bytes.extend_from_slice(written);
        *at += length;
        store(done, count);
        kResultOk
    }

    unsafe fn seek(&self, offset: int64, mode: int32, result: *mut int64) -> tresult {
        let mut inner = self.lock();
        let (bytes, at) = &mut *inner;
        let from = match mode as u32 {
            mode if mode == kIBSeekSet as u32 => 0,
            mode if mode == kIBSeekCur as u32 => *at as i64,
            mode if mode == kIBSeekEnd as u32 => bytes.len() as i64,
            _ => return kInvalidArgument,
        };
        let Ok(target) = usize::try_from(from + offset) else { return kInvalidArgument };
        *at = target.min(bytes.len());
        store(result, *at as int64);
        kResultOk
    }

    unsafe fn tell(&self, position: *mut int64) -> tresult {
        store(position, self.lock().1 as int64);
        kResultOk
    }
}

/// Writes an answer where the plugin wants one.
fn store<T>(place: *mut T, value: T) {
    // SAFETY: VST3 hands out room for one value, or null where the answer does not matter.
    if let Some(place) = unsafe { place.as_mut() } {
        *place = value;
    }
}

/// The name of a parameter, as VST3 writes it.
pub(super) fn title(units: &String128) -> String {
    let units: Vec<u16> = units.iter().map(|&unit| unit as u16).take_while(|&unit| unit != 0).collect();
    String::from_utf16_lossy(&units)
}
