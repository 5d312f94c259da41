//! The audio-thread side of a VST3 instance.

use super::host_objects::check;
use super::lists::{EventList, ParameterChanges};
use crate::hosts::Position;
use crate::hosts::audio_thread::Processor;
use crate::hosts::{BarReport, BlockInput, BlockOutput, HostError, Mode, NoteOutput, Setup};
use crate::watch;
use std::ptr::null_mut;
use std::time::Instant;
use vst3::Steinberg::Vst::ProcessContext;
use vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_::{
    kBarPositionValid, kContTimeValid, kCycleActive, kCycleValid, kPlaying, kProjectTimeMusicValid,
    kTempoValid, kTimeSigValid,
};
use vst3::Steinberg::Vst::ProcessModes_::{kOffline, kRealtime};
use vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample32;
use vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, IAudioProcessor, IAudioProcessorTrait, IEventList,
    IParameterChanges, ProcessData,
};
use vst3::Steinberg::int32;
use vst3::{ComPtr, ComWrapper};

/// VST3's number of a mode.
pub(super) fn process_mode(mode: Mode) -> int32 {
    match mode {
        Mode::Realtime => kRealtime as int32,
        Mode::Offline => kOffline as int32,
    }
}

/// An activated VST3 plugin on the audio thread.
pub(super) struct Vst3Processor {
    plugin: ComPtr<IAudioProcessor>,
    setup: Setup,
    /// Whether the last block had a list for the plugin's events.
    has_list: bool,
}

impl Vst3Processor {
    pub(super) fn new(plugin: ComPtr<IAudioProcessor>, setup: Setup) -> Self {
        Self { plugin, setup, has_list: false }
    }

    fn set_processing(&self, on: bool) -> Result<(), HostError> {
        // SAFETY: the plugin is active, and no other thread processes it.
        check(watch::during(|| unsafe { self.plugin.setProcessing(u8::from(on)) }), "start processing")
    }
}

impl Processor for Vst3Processor {
    fn start(&mut self) -> Result<(), HostError> {
        self.set_processing(true)
    }

    fn process(&mut self, block: &BlockInput, output: &mut BlockOutput) -> Result<(), HostError> {
        let sent = ComWrapper::new(match self.setup.behaviour.note_output {
            NoteOutput::Refused => EventList::refusing(),
            _ => EventList::default(),
        });
        self.has_list = match self.setup.behaviour.note_output {
            NoteOutput::Recorded | NoteOutput::Refused => true,
            NoteOutput::Missing => false,
            NoteOutput::EveryOtherBlock => !self.has_list,
        };
        let played = ComWrapper::new(EventList::of(&block.notes));
        let automated = ComWrapper::new(ParameterChanges::of(&block.changes));
        let reported = ComWrapper::new(ParameterChanges::default());
        let events = |events: &ComWrapper<EventList>| events.to_com_ptr::<IEventList>();
        let changes = |changes: &ComWrapper<ParameterChanges>| changes.to_com_ptr::<IParameterChanges>();
        let (Some(events_in), Some(events_out)) = (events(&played), events(&sent)) else {
            return Err(HostError::Missing("event list"));
        };
        let (Some(changes_in), Some(changes_out)) = (changes(&automated), changes(&reported)) else {
            return Err(HostError::Missing("list of parameter changes"));
        };
        let behaviour = self.setup.behaviour;
        let mut channels: [*mut f32; 2] = [null_mut(); 2];
        for (pointer, channel) in channels.iter_mut().zip(output.channels(behaviour.channels)) {
            *pointer = channel.as_mut_ptr();
        }
        let count = behaviour.channels.count() as int32;
        let mut bus = AudioBusBuffers {
            numChannels: count,
            silenceFlags: 0,
            __field0: AudioBusBuffers__type0 { channelBuffers32: channels.as_mut_ptr() },
        };
        let mut context = context(&block.position, &self.setup, block.steady);
        let mut data = ProcessData {
            processMode: process_mode(self.setup.mode),
            symbolicSampleSize: kSample32 as int32,
            numSamples: block.frames as int32,
            numInputs: 0,
            numOutputs: count.min(1),
            inputs: null_mut(),
            outputs: if count > 0 { &mut bus } else { null_mut() },
            inputParameterChanges: changes_in.as_ptr(),
            outputParameterChanges: changes_out.as_ptr(),
            inputEvents: events_in.as_ptr(),
            outputEvents: if self.has_list { events_out.as_ptr() } else { null_mut() },
            processContext: &mut context,
        };
        let begin = Instant::now();
        // SAFETY: everything that `data` points to lives until the call returns; the channels hold
        // `frames` samples each, see `BlockOutput::prepare`; the plugin is active for blocks of this length.
        let result = watch::during(|| unsafe { self.plugin.process(&mut data) });
        output.cost = begin.elapsed();
        check(result, "process")?;
        sent.drain_into(output);
        Ok(())
    }

    fn reset(&mut self) -> Result<(), HostError> {
        self.set_processing(false)?;
        self.set_processing(true)
    }

    fn stop(&mut self) {
        // A plugin that refuses to stop is deactivated anyway.
        if self.set_processing(false).is_err() {}
    }
}

/// The context of a block that starts at `position`, `steady` samples after activation.
pub(super) fn context(position: &Position, setup: &Setup, steady: u64) -> ProcessContext {
    // SAFETY: the context is plain numbers, for which zero is a value.
    let mut context: ProcessContext = unsafe { std::mem::zeroed() };
    context.state =
        (kTempoValid | kTimeSigValid | kProjectTimeMusicValid | kBarPositionValid | kContTimeValid) as u32;
    if setup.behaviour.bars == BarReport::SignatureAlone {
        context.state &= !(kBarPositionValid as u32);
    }
    if position.rolling {
        context.state |= kPlaying as u32;
    }
    if let Some(range) = &position.loop_range {
        context.state |= (kCycleActive | kCycleValid) as u32;
        context.cycleStartMusic = range.start;
        context.cycleEndMusic = range.end;
    }
    context.sampleRate = setup.rate;
    context.projectTimeSamples = position.samples;
    context.continousTimeSamples = steady as i64;
    context.projectTimeMusic = position.beats;
    context.barPositionMusic = position.bar_start;
    context.tempo = position.tempo;
    context.timeSigNumerator = i32::from(position.time_signature.0);
    context.timeSigDenominator = i32::from(position.time_signature.1);
    context
}
