//! The audio-thread side of a CLAP instance.

use super::callbacks::RigHost;
use super::events::{Range, fill_input, keep_output, transport_event};
use crate::hosts::audio_thread::Processor;
use crate::hosts::{Block, HostError, Output};
use crate::watch;
use clack_host::events::io::EventBuffer;
use clack_host::prelude::*;
use std::time::Instant;

/// An activated CLAP plugin, on its way to, on, or back from the audio thread.
pub(crate) struct ClapProcessor {
    plugin: PluginAudioProcessor<RigHost>,
    ranges: Vec<Range>,
    ports: AudioPorts,
    events_in: EventBuffer,
    events_out: EventBuffer,
}

impl ClapProcessor {
    pub(crate) fn new(plugin: StoppedPluginAudioProcessor<RigHost>, ranges: Vec<Range>) -> Self {
        Self {
            plugin: plugin.into(),
            ranges,
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

    fn process(&mut self, block: &Block, output: &mut Output) -> Result<(), HostError> {
        fill_input(&mut self.events_in, block, &self.ranges);
        self.events_out.clear();
        let transport = transport_event(&block.position, 0);
        let mut audio = self.ports.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(
                output.audio.iter_mut().map(|channel| channel.as_mut_slice()),
            ),
        }]);
        let plugin = self.plugin.as_started_mut().map_err(refused("process"))?;
        let (events_in, mut events_out) = (self.events_in.as_input(), self.events_out.as_output());
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
