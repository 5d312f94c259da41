//! A plugin instance, the same for both formats, and the blocks that it processes.

use crate::hosts::audio_thread::AudioThread;
use crate::hosts::{HostBehaviour, HostError, OutputChannels, Position};
use beat::{NoteEvent, NoteKind};
use std::time::Duration;

/// The plugin's number of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParameterId(pub u32);

/// A plugin format that the rig hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum PluginFormat {
    /// CLAP.
    Clap,
    /// VST3.
    Vst3,
}

impl PluginFormat {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Clap, Self::Vst3];

    /// Its name on the command line and as a file extension.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clap => "clap",
            Self::Vst3 => "vst3",
        }
    }

    /// The file name of the bundle called `name`.
    pub fn file_name(self, name: &str) -> String {
        format!("{name}.{}", self.name())
    }
}

/// A parameter as the plugin describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterDescription {
    /// Its number.
    pub id: ParameterId,
    /// Its name on screen.
    pub name: String,
    /// Its default, 0..=1 over its range.
    pub default: f64,
}

/// The process mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Live, at the pace of the clock: the plugin must not wait.
    #[default]
    Realtime,
    /// An offline render: the plugin may wait.
    Offline,
}

/// What a plugin is activated for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    /// Samples a second.
    pub rate: f64,
    /// The longest block, in samples.
    pub most_frames: u32,
    /// Live or offline; announced before the plugin is activated.
    pub mode: Mode,
    /// How the host behaves.
    pub behaviour: HostBehaviour,
}

impl Setup {
    /// 48 kHz, blocks of at most 8192 samples, a host that does everything.
    pub fn new(mode: Mode) -> Self {
        Self { rate: 48_000.0, most_frames: 8192, mode, behaviour: HostBehaviour::default() }
    }
}

/// The size of a window that is to be opened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RequestedSize {
    /// In pixels; none is the plugin's own size.
    pub pixels: Option<(u32, u32)>,
    /// The scale factor, where the host has one.
    pub scale: Option<f64>,
    /// How long the host takes between creating the window and showing it (CLAP only).
    pub shown_after: Duration,
}

/// A plugin in its format: what differs between CLAP and VST3.
pub(crate) trait HostedPlugin {
    /// The current value of a parameter, 0..=1; none where the plugin does not know it.
    fn value(&mut self, parameter: ParameterId) -> Option<f64>;

    /// The value, 0..=1, of a text; none where the parameter does not understand it.
    fn parse(&mut self, parameter: ParameterId, text: &str) -> Option<f64>;

    fn save(&mut self) -> Result<Vec<u8>, HostError>;

    fn load(&mut self, state: &[u8]) -> Result<(), HostError>;

    /// Announces the mode, activates, and starts an audio thread.
    fn activate(&mut self, setup: Setup) -> Result<AudioThread, HostError>;

    /// Deactivates, after the audio thread has ended.
    fn deactivate(&mut self) -> Result<(), HostError>;

    /// The edits of the plugin's window since the last call, which the host sends back with the next block.
    fn take_edits(&mut self) -> Vec<ParameterChange> {
        Vec::new()
    }

    fn idle(&mut self);

    #[cfg(target_os = "linux")]
    fn open_window(&mut self, title: &str, size: RequestedSize) -> Result<(u32, u32), HostError>;

    #[cfg(target_os = "linux")]
    fn host_window(&self) -> Option<&crate::desktop::HostWindow>;

    /// Closes the window, where one is open.
    #[cfg(target_os = "linux")]
    fn close_window(&mut self);
}

/// A plugin instance. All calls come from the thread that created it, the main thread of the host;
/// blocks are processed on an audio thread of the instance's own, as hosts do.
pub struct Instance {
    // Dropped first: the thread ends before the plugin is destroyed.
    audio: Option<AudioThread>,
    plugin: Box<dyn HostedPlugin>,
    format: PluginFormat,
    parameters: Vec<ParameterDescription>,
    most_frames: u32,
}

const INACTIVE: HostError = HostError::State { state: "inactive", advice: "activate it first" };

impl Instance {
    pub(crate) fn new(
        format: PluginFormat,
        plugin: Box<dyn HostedPlugin>,
        parameters: Vec<ParameterDescription>,
    ) -> Self {
        Self { audio: None, plugin, format, parameters, most_frames: 0 }
    }

    /// The format it is hosted in.
    pub fn format(&self) -> PluginFormat {
        self.format
    }

    /// The parameters in the plugin's order.
    pub fn parameters(&self) -> &[ParameterDescription] {
        &self.parameters
    }

    /// The parameter of this name.
    ///
    /// # Errors
    /// There is none; the error lists those there are.
    pub fn parameter(&self, name: &str) -> Result<ParameterId, HostError> {
        let found = self.parameters.iter().find(|parameter| parameter.name == name);
        found.map(|parameter| parameter.id).ok_or_else(|| {
            let names: Vec<&str> = self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            HostError::NoParameter { name: name.to_owned(), known: names.join(", ") }
        })
    }

    fn known(&self, parameter: ParameterId) -> Result<&ParameterDescription, HostError> {
        let found = self.parameters.iter().find(|candidate| candidate.id == parameter);
        found.ok_or_else(|| HostError::NoParameter {
            name: format!("id {}", parameter.0),
            known: format!("{} others", self.parameters.len()),
        })
    }

    /// The current value, 0..=1 over the parameter's range.
    ///
    /// # Errors
    /// The plugin does not know this parameter.
    pub fn value(&mut self, parameter: ParameterId) -> Result<f64, HostError> {
        self.known(parameter)?;
        self.plugin.value(parameter).ok_or(HostError::Missing("value of a parameter"))
    }

    /// The value, 0..=1 over the range, of a text as a user types it, for example "0.8" or "Bar".
    ///
    /// # Errors
    /// The parameter does not understand the text.
    pub fn parse(&mut self, parameter: ParameterId, text: &str) -> Result<f64, HostError> {
        let name = self.known(parameter)?.name.clone();
        let value = self.plugin.parse(parameter, text);
        value.ok_or_else(|| HostError::NoSuchValue { name, text: text.to_owned() })
    }

    /// The plugin's state, as a host keeps it in a project.
    ///
    /// # Errors
    /// The plugin did not save.
    pub fn save(&mut self) -> Result<Vec<u8>, HostError> {
        self.plugin.save()
    }

    /// Restores a state.
    ///
    /// # Errors
    /// The plugin refused it.
    pub fn load(&mut self, state: &[u8]) -> Result<(), HostError> {
        self.plugin.load(state)
    }

    /// Announces the mode, activates, and starts an audio thread.
    ///
    /// # Errors
    /// The instance is active already, or the plugin refused.
    pub fn activate(&mut self, setup: Setup) -> Result<(), HostError> {
        if self.audio.is_some() {
            return Err(HostError::State { state: "active", advice: "deactivate it first" });
        }
        self.audio = Some(self.plugin.activate(setup)?);
        self.most_frames = setup.most_frames;
        Ok(())
    }

    /// Stops the audio thread and deactivates. Does nothing to an inactive instance.
    ///
    /// # Errors
    /// The plugin or its audio thread failed on the way.
    pub fn deactivate(&mut self) -> Result<(), HostError> {
        let Some(audio) = self.audio.take() else { return Ok(()) };
        let joined = audio.join();
        self.plugin.deactivate()?;
        joined
    }

    /// Processes one block on the audio thread and waits for it. The block's buffers are handed back.
    ///
    /// # Errors
    /// The instance is inactive, or the plugin failed.
    pub fn process(
        &mut self,
        mut block: BlockInput,
        output: BlockOutput,
    ) -> Result<(BlockInput, BlockOutput), HostError> {
        if block.frames > self.most_frames {
            return Err(HostError::BlockTooLong { frames: block.frames, most: self.most_frames });
        }
        block.changes.splice(0..0, self.plugin.take_edits());
        self.audio.as_ref().ok_or(INACTIVE)?.process(block, output)
    }

    /// CLAP `reset`, VST3 `setProcessing(0)` and `(1)`.
    ///
    /// # Errors
    /// The instance is inactive, or the plugin failed.
    pub fn reset(&mut self) -> Result<(), HostError> {
        self.audio.as_ref().ok_or(INACTIVE)?.reset()
    }

    /// Runs the main-thread callbacks that the plugin has requested; called after every block.
    pub fn idle(&mut self) {
        self.plugin.idle();
    }

    /// Opens the plugin's window on the screen that `DISPLAY` names; returns its size in pixels.
    ///
    /// # Errors
    /// There is no X server, or the plugin has no window for one.
    #[cfg(target_os = "linux")]
    pub fn open_window(&mut self, title: &str, size: RequestedSize) -> Result<(u32, u32), HostError> {
        self.plugin.open_window(title, size)
    }

    /// The host's window around the plugin's, where one is open.
    #[cfg(target_os = "linux")]
    pub fn host_window(&self) -> Option<&crate::desktop::HostWindow> {
        self.plugin.host_window()
    }

    /// Closes the window, where one is open.
    #[cfg(target_os = "linux")]
    pub fn close_window(&mut self) {
        self.plugin.close_window();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        self.close_window();
        // The plugin is being destroyed, so an error has no receiver.
        if self.deactivate().is_err() {
            self.audio = None;
        }
    }
}

/// A parameter takes a value within a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParameterChange {
    /// The sample of the block.
    pub sample: u32,
    /// Which parameter.
    pub parameter: ParameterId,
    /// 0..=1 over the parameter's range.
    pub value: f64,
}

/// What the host passes to the plugin for one block. It travels to the audio thread and back, so that a block
/// allocates nothing once its buffers have grown.
#[derive(Clone, Debug, Default)]
pub struct BlockInput {
    /// Length in samples, at least 1.
    pub frames: u32,
    /// The song position at sample 0.
    pub position: Position,
    /// Jumps of the song within the block, by sample; empty for hosts that split blocks there.
    pub jumps: Vec<(u32, Position)>,
    /// Automation, in time order.
    pub changes: Vec<ParameterChange>,
    /// Notes played into the plugin, in time order.
    pub notes: Vec<NoteEvent>,
    /// Notes that are choked at sample 0, as channel and note (CLAP only).
    pub chokes: Vec<(u8, u8)>,
    /// Samples since the plugin was activated.
    pub steady: u64,
}

/// What the plugin returns for one block; reused like [`BlockInput`].
#[derive(Clone, Debug, Default)]
pub struct BlockOutput {
    /// Note events in the order in which the plugin sent them.
    pub notes: Vec<NoteEvent>,
    /// The number of events that are neither notes nor parameter changes.
    pub other_events: usize,
    /// Left and right, `frames` samples each; channels that the host does not pass stay silent.
    pub audio: [Vec<f32>; 2],
    /// The duration of the plugin's call.
    pub cost: Duration,
}

impl BlockOutput {
    /// Clears the last block and makes room for `frames` samples.
    pub(crate) fn prepare(&mut self, frames: u32) {
        self.notes.clear();
        self.other_events = 0;
        for channel in &mut self.audio {
            channel.clear();
            channel.resize(frames as usize, 0.0);
        }
    }

    /// The channels that the host passes to the plugin.
    pub(crate) fn channels(&mut self, channels: OutputChannels) -> impl Iterator<Item = &mut Vec<f32>> {
        self.audio.iter_mut().take(channels.count())
    }

    /// Adds a note-on of this velocity (0..=1), or a note-off where there is none.
    pub(crate) fn push_note(&mut self, sample: u32, channel: u8, note: u8, velocity: Option<f64>) {
        let kind = match velocity {
            Some(velocity) => NoteKind::On { velocity: midi_velocity(velocity) },
            None => NoteKind::Off,
        };
        self.notes.push(NoteEvent { sample, channel, note, kind });
    }
}

/// The MIDI velocity 1..=127 of a velocity 0..=1; a note-on of velocity 0 would be a note-off.
fn midi_velocity(velocity: f64) -> u8 {
    (velocity * 127.0).round().clamp(1.0, 127.0) as u8
}
