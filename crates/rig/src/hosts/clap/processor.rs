//! The audio-thread side of a CLAP instance, and the conversion of blocks to CLAP events and back.

use super::callbacks::RigHost;
use crate::hosts::audio_thread::Processor;
use crate::hosts::{
    BarReport, BlockInput, BlockOutput, HostBehaviour, HostError, NoteOutput, OutputChannels, Position,
};
use crate::watch;
use beat::{NoteEvent, NoteKind};
use clack_host::events::event_types::{
    MidiEvent, NoteChokeEvent, NoteOffEvent, NoteOnEvent, ParamValueEvent, TransportEvent, TransportFlags,
};
use clack_host::events::io::{EventBuffer, OutputEvents};
use clack_host::events::spaces::CoreEventSpace;
use clack_host::events::{EventFlags, EventHeader, Match, Pckn, UnknownEvent};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, ClapId, SecondsTime};
use std::time::Instant;

/// An activated CLAP plugin on the audio thread.
pub(crate) struct ClapProcessor {
    plugin: PluginAudioProcessor<RigHost>,
    ranges: Vec<ParameterRange>,
    behaviour: HostBehaviour,
    ports: AudioPorts,
    events_in: EventBuffer,
    events_out: EventBuffer,
}

impl ClapProcessor {
    pub(crate) fn new(
        plugin: StoppedPluginAudioProcessor<RigHost>,
        ranges: Vec<ParameterRange>,
        behaviour: HostBehaviour,
    ) -> Self {
        Self {
            plugin: plugin.into(),
            ranges,
            behaviour,
            ports: AudioPorts::with_capacity(2, 1),
            events_in: EventBuffer::with_capacity(256),
            events_out: EventBuffer::with_capacity(256),
        }
    }
}

fn refused(step: &'static str) -> impl Fn(PluginInstanceError) -> HostError {
    move |error| HostError::Refused { step, reason: error.to_string() }
}

impl Processor for ClapProcessor {
    fn start(&mut self) -> Result<(), HostError> {
        watch::during(|| self.plugin.ensure_processing_started().map(|_| ()))
            .map_err(refused("start processing"))
    }

    fn process(&mut self, block: &BlockInput, output: &mut BlockOutput) -> Result<(), HostError> {
        fill_input(&mut self.events_in, block, &self.ranges, self.behaviour.bars);
        self.events_out.clear();
        let transport = transport_event(&block.position, 0, self.behaviour.bars);
        let channels = self.behaviour.channels;
        let mut audio = if channels == OutputChannels::None {
            no_outputs(block.frames)
        } else {
            self.ports.with_output_buffers([AudioPortBuffer {
                latency: 0,
                channels: AudioPortBufferType::f32_output_only(
                    output.channels(channels).map(|channel| channel.as_mut_slice()),
                ),
            }])
        };
        let plugin = self.plugin.as_started_mut().map_err(refused("process"))?;
        let events_in = self.events_in.as_input();
        // An option is a list of one event; a full one refuses every other.
        let mut full = Some(NoteOffEvent::new(0, Pckn::match_all(), 0.0));
        let mut events_out = match self.behaviour.note_output {
            NoteOutput::Recorded | NoteOutput::EveryOtherBlock => self.events_out.as_output(),
            NoteOutput::Refused => OutputEvents::from_buffer(&mut full),
            NoteOutput::Missing => OutputEvents::void(),
        };
        let begin = Instant::now();
        let processed = watch::during(|| {
            plugin.process(
                &InputAudioBuffers::empty(),
                &mut audio,
                &events_in,
                &mut events_out,
                Some(block.steady),
                Some(&transport),
            )
        });
        output.cost = begin.elapsed();
        processed.map_err(refused("process"))?;
        for event in &self.events_out {
            keep_output(event, output);
        }
        Ok(())
    }

    fn reset(&mut self) -> Result<(), HostError> {
        watch::during(|| self.plugin.reset());
        Ok(())
    }

    fn stop(&mut self) {
        watch::during(|| self.plugin.ensure_processing_stopped());
    }
}

/// A block of `frames` samples without output ports.
#[allow(unsafe_code, reason = "clack takes the length of a block from its ports, and there are none")]
fn no_outputs(frames: u32) -> OutputAudioBuffers<'static> {
    // SAFETY: there are no buffers that could be shorter than `frames`.
    unsafe { OutputAudioBuffers::from_raw_buffers(&mut [], frames) }
}

/// The range of a parameter in CLAP's plain values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParameterRange {
    pub(crate) id: ClapId,
    pub(crate) minimum: f64,
    pub(crate) maximum: f64,
}

impl ParameterRange {
    /// The plain value of a normalised one.
    pub(crate) fn plain(&self, normalised: f64) -> f64 {
        self.minimum + normalised * (self.maximum - self.minimum)
    }

    /// The normalised value, 0..=1, of a plain one.
    pub(crate) fn normalised(&self, plain: f64) -> f64 {
        let width = self.maximum - self.minimum;
        if width > 0.0 { (plain - self.minimum) / width } else { 0.0 }
    }
}

/// The transport event of `position` at sample `sample` of a block.
pub(crate) fn transport_event(position: &Position, sample: u32, bars: BarReport) -> TransportEvent {
    let mut flags = TransportFlags::HAS_TEMPO
        | TransportFlags::HAS_BEATS_TIMELINE
        | TransportFlags::HAS_SECONDS_TIMELINE
        | TransportFlags::HAS_TIME_SIGNATURE;
    flags.set(TransportFlags::IS_PLAYING, position.rolling);
    flags.set(TransportFlags::IS_WITHIN_PRE_ROLL, position.rolling && position.beats < 0.0);
    flags.set(TransportFlags::IS_LOOP_ACTIVE, position.loop_range.is_some());
    let (loop_start, loop_end) =
        position.loop_range.as_ref().map_or((0.0, 0.0), |range| (range.start, range.end));
    let (bar_start, bar_number) = match bars {
        BarReport::StartAndNumber => (position.bar_start, position.bar_number),
        BarReport::SignatureAlone => (0.0, 0),
    };
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
        bar_start: BeatTime::from_float(bar_start),
        bar_number,
        time_signature_numerator: position.time_signature.0,
        time_signature_denominator: position.time_signature.1,
    }
}

/// Fills `events` with the events of the block, in time order.
pub(crate) fn fill_input(
    events: &mut EventBuffer,
    block: &BlockInput,
    ranges: &[ParameterRange],
    bars: BarReport,
) {
    events.clear();
    for (sample, position) in &block.jumps {
        events.push(&transport_event(position, *sample, bars));
    }
    for change in &block.changes {
        if let Some(range) = ranges.iter().find(|range| range.id.get() == change.parameter.0) {
            let plain = range.plain(change.value);
            events.push(&ParamValueEvent::new(change.sample, range.id, Pckn::match_all(), plain));
        }
    }
    let pckn = |channel: u8, note: u8| Pckn::new(0_u16, u16::from(channel), u16::from(note), Match::All);
    for (channel, note) in &block.chokes {
        events.push(&NoteChokeEvent::new(0, pckn(*channel, *note)));
    }
    for note in &block.notes {
        let pckn = pckn(note.channel, note.note);
        match note.kind {
            NoteKind::On { velocity } => {
                events.push(&NoteOnEvent::new(note.sample, pckn, f64::from(velocity) / 127.0));
            }
            NoteKind::Off => events.push(&NoteOffEvent::new(note.sample, pckn, 0.0)),
        }
    }
    events.sort();
}

/// Adds an event of the plugin to the output. Notes may come as CLAP notes or as MIDI.
pub(crate) fn keep_output(event: &UnknownEvent, output: &mut BlockOutput) {
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

fn keep_midi(event: &MidiEvent, sample: u32, output: &mut BlockOutput) {
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
