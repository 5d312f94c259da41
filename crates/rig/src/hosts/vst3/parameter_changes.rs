//! Automation as VST3 wants it: a list of queues, one a parameter. Used on the audio thread.

use crate::hosts::ParameterChange;
use std::sync::{Mutex, MutexGuard, PoisonError};
use vst3::Steinberg::Vst::{
    IParamValueQueue, IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait, ParamID, ParamValue,
};
use vst3::Steinberg::{int32, kInvalidArgument, kResultOk, tresult};
use vst3::{Class, ComPtr, ComWrapper};

/// The points of one parameter within a block: sample and value.
pub(super) struct Queue {
    parameter: ParamID,
    points: Mutex<Vec<(int32, f64)>>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Vec<(int32, f64)>> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.parameter
    }

    unsafe fn getPointCount(&self) -> int32 {
        self.lock().len() as int32
    }

    unsafe fn getPoint(&self, index: int32, sample: *mut int32, value: *mut ParamValue) -> tresult {
        let points = self.lock();
        let point = usize::try_from(index).ok().and_then(|index| points.get(index));
        // SAFETY: the plugin hands out room for one number each, or null.
        match unsafe { (point, sample.as_mut(), value.as_mut()) } {
            (Some(&point), Some(sample), Some(value)) => {
                (*sample, *value) = point;
                kResultOk
            }
            _ => kInvalidArgument,
        }
    }

    unsafe fn addPoint(&self, sample: int32, value: ParamValue, index: *mut int32) -> tresult {
        let mut points = self.lock();
        points.push((sample, value));
        // SAFETY: the plugin hands out room for one number, or null.
        if let Some(index) = unsafe { index.as_mut() } {
            *index = points.len() as int32 - 1;
        }
        kResultOk
    }
}

/// A queue with the reference that is lent to the plugin.
struct Lent {
    queue: ComWrapper<Queue>,
    pointer: ComPtr<IParamValueQueue>,
}

/// The changes of one block.
#[derive(Default)]
pub(super) struct Changes(Mutex<Vec<Lent>>);

impl Changes {
    /// The changes of a block; points of one parameter keep their order.
    pub(super) fn of(changes: &[ParameterChange]) -> Self {
        let this = Self::default();
        for change in changes {
            let mut queues = this.lock();
            let known = queues.iter().position(|lent| lent.queue.parameter == change.parameter.0);
            let queue = match known {
                Some(index) => Some(&queues[index].queue),
                None => add(&mut queues, change.parameter.0).map(|lent| &lent.queue),
            };
            if let Some(queue) = queue {
                queue.lock().push((change.sample as int32, change.value));
            }
        }
        this
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Lent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(queues: &mut Vec<Lent>, parameter: ParamID) -> Option<&Lent> {
    let queue = ComWrapper::new(Queue { parameter, points: Mutex::default() });
    let pointer = queue.to_com_ptr::<IParamValueQueue>()?;
    queues.push(Lent { queue, pointer });
    queues.last()
}

impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> int32 {
        self.lock().len() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let queues = self.lock();
        let lent = usize::try_from(index).ok().and_then(|index| queues.get(index));
        // The queue lives as long as this object, longer than the block that reads it.
        lent.map_or(std::ptr::null_mut(), |lent| lent.pointer.as_ptr())
    }

    unsafe fn addParameterData(&self, parameter: *const ParamID, index: *mut int32) -> *mut IParamValueQueue {
        let mut queues = self.lock();
        let place = queues.len() as int32;
        // SAFETY: the plugin hands in a parameter's id and room for one number, or null.
        let (parameter, index) = unsafe { (parameter.as_ref(), index.as_mut()) };
        let Some(lent) = parameter.and_then(|&parameter| add(&mut queues, parameter)) else {
            return std::ptr::null_mut();
        };
        if let Some(index) = index {
            *index = place;
        }
        lent.pointer.as_ptr()
    }
}
