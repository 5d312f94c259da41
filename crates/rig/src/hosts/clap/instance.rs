//! The main-thread side of a CLAP instance.

use super::callbacks::{MainThread, Requests, RigHost};
use super::events::Range;
use super::processor::ClapProcessor;
use crate::hosts::audio_thread::AudioThread;
use crate::hosts::{Block, Format, HostError, Instance, Mode, Output, Parameter, ParameterId, Setup};
use clack_extensions::params::{ParamInfoBuffer, PluginParams};
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_host::prelude::*;
use std::ffi::{CStr, CString};

/// A CLAP plugin instance.
pub struct ClapInstance {
    // Dropped first: the thread ends before the plugin goes.
    audio: Option<AudioThread>,
    pub(super) plugin: PluginInstance<RigHost>,
    extension: PluginParams,
    parameters: Vec<Parameter>,
    ranges: Vec<Range>,
    most_frames: u32,
    /// The host's window around the plugin's, while that is open.
    #[cfg(target_os = "linux")]
    pub(super) frame: Option<crate::desktop::Frame>,
    /// How often a size that the plugin asked for was not to be had.
    #[cfg(target_os = "linux")]
    pub(super) refused_sizes: u32,
}

impl ClapInstance {
    pub(super) fn new(entry: &PluginEntry, id: &CStr, host: &HostInfo) -> Result<Self, HostError> {
        let mut plugin =
            PluginInstance::<RigHost>::new(|_| Requests::default(), |_| MainThread, entry, id, host)
                .map_err(|error| refused("be created", error))?;
        let extension: PluginParams =
            plugin.plugin_shared_handle().get_extension().ok_or(HostError::Missing("parameters"))?;
        let mut parameters = Vec::new();
        let mut ranges = Vec::new();
        let mut buffer = ParamInfoBuffer::new();
        let handle = plugin.plugin_handle();
        for index in 0..extension.count(&handle) {
            let Some(info) = extension.get_info(&handle, index, &mut buffer) else { continue };
            let range = Range { id: info.id, minimum: info.min_value, maximum: info.max_value };
            parameters.push(Parameter {
                id: ParameterId(info.id.get()),
                name: String::from_utf8_lossy(info.name).into_owned(),
                default: range.normalised(info.default_value),
            });
            ranges.push(range);
        }
        Ok(Self {
            audio: None,
            plugin,
            extension,
            parameters,
            ranges,
            most_frames: 0,
            #[cfg(target_os = "linux")]
            frame: None,
            #[cfg(target_os = "linux")]
            refused_sizes: 0,
        })
    }

    fn range(&self, parameter: ParameterId) -> Result<Range, HostError> {
        self.ranges
            .iter()
            .find(|range| range.id.get() == parameter.0)
            .copied()
            .ok_or_else(|| self.unknown(parameter))
    }

    fn unknown(&self, parameter: ParameterId) -> HostError {
        HostError::NoParameter {
            name: format!("id {}", parameter.0),
            known: format!("{} others", self.parameters.len()),
        }
    }

    fn name(&self, parameter: ParameterId) -> String {
        let found = self.parameters.iter().find(|candidate| candidate.id == parameter);
        found.map_or_else(|| format!("id {}", parameter.0), |parameter| parameter.name.clone())
    }

    fn state(&self) -> Result<PluginState, HostError> {
        self.plugin.plugin_shared_handle().get_extension().ok_or(HostError::Missing("state"))
    }

    fn announce(&mut self, mode: Mode) -> Result<(), HostError> {
        let render: PluginRender =
            self.plugin.plugin_shared_handle().get_extension().ok_or(HostError::Missing("render mode"))?;
        let mode = match mode {
            Mode::Realtime => RenderMode::Realtime,
            Mode::Offline => RenderMode::Offline,
        };
        render
            .set(&self.plugin.plugin_handle(), mode)
            .map_err(|error| refused("change its render mode", error))
    }
}

pub(super) fn refused(step: &'static str, error: impl std::fmt::Display) -> HostError {
    HostError::Refused { step, reason: error.to_string() }
}

const INACTIVE: HostError = HostError::State { state: "inactive", advice: "activate it first" };

impl Instance for ClapInstance {
    fn format(&self) -> Format {
        Format::Clap
    }

    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn value(&mut self, parameter: ParameterId) -> Result<f64, HostError> {
        let range = self.range(parameter)?;
        let plain = self.extension.get_value(&self.plugin.plugin_handle(), range.id);
        plain.map(|plain| range.normalised(plain)).ok_or_else(|| self.unknown(parameter))
    }

    fn parse(&mut self, parameter: ParameterId, text: &str) -> Result<f64, HostError> {
        let range = self.range(parameter)?;
        let plain = CString::new(text)
            .ok()
            .and_then(|text| self.extension.text_to_value(&self.plugin.plugin_handle(), range.id, &text));
        plain
            .map(|plain| range.normalised(plain))
            .ok_or_else(|| HostError::NoSuchValue { name: self.name(parameter), text: text.to_owned() })
    }

    fn save(&mut self) -> Result<Vec<u8>, HostError> {
        let mut bytes = Vec::new();
        self.state()?
            .save(&self.plugin.plugin_handle(), &mut bytes)
            .map_err(|error| refused("save its state", error))?;
        Ok(bytes)
    }

    fn load(&mut self, state: &[u8]) -> Result<(), HostError> {
        self.state()?
            .load(&self.plugin.plugin_handle(), &mut &*state)
            .map_err(|error| refused("load a state", error))
    }

    fn activate(&mut self, setup: Setup) -> Result<(), HostError> {
        if self.audio.is_some() {
            return Err(HostError::State { state: "active", advice: "deactivate it first" });
        }
        self.announce(setup.mode)?;
        let configuration = PluginAudioConfiguration {
            sample_rate: setup.rate,
            min_frames_count: 1,
            max_frames_count: setup.most_frames,
        };
        let stopped =
            self.plugin.activate(|_, _| (), configuration).map_err(|error| refused("activate", error))?;
        self.audio = Some(AudioThread::start(ClapProcessor::new(stopped, self.ranges.clone()))?);
        self.most_frames = setup.most_frames;
        Ok(())
    }

    fn deactivate(&mut self) -> Result<(), HostError> {
        let Some(audio) = self.audio.take() else { return Ok(()) };
        let joined = audio.join();
        self.plugin.try_deactivate().map_err(|error| refused("deactivate", error))?;
        joined
    }

    fn process(&mut self, block: Block, output: Output) -> Result<(Block, Output), HostError> {
        if block.frames > self.most_frames {
            return Err(HostError::BlockTooLong { frames: block.frames, most: self.most_frames });
        }
        self.audio.as_ref().ok_or(INACTIVE)?.process(block, output)
    }

    fn reset(&mut self) -> Result<(), HostError> {
        self.audio.as_ref().ok_or(INACTIVE)?.reset()
    }

    fn idle(&mut self) {
        if self.plugin.access_shared_handler(Requests::take_callback) {
            self.plugin.call_on_main_thread_callback();
        }
        #[cfg(target_os = "linux")]
        self.follow_size();
    }
}

impl Drop for ClapInstance {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        self.close_window();
        // An error here was an error of the last call too; a plugin that goes has nobody left to tell.
        if self.deactivate().is_err() {
            self.audio = None;
        }
    }
}
