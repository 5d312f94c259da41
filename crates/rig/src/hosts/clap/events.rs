//! Between the rig's plain data and CLAP's events. Runs on the audio thread.

use crate::hosts::{Block, Output, Position};
use beat::{NoteEvent, NoteKind};
use clack_host::events::event_types::{
    MidiEvent, NoteOffEvent, NoteOnEvent, ParamValueEvent, TransportEvent, TransportFlags,
};
use clack_host::events::io::EventBuffer;
use clack_host::events::spaces::CoreEventSpace;
use clack_host::events::{EventFlags, EventHeader, Pckn, UnknownEvent};
use clack_host::utils::{BeatTime, ClapId, SecondsTime};

/// The range of a parameter as CLAP counts it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) id: ClapId,
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
}

impl Range {
    /// CLAP's value for one of 0..=1.
    pub(crate) fn plain(&self, normalised: f64) -> f64 {
        self.minimum + normalised * (self.maximum - self.minimum)
    }

    /// 0..=1 for CLAP's value.
    pub(crate) fn normalised(&self, plain: f64) -> f64 {
        let width = self.maximum - self.minimum;
        if width > 0.0 { (plain - self.minimum) / width } else { 0.0 }
    }
}

/// The transport event that tells `position` at sample `sample` of a block.
pub(crate) fn transport_event(position: &Position, sample: u32) -> TransportEvent {
    let mut flags = TransportFlags::HAS_TEMPO
        | TransportFlags::HAS_BEATS_TIMELINE
        | TransportFlags::HAS_SECONDS_TIMELINE
        | TransportFlags::HAS_TIME_SIGNATURE;
    flags.set(TransportFlags::IS_PLAYING, position.rolling);
    flags.set(TransportFlags::IS_WITHIN_PRE_ROLL, position.rolling && position.beats < 0.0);
    flags.set(TransportFlags::IS_LOOP_ACTIVE, position.loop_range.is_some());
    let (loop_start, loop_end) =
        position.loop_range.as_ref().map_or((0.0, 0.0), |range| (range.start, range.end));
    let seconds = |beats: f64| SecondsTime::from_float(beats * 60.0 / position.tempo);
    TransportEvent {
        header: EventHeader::new_core(sample, EventFlags::empty()),
        flags,
        song_pos_beats: BeatTime::from_float(position.beats),
        song_pos_seconds: SecondsTime::from_float(position.seconds),
        tempo: position.tempo,
        tempo_inc: 0.0,
        loop_start_beats: BeatTime::from_float(loop_start),
        loop_end_beats: BeatTime::from_float(loop_end),
        loop_start_seconds: seconds(loop_start),
        loop_end_seconds: seconds(loop_end),
        bar_start: BeatTime::from_float(position.bar_start),
        bar_number: position.bar_number,
        time_signature_numerator: position.time_signature.0,
        time_signature_denominator: position.time_signature.1,
    }
}

/// Fills `events` with what the block carries, in time order.
pub(crate) fn fill_input(events: &mut EventBuffer, block: &Block, ranges: &[Range]) {
    events.clear();
    for (sample, position) in &block.jumps {
        events.push(&transport_event(position, *sample));
    }
    for change in &block.changes {
        if let Some(range) = ranges.iter().find(|range| range.id.get() == change.parameter.0) {
            let plain = range.plain(change.value);
            events.push(&ParamValueEvent::new(change.sample, range.id, Pckn::match_all(), plain));
        }
    }
    for note in &block.notes {
        let pckn =
            Pckn::new(0_u16, u16::from(note.channel), u16::from(note.note), clack_host::events::Match::All);
        match note.kind {
            NoteKind::On { velocity } => {
                events.push(&NoteOnEvent::new(note.sample, pckn, f64::from(velocity) / 127.0));
            }
            NoteKind::Off => events.push(&NoteOffEvent::new(note.sample, pckn, 0.0)),
        }
    }
    events.sort();
}

/// Keeps what the plugin sent. Notes may come as CLAP notes or as MIDI.
pub(crate) fn keep_output(event: &UnknownEvent, output: &mut Output) {
    let sample = event.header().time();
    match event.as_core_event() {
        Some(CoreEventSpace::NoteOn(note)) => {
            let pckn = note.pckn();
            output.push_note(sample, pckn.raw_channel() as u8, pckn.raw_key() as u8, Some(note.velocity()));
        }
        Some(CoreEventSpace::NoteOff(note)) => {
            let pckn = note.pckn();
            output.push_note(sample, pckn.raw_channel() as u8, pckn.raw_key() as u8, None);
        }
        Some(CoreEventSpace::Midi(midi)) => keep_midi(midi, sample, output),
        _ => output.other_events += 1,
    }
}

fn keep_midi(event: &MidiEvent, sample: u32, output: &mut Output) {
    let [status, note, velocity] = event.data();
    let channel = status & 0x0f;
    let kind = match (status & 0xf0, velocity) {
        (0x90, 1..) => NoteKind::On { velocity },
        (0x90, 0) | (0x80, _) => NoteKind::Off,
        _ => {
            output.other_events += 1;
            return;
        }
    };
    output.notes.push(NoteEvent { sample, channel, note, kind });
}
