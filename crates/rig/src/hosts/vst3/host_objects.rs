//! The objects that the host passes to a VST3 plugin: the application, a component handler and streams for
//! states.

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

/// The host application, which has a name.
pub(super) struct Application;

impl Class for Application {
    type Interfaces = (IHostApplication,);
}

impl IHostApplicationTrait for Application {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        // SAFETY: the plugin passes room for a String128, or null.
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

/// Keeps the edits of the plugin's window, from any thread, until the next block.
#[derive(Default)]
pub(super) struct ComponentHandler {
    edits: Mutex<Vec<(ParamID, ParamValue)>>,
}

impl ComponentHandler {
    /// The edits since the last call, as parameter and normalised value, in order.
    pub(super) fn take_edits(&self) -> Vec<(ParamID, ParamValue)> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(ParamID, ParamValue)>> {
        self.edits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Class for ComponentHandler {
    type Interfaces = (IComponentHandler,);
}

impl IComponentHandlerTrait for ComponentHandler {
    unsafe fn beginEdit(&self, _parameter: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn performEdit(&self, parameter: ParamID, value: ParamValue) -> tresult {
        self.lock().push((parameter, value));
        kResultOk
    }

    unsafe fn endEdit(&self, _parameter: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn restartComponent(&self, _flags: int32) -> tresult {
        kResultOk
    }
}

/// A stream in memory, for states.
#[derive(Default)]
pub(super) struct MemoryStream(Mutex<(Vec<u8>, usize)>);

impl MemoryStream {
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

impl Class for MemoryStream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for MemoryStream {
    unsafe fn read(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let mut inner = self.lock();
        let (bytes, at) = &mut *inner;
        let rest = bytes.get(*at..).unwrap_or_default();
        let rest = &rest[..rest.len().min(usize::try_from(count).unwrap_or(0))];
        if !rest.is_empty() {
            // SAFETY: the plugin passes room for `count` bytes, which `rest` does not exceed.
            unsafe { std::ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast(), rest.len()) };
        }
        *at += rest.len();
        store(done, rest.len() as int32);
        kResultOk
    }

    unsafe fn write(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let (Ok(length), false) = (usize::try_from(count), buffer.is_null()) else { return kInvalidArgument };
        // SAFETY: the plugin passes `count` bytes, and they are not null.
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

/// Writes a result where the plugin passes room for it.
fn store<T>(place: *mut T, value: T) {
    // SAFETY: the plugin passes room for one value, or null.
    if let Some(place) = unsafe { place.as_mut() } {
        *place = value;
    }
}

/// The text of a String128, which may end with a zero.
pub(super) fn text(units: &String128) -> String {
    let units: Vec<u16> = units.iter().map(|&unit| unit as u16).take_while(|&unit| unit != 0).collect();
    String::from_utf16_lossy(&units)
}
