//! Note events as VST3 carries them. Used on the audio thread.

use crate::hosts::Output;
use beat::{NoteEvent, NoteKind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use vst3::Class;
use vst3::Steinberg::Vst::Event_::EventTypes_::{kNoteOffEvent, kNoteOnEvent};
use vst3::Steinberg::Vst::{Event, Event__type0, IEventList, IEventListTrait, NoteOffEvent, NoteOnEvent};
use vst3::Steinberg::{int32, kInvalidArgument, kResultOk, tresult};

/// The events of one block, into the plugin or out of it.
#[derive(Default)]
pub(super) struct Events(Mutex<Vec<Event>>);

impl Events {
    /// The events of notes that are played into the plugin.
    pub(super) fn of(notes: &[NoteEvent]) -> Self {
        Self(Mutex::new(notes.iter().map(event).collect()))
    }

    /// Hands what the plugin sent to `output`, and forgets it.
    pub(super) fn drain_into(&self, output: &mut Output) {
        for event in self.lock().drain(..) {
            let sample = u32::try_from(event.sampleOffset).unwrap_or(u32::MAX);
            match u32::from(event.r#type) {
                kind if kind == kNoteOnEvent as u32 => {
                    // SAFETY: the type says which part of the union was written.
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A channel or pitch; one that MIDI does not have becomes 255, which the recorder names.
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

impl Class for Events {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for Events {
    unsafe fn getEventCount(&self) -> int32 {
        self.lock().len() as int32
    }

    unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
        let events = self.lock();
        let found = usize::try_from(index).ok().and_then(|index| events.get(index));
        // SAFETY: the plugin hands out room for one event, or null.
        match (found, unsafe { event.as_mut() }) {
            (Some(found), Some(event)) => {
                *event = *found;
                kResultOk
            }
            _ => kInvalidArgument,
        }
    }

    unsafe fn addEvent(&self, event: *mut Event) -> tresult {
        // SAFETY: the plugin hands in one event, or null.
        let Some(event) = (unsafe { event.as_ref() }) else { return kInvalidArgument };
        self.lock().push(*event);
        kResultOk
    }
}
