//! The lists of one VST3 block: note events and parameter changes. Used on the audio thread.

use crate::hosts::{BlockOutput, ParameterChange};
use beat::{NoteEvent, NoteKind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use vst3::Steinberg::Vst::Event_::EventTypes_::{kNoteOffEvent, kNoteOnEvent};
use vst3::Steinberg::Vst::{Event, Event__type0, IEventList, IEventListTrait, NoteOffEvent, NoteOnEvent};
use vst3::Steinberg::Vst::{
    IParamValueQueue, IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait, ParamID, ParamValue,
};
use vst3::Steinberg::{int32, kInvalidArgument, kResultFalse, kResultOk, tresult};
use vst3::{Class, ComPtr, ComWrapper};

/// The events of one block, into the plugin or out of it.
#[derive(Default)]
pub(super) struct EventList {
    events: Mutex<Vec<Event>>,
    /// Whether the plugin's events are refused.
    refuses: bool,
}

impl EventList {
    /// The events of notes that are played into the plugin.
    pub(super) fn of(notes: &[NoteEvent]) -> Self {
        Self { events: Mutex::new(notes.iter().map(event).collect()), refuses: false }
    }

    /// An empty list that refuses every event.
    pub(super) fn refusing() -> Self {
        Self { refuses: true, ..Self::default() }
    }

    /// Moves the events of the plugin to `output`.
    pub(super) fn drain_into(&self, output: &mut BlockOutput) {
        for event in self.lock().drain(..) {
            let sample = u32::try_from(event.sampleOffset).unwrap_or(u32::MAX);
            match u32::from(event.r#type) {
                kind if kind == kNoteOnEvent as u32 => {
                    // SAFETY: the type tells which field of the union is valid.
                    let note = unsafe { event.__field0.noteOn };
                    let velocity = Some(f64::from(note.velocity));
                    output.push_note(sample, number(note.channel), number(note.pitch), velocity);
                }
                kind if kind == kNoteOffEvent as u32 => {
                    // SAFETY: as above.
                    let note = unsafe { event.__field0.noteOff };
                    output.push_note(sample, number(note.channel), number(note.pitch), None);
                }
                _ => output.other_events += 1,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A channel or pitch; one outside MIDI becomes 255, which the recorder reports.
fn number(value: i16) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

fn event(note: &NoteEvent) -> Event {
    let (channel, pitch) = (i16::from(note.channel), i16::from(note.note));
    let (kind, field) = match note.kind {
        NoteKind::On { velocity } => {
            let velocity = f32::from(velocity) / 127.0;
            let note = NoteOnEvent { channel, pitch, tuning: 0.0, velocity, length: 0, noteId: -1 };
            (kNoteOnEvent, Event__type0 { noteOn: note })
        }
        NoteKind::Off => {
            let note = NoteOffEvent { channel, pitch, velocity: 0.0, noteId: -1, tuning: 0.0 };
            (kNoteOffEvent, Event__type0 { noteOff: note })
        }
    };
    Event {
        busIndex: 0,
        sampleOffset: note.sample as int32,
        ppqPosition: 0.0,
        flags: 0,
        r#type: kind as u16,
        __field0: field,
    }
}

impl Class for EventList {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for EventList {
    unsafe fn getEventCount(&self) -> int32 {
        self.lock().len() as int32
    }

    unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
        let events = self.lock();
        let found = usize::try_from(index).ok().and_then(|index| events.get(index));
        // SAFETY: the plugin passes room for one event, or null.
        match (found, unsafe { event.as_mut() }) {
            (Some(found), Some(event)) => {
                *event = *found;
                kResultOk
            }
            _ => kInvalidArgument,
        }
    }

    unsafe fn addEvent(&self, event: *mut Event) -> tresult {
        // SAFETY: the plugin passes one event, or null.
        let Some(event) = (unsafe { event.as_ref() }) else { return kInvalidArgument };
        if self.refuses {
            return kResultFalse;
        }
        self.lock().push(*event);
        kResultOk
    }
}

/// The points of one parameter within a block: sample and value.
pub(super) struct ValueQueue {
    parameter: ParamID,
    points: Mutex<Vec<(int32, f64)>>,
}

impl ValueQueue {
    fn lock(&self) -> MutexGuard<'_, Vec<(int32, f64)>> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Class for ValueQueue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for ValueQueue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.parameter
    }

    unsafe fn getPointCount(&self) -> int32 {
        self.lock().len() as int32
    }

    unsafe fn getPoint(&self, index: int32, sample: *mut int32, value: *mut ParamValue) -> tresult {
        let points = self.lock();
        let point = usize::try_from(index).ok().and_then(|index| points.get(index));
        // SAFETY: the plugin passes room for one number each, or null.
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
        // SAFETY: the plugin passes room for one number, or null.
        if let Some(index) = unsafe { index.as_mut() } {
            *index = points.len() as int32 - 1;
        }
        kResultOk
    }
}

/// A queue with the pointer that the plugin gets.
struct SharedQueue {
    queue: ComWrapper<ValueQueue>,
    pointer: ComPtr<IParamValueQueue>,
}

/// The changes of one block.
#[derive(Default)]
pub(super) struct ParameterChanges(Mutex<Vec<SharedQueue>>);

impl ParameterChanges {
    /// The changes of a block; points of one parameter keep their order.
    pub(super) fn of(changes: &[ParameterChange]) -> Self {
        let this = Self::default();
        for change in changes {
            let mut queues = this.lock();
            let known = queues.iter().position(|shared| shared.queue.parameter == change.parameter.0);
            let queue = match known {
                Some(index) => Some(&queues[index].queue),
                None => add(&mut queues, change.parameter.0).map(|shared| &shared.queue),
            };
            if let Some(queue) = queue {
                queue.lock().push((change.sample as int32, change.value));
            }
        }
        this
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SharedQueue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(queues: &mut Vec<SharedQueue>, parameter: ParamID) -> Option<&SharedQueue> {
    let queue = ComWrapper::new(ValueQueue { parameter, points: Mutex::default() });
    let pointer = queue.to_com_ptr::<IParamValueQueue>()?;
    queues.push(SharedQueue { queue, pointer });
    queues.last()
}

impl Class for ParameterChanges {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for ParameterChanges {
    unsafe fn getParameterCount(&self) -> int32 {
        self.lock().len() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let queues = self.lock();
        let shared = usize::try_from(index).ok().and_then(|index| queues.get(index));
        // The queue lives as long as this object, which outlives the block.
        shared.map_or(std::ptr::null_mut(), |shared| shared.pointer.as_ptr())
    }

    unsafe fn addParameterData(&self, parameter: *const ParamID, index: *mut int32) -> *mut IParamValueQueue {
        let mut queues = self.lock();
        let place = queues.len() as int32;
        // SAFETY: the plugin passes a parameter's id and room for one number, or null.
        let (parameter, index) = unsafe { (parameter.as_ref(), index.as_mut()) };
        let Some(shared) = parameter.and_then(|&parameter| add(&mut queues, parameter)) else {
            return std::ptr::null_mut();
        };
        if let Some(index) = index {
            *index = place;
        }
        shared.pointer.as_ptr()
    }
}
