//! The main-thread side of a CLAP instance, its window included.

use super::callbacks::{MainThread, Requests, RigHost};
use super::processor::{ClapProcessor, ParameterRange};
#[cfg(target_os = "linux")]
use crate::hosts::RequestedSize;
use crate::hosts::audio_thread::AudioThread;
use crate::hosts::{
    BlockInput, BlockOutput, HostError, Instance, Mode, OutputChannels, ParameterDescription, ParameterId,
    PluginFormat, Setup,
};
use clack_extensions::audio_ports_config::{AudioPortsConfigBuffer, PluginAudioPortsConfig};
use clack_extensions::params::{ParamInfoBuffer, PluginParams};
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_host::prelude::*;
use std::ffi::{CStr, CString};

/// A CLAP plugin instance.
pub struct ClapInstance {
    // Dropped first: the thread ends before the plugin is destroyed.
    audio: Option<AudioThread>,
    plugin: PluginInstance<RigHost>,
    extension: PluginParams,
    parameters: Vec<ParameterDescription>,
    ranges: Vec<ParameterRange>,
    most_frames: u32,
    /// The host's window around the plugin's, while it is open.
    #[cfg(target_os = "linux")]
    frame: Option<crate::desktop::HostWindow>,
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
            let range = ParameterRange { id: info.id, minimum: info.min_value, maximum: info.max_value };
            parameters.push(ParameterDescription {
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
        })
    }

    fn range(&self, parameter: ParameterId) -> Result<ParameterRange, HostError> {
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

const INACTIVE: HostError = HostError::State { state: "inactive", advice: "activate it first" };

impl Instance for ClapInstance {
    fn format(&self) -> PluginFormat {
        PluginFormat::Clap
    }

    fn parameters(&self) -> &[ParameterDescription] {
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
        self.request_channels(setup.behaviour.channels);
        let configuration = PluginAudioConfiguration {
            sample_rate: setup.rate,
            min_frames_count: 1,
            max_frames_count: setup.most_frames,
        };
        let stopped =
            self.plugin.activate(|_, _| (), configuration).map_err(|error| refused("activate", error))?;
        self.audio =
            Some(AudioThread::start(ClapProcessor::new(stopped, self.ranges.clone(), setup.behaviour))?);
        self.most_frames = setup.most_frames;
        Ok(())
    }

    fn deactivate(&mut self) -> Result<(), HostError> {
        let Some(audio) = self.audio.take() else { return Ok(()) };
        let joined = audio.join();
        self.plugin.try_deactivate().map_err(|error| refused("deactivate", error))?;
        joined
    }

    fn process(
        &mut self,
        block: BlockInput,
        output: BlockOutput,
    ) -> Result<(BlockInput, BlockOutput), HostError> {
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

    #[cfg(target_os = "linux")]
    fn open_window(&mut self, title: &str, size: RequestedSize) -> Result<(u32, u32), HostError> {
        self.show_window(title, size)
    }

    #[cfg(target_os = "linux")]
    fn host_window(&self) -> Option<&crate::desktop::HostWindow> {
        self.frame.as_ref()
    }

    #[cfg(target_os = "linux")]
    fn close_window(&mut self) {
        self.destroy_window();
    }
}

impl Drop for ClapInstance {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        self.destroy_window();
        // The plugin is being destroyed, so an error has no receiver.
        if self.deactivate().is_err() {
            self.audio = None;
        }
    }
}

/// The plugin's window inside a window of the host.
#[cfg(target_os = "linux")]
mod window {
    use super::{ClapInstance, Requests, refused};
    use crate::desktop::HostWindow;
    use crate::hosts::{HostError, RequestedSize};
    use clack_extensions::gui::{GuiApiType, GuiConfiguration, GuiSize, PluginGui, Window};

    impl ClapInstance {
        pub(super) fn show_window(
            &mut self,
            title: &str,
            size: RequestedSize,
        ) -> Result<(u32, u32), HostError> {
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
            // SAFETY: the frame lives until `destroy_window`, which destroys the plugin's window first.
            let set = unsafe { gui.set_parent(&handle, parent) };
            set.map_err(|error| refused("move into the host's window", error))?;
            std::thread::sleep(size.shown_after);
            gui.show(&handle).map_err(|error| refused("show its window", error))?;
            self.frame = Some(frame);
            Ok((width, height))
        }

        pub(super) fn destroy_window(&mut self) {
            if self.frame.is_some()
                && let Ok(gui) = self.gui()
            {
                gui.destroy(&self.plugin.plugin_handle());
            }
            self.frame = None;
        }

        /// Gives the window the size that the plugin has requested.
        pub(super) fn follow_size(&mut self) {
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
}
