//! The main-thread side of a CLAP instance, its window included.

use super::callbacks::{MainThread, Requests, RigHost};
use super::processor::{ClapProcessor, ParameterRange};
use crate::hosts::audio_thread::AudioThread;
use crate::hosts::instance::HostedPlugin;
use crate::hosts::{
    HostError, Instance, Mode, OutputChannels, ParameterDescription, ParameterId, PluginFormat, Setup,
};
#[cfg(target_os = "linux")]
use crate::{desktop::HostWindow, hosts::RequestedSize};
use clack_extensions::audio_ports_config::{AudioPortsConfigBuffer, PluginAudioPortsConfig};
#[cfg(target_os = "linux")]
use clack_extensions::gui::{GuiApiType, GuiConfiguration, GuiSize, PluginGui, Window};
use clack_extensions::params::{ParamInfoBuffer, PluginParams};
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_host::prelude::*;
use std::ffi::{CStr, CString};

/// A CLAP plugin.
pub(super) struct ClapPlugin {
    plugin: PluginInstance<RigHost>,
    extension: PluginParams,
    ranges: Vec<ParameterRange>,
    /// The host's window around the plugin's, while it is open.
    #[cfg(target_os = "linux")]
    frame: Option<HostWindow>,
}

impl ClapPlugin {
    pub(super) fn create(entry: &PluginEntry, id: &CStr, host: &HostInfo) -> Result<Instance, HostError> {
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
            let range = ParameterRange { id: info.id, minimum: info.min_value, maximum: info.max_value };
            parameters.push(ParameterDescription {
                id: ParameterId(info.id.get()),
                name: String::from_utf8_lossy(info.name).into_owned(),
                default: range.normalised(info.default_value),
            });
            ranges.push(range);
        }
        let plugin = Self {
            plugin,
            extension,
            ranges,
            #[cfg(target_os = "linux")]
            frame: None,
        };
        Ok(Instance::new(PluginFormat::Clap, Box::new(plugin), parameters))
    }

    fn range(&self, parameter: ParameterId) -> Option<ParameterRange> {
        self.ranges.iter().find(|range| range.id.get() == parameter.0).copied()
    }

    fn state(&self) -> Result<PluginState, HostError> {
        self.plugin.plugin_shared_handle().get_extension().ok_or(HostError::Missing("state"))
    }

    /// Selects the plugin's port configuration with so many output channels, where it has one; see
    /// [`OutputChannels`].
    fn request_channels(&mut self, channels: OutputChannels) {
        let handle = self.plugin.plugin_shared_handle();
        let Some(configurations) = handle.get_extension::<PluginAudioPortsConfig>() else { return };
        let handle = self.plugin.plugin_handle();
        let mut buffer = AudioPortsConfigBuffer::new();
        let wanted = (0..configurations.count(&handle)).find_map(|index| {
            let found = configurations.get(&handle, index, &mut buffer)?;
            let count = found.main_output.map_or(0, |port| port.channel_count);
            (count as usize == channels.count()).then_some(found.id)
        });
        // A plugin may decline; the host passes its channels all the same.
        if wanted.is_some_and(|id| configurations.select(&handle, id).is_err()) {}
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

fn refused(step: &'static str, error: impl std::fmt::Display) -> HostError {
    HostError::Refused { step, reason: error.to_string() }
}

impl HostedPlugin for ClapPlugin {
    fn value(&mut self, parameter: ParameterId) -> Option<f64> {
        let range = self.range(parameter)?;
        let plain = self.extension.get_value(&self.plugin.plugin_handle(), range.id)?;
        Some(range.normalised(plain))
    }

    fn parse(&mut self, parameter: ParameterId, text: &str) -> Option<f64> {
        let (range, text) = (self.range(parameter)?, CString::new(text).ok()?);
        let plain = self.extension.text_to_value(&self.plugin.plugin_handle(), range.id, &text)?;
        Some(range.normalised(plain))
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

    fn activate(&mut self, setup: Setup) -> Result<AudioThread, HostError> {
        self.announce(setup.mode)?;
        self.request_channels(setup.behaviour.channels);
        let configuration = PluginAudioConfiguration {
            sample_rate: setup.rate,
            min_frames_count: 1,
            max_frames_count: setup.most_frames,
        };
        let stopped =
            self.plugin.activate(|_, _| (), configuration).map_err(|error| refused("activate", error))?;
        AudioThread::start(ClapProcessor::new(stopped, self.ranges.clone(), setup.behaviour))
    }

    fn deactivate(&mut self) -> Result<(), HostError> {
        self.plugin.try_deactivate().map_err(|error| refused("deactivate", error))
    }

    fn idle(&mut self) {
        if self.plugin.access_shared_handler(Requests::take_callback) {
            self.plugin.call_on_main_thread_callback();
        }
        #[cfg(target_os = "linux")]
        self.follow_size();
    }

    #[cfg(target_os = "linux")]
    fn open_window(&mut self, title: &str, size: RequestedSize) -> Result<(u32, u32), HostError> {
        let gui = self.gui()?;
        let handle = self.plugin.plugin_handle();
        let how = GuiConfiguration { api_type: GuiApiType::X11, is_floating: false };
        gui.create(&handle, how).map_err(|error| refused("create its window", error))?;
        if let Some(scale) = size.scale {
            gui.set_scale(&handle, scale).map_err(|error| refused("scale its window", error))?;
        }
        let own = gui.get_size(&handle).ok_or(HostError::Missing("window size"))?;
        let (width, height) = size.pixels.unwrap_or((own.width, own.height));
        let frame =
            HostWindow::open(title, width, height).map_err(|error| refused("open its window", error))?;
        if size.pixels.is_some() {
            gui.set_size(&handle, GuiSize { width, height })
                .map_err(|error| refused("resize its window", error))?;
        }
        let parent = Window::from_x11_handle(frame.handle().into());
        #[allow(unsafe_code, reason = "the plugin draws into a window of the host")]
        // SAFETY: the frame lives until `close_window`, which destroys the plugin's window first.
        let set = unsafe { gui.set_parent(&handle, parent) };
        set.map_err(|error| refused("move into the host's window", error))?;
        std::thread::sleep(size.shown_after);
        gui.show(&handle).map_err(|error| refused("show its window", error))?;
        self.frame = Some(frame);
        Ok((width, height))
    }

    #[cfg(target_os = "linux")]
    fn host_window(&self) -> Option<&HostWindow> {
        self.frame.as_ref()
    }

    #[cfg(target_os = "linux")]
    fn close_window(&mut self) {
        if self.frame.is_some()
            && let Ok(gui) = self.gui()
        {
            gui.destroy(&self.plugin.plugin_handle());
        }
        self.frame = None;
    }
}

#[cfg(target_os = "linux")]
impl ClapPlugin {
    /// Gives the window the size that the plugin has requested.
    fn follow_size(&mut self) {
        let Some(wanted) = self.plugin.access_shared_handler(Requests::take_size) else { return };
        let (Some(frame), Ok(gui)) = (&self.frame, self.gui()) else { return };
        // Where the server or the plugin refuses, the window stays as it is.
        let resized = frame.resize(wanted.width, wanted.height).is_ok();
        if resized && gui.set_size(&self.plugin.plugin_handle(), wanted).is_err() {}
    }

    fn gui(&self) -> Result<PluginGui, HostError> {
        self.plugin.plugin_shared_handle().get_extension().ok_or(HostError::Missing("window"))
    }
}
