//! The host as the sequencer sees it: where notes go, and what else hears them on their way.

use beat::{NoteEvent, NoteKind, NoteSink, Refused};
use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::{NoteEvent as HostNoteEvent, ProcessContext};

use super::built_in_kit::KitBlock;
use crate::Beatfield;
use crate::capture::CaptureInput;
use crate::display::Meters;

/// Which notes the host has a note-on of, so that each gets its note-off wherever notes go meanwhile.
#[derive(Debug, Default)]
pub(super) struct HeldNotes([u128; 16]);

impl HeldNotes {
    fn holds(&self, event: &NoteEvent) -> bool {
        self.0[usize::from(event.channel & 15)] >> (event.note & 127) & 1 == 1
    }

    fn hold(&mut self, event: &NoteEvent, held: bool) {
        let notes = &mut self.0[usize::from(event.channel & 15)];
        let bit = 1 << (event.note & 127);
        *notes = if held { *notes | bit } else { *notes & !bit };
    }
}

/// Whether notes leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotesOut {
    /// To the host.
    Host,
    /// Nowhere; the built-in kit plays them all the same.
    Nowhere,
}

/// One block of the host.
pub(super) struct HostNotes<'a, 'b, C> {
    pub(super) context: &'a mut C,
    pub(super) meters: &'a Meters,
    pub(super) kit: &'a mut KitBlock<'b>,
    pub(super) held: &'a mut HeldNotes,
    pub(super) played: &'a mut CaptureInput,
    pub(super) out: NotesOut,
}

impl<C: ProcessContext<Beatfield>> NoteSink for HostNotes<'_, '_, C> {
    fn try_send(&mut self, event: NoteEvent) -> Result<(), Refused> {
        let starts = event.kind != NoteKind::Off;
        let leaves = if starts { self.out == NotesOut::Host } else { self.held.holds(&event) };
        if leaves {
            self.context.try_send_event(host_event(&event)).map_err(|_| Refused)?;
            self.held.hold(&event, starts);
        }
        if starts && leaves {
            self.meters.count_note();
        }
        self.kit.play(&event);
        self.played.play(&event);
        Ok(())
    }
}

fn host_event(event: &NoteEvent) -> HostNoteEvent<()> {
    let (timing, channel, key) = (event.sample, Channel::Number(event.channel), Key::Number(event.note));
    let voice_id = VoiceID::Wildcard;
    match event.kind {
        NoteKind::On { velocity } => {
            let velocity = f32::from(velocity) / 127.0;
            HostNoteEvent::NoteOn { timing, voice_id, channel, key, velocity }
        }
        NoteKind::Off => HostNoteEvent::NoteOff { timing, voice_id, channel, key, velocity: 0.0 },
    }
}
