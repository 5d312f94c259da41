//! The host's transport converted for the sequencer, and the sequencer's notes for the host. Audio thread.

use beat::{DrumHit, LoopRange, NoteEvent, NoteKind, NoteSink, Refused, Transport, is_compound};
use nice_plug::context::process::SendEventError;
use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::{NoteEvent as HostNoteEvent, ProcessContext, Transport as HostTransport};

use super::bar_counter::{BarCounter, ReportedBar};
use super::built_in_kit::KitBlock;
use crate::Beatfield;
use crate::capture::CaptureInput;
use crate::shared::Meters;

/// The tempo where the host gives none.
const DEFAULT_TEMPO: f64 = 120.0;

/// The transport of one block. A host without a song position counts as stopped.
pub(super) fn transport(
    host: &HostTransport,
    bars: &mut BarCounter,
    frames: u32,
    sample_rate: f64,
) -> Transport {
    let beats = host.pos_beats();
    Transport {
        playing: host.playing && beats.is_some(),
        beats: beats.unwrap_or(0.0),
        tempo: host.tempo.unwrap_or(DEFAULT_TEMPO),
        sample_rate,
        frames,
        loop_range: host.loop_range_beats().map(|(start, end)| LoopRange { start, end }),
        bar: reported_bar(host).map(|reported| bars.bar(&reported)),
        compound: meter(host).1.is_some_and(|(upper, lower)| is_compound(upper.into(), lower.into())),
    }
}

/// The host's tempo and time signature, where it gives them, for the window.
pub(super) fn meter(host: &HostTransport) -> (Option<f64>, Option<(u8, u8)>) {
    let whole = |number: Option<i32>| number.and_then(|number| u8::try_from(number).ok());
    let signature = whole(host.time_sig_numerator).zip(whole(host.time_sig_denominator));
    (host.tempo, signature)
}

/// What the host says of its bar. The framework's substitutes for what it does not say are computed from the
/// position and change within a bar after a change of time signature.
fn reported_bar(host: &HostTransport) -> Option<ReportedBar> {
    let (upper, lower) = (host.time_sig_numerator?, host.time_sig_denominator.filter(|lower| *lower > 0)?);
    Some(ReportedBar {
        position: host.pos_beats()?,
        beats: f64::from(upper) * 4.0 / f64::from(lower),
        start: host.bar_start_pos_beats,
        number: host.bar_number.map(i64::from),
    })
}

/// The notes of which the host has a note-on: each gets its note-off, also after notes out is switched off, and
/// where the host gave no list for it, with the next block that has one.
#[derive(Debug, Default)]
pub(super) struct HeldNotes {
    held: [u128; 16],
    /// Those that have ended, unknown to the host.
    ended: [u128; 16],
}

impl HeldNotes {
    fn holds(&self, event: &NoteEvent) -> bool {
        self.held[usize::from(event.channel & 15)] >> (event.note & 127) & 1 == 1
    }

    fn hold(&mut self, event: &NoteEvent, held: bool) {
        let (channel, bit) = (usize::from(event.channel & 15), 1 << (event.note & 127));
        self.ended[channel] &= !bit;
        if held { self.held[channel] |= bit } else { self.held[channel] &= !bit }
    }

    /// Notes an end that could not be sent.
    fn note_end(&mut self, event: &NoteEvent) {
        self.ended[usize::from(event.channel & 15)] |= 1 << (event.note & 127);
    }

    /// A note that has ended, unknown to the host.
    fn first_ended(&self) -> Option<NoteEvent> {
        let channel = self.ended.iter().position(|notes| *notes != 0)?;
        let note = self.ended[channel].trailing_zeros() as u8;
        Some(NoteEvent { sample: 0, channel: channel as u8, note, kind: NoteKind::Off })
    }
}

/// Where notes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotesOut {
    /// To the host.
    Host,
    /// Only to the built-in kit.
    Nowhere,
}

/// The sequencer's note sink for one block.
pub(super) struct HostNotes<'a, 'b, C> {
    pub(super) context: &'a mut C,
    pub(super) meters: &'a Meters,
    pub(super) kit: &'a mut KitBlock<'b>,
    pub(super) held: &'a mut HeldNotes,
    pub(super) played: &'a mut CaptureInput,
    pub(super) out: NotesOut,
}

impl<C: ProcessContext<Beatfield>> HostNotes<'_, '_, C> {
    /// Sends the note-offs for which the last blocks had no event list. Before any other event of the block.
    pub(super) fn send_late_ends(&mut self) {
        while let Some(end) = self.held.first_ended() {
            if self.context.try_send_event(host_event(&end)).is_err() {
                return; // again with the next block
            }
            self.held.hold(&end, false);
        }
    }
}

impl<C: ProcessContext<Beatfield>> NoteSink for HostNotes<'_, '_, C> {
    fn try_send(&mut self, event: NoteEvent) -> Result<(), Refused> {
        let starts = event.kind != NoteKind::Off;
        let leaves = if starts { self.out == NotesOut::Host } else { self.held.holds(&event) };
        if leaves {
            match self.context.try_send_event(host_event(&event)) {
                Ok(()) => {
                    self.held.hold(&event, starts);
                    if starts {
                        self.meters.count_note();
                    }
                }
                // A host without an event list has nowhere to send notes to.
                Err((_, SendEventError::NoOutputBuffer)) if starts => {}
                Err((_, SendEventError::NoOutputBuffer)) => self.held.note_end(&event),
                Err(_) => return Err(Refused),
            }
        }
        self.played.play(&event);
        Ok(())
    }

    fn sound(&mut self, hit: &DrumHit) {
        self.kit.play(hit);
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
