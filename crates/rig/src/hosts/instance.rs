//! The interface of a plugin instance, the same for both formats, and the blocks that it processes.

use crate::hosts::{HostBehaviour, HostError, OutputChannels, Position};
use beat::{NoteEvent, NoteKind};
use std::time::Duration;

/// The plugin's number of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParameterId(pub u32);

/// A plugin format that the rig hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginFormat {
    /// CLAP.
    Clap,
    /// VST3.
    Vst3,
}

impl PluginFormat {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Clap, Self::Vst3];

    /// The file name of the bundle called `name`.
    pub fn file_name(self, name: &str) -> String {
        match self {
            Self::Clap => format!("{name}.clap"),
            Self::Vst3 => format!("{name}.vst3"),
        }
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

/// A plugin instance. All calls come from the thread that created it, the main thread of the host;
/// blocks are processed on an audio thread of the instance's own, as hosts do.
pub trait Instance {
    /// The format it is hosted in.
    fn format(&self) -> PluginFormat;

    /// The parameters in the plugin's order.
    fn parameters(&self) -> &[ParameterDescription];

    /// The current value, 0..=1 over the parameter's range.
    ///
    /// # Errors
    /// The plugin does not know this parameter.
    fn value(&mut self, parameter: ParameterId) -> Result<f64, HostError>;

    /// The value, 0..=1 over the range, of a text as a user types it, for example "0.8" or "Bar".
    ///
    /// # Errors
    /// The parameter does not understand the text.
    fn parse(&mut self, parameter: ParameterId, text: &str) -> Result<f64, HostError>;

    /// The plugin's state, as a host keeps it in a project.
    ///
    /// # Errors
    /// The plugin did not save.
    fn save(&mut self) -> Result<Vec<u8>, HostError>;

    /// Restores a state.
    ///
    /// # Errors
    /// The plugin refused it.
    fn load(&mut self, state: &[u8]) -> Result<(), HostError>;

    /// Announces the mode, activates, and starts an audio thread.
    ///
    /// # Errors
    /// The instance is active already, or the plugin refused.
    fn activate(&mut self, setup: Setup) -> Result<(), HostError>;

    /// Stops the audio thread and deactivates. Does nothing to an inactive instance.
    ///
    /// # Errors
    /// The plugin or its audio thread failed on the way.
    fn deactivate(&mut self) -> Result<(), HostError>;

    /// Processes one block on the audio thread and waits for it. The block's buffers are handed back.
    ///
    /// # Errors
    /// The instance is inactive, or the plugin failed.
    fn process(
        &mut self,
        block: BlockInput,
        output: BlockOutput,
    ) -> Result<(BlockInput, BlockOutput), HostError>;

    /// CLAP `reset`, VST3 `setProcessing(0)` and `(1)`.
    ///
    /// # Errors
    /// The instance is inactive, or the plugin failed.
    fn reset(&mut self) -> Result<(), HostError>;

    /// Runs the main-thread callbacks that the plugin has requested; called after every block.
    fn idle(&mut self);

    /// Opens the plugin's window on the screen that `DISPLAY` names; returns its size in pixels.
    ///
    /// # Errors
    /// There is no X server, or the plugin has no window for one.
    #[cfg(target_os = "linux")]
    fn open_window(&mut self, title: &str, size: RequestedSize) -> Result<(u32, u32), HostError>;

    /// The host's window around the plugin's, where one is open.
    #[cfg(target_os = "linux")]
    fn host_window(&self) -> Option<&crate::desktop::HostWindow>;

    /// Closes the window, where one is open.
    #[cfg(target_os = "linux")]
    fn close_window(&mut self);

    /// The parameter of this name.
    ///
    /// # Errors
    /// There is none; the error lists those there are.
    fn parameter(&self, name: &str) -> Result<ParameterId, HostError> {
        let parameters = self.parameters();
        parameters.iter().find(|parameter| parameter.name == name).map(|parameter| parameter.id).ok_or_else(
            || HostError::NoParameter {
                name: name.to_owned(),
                known: parameters
                    .iter()
                    .map(|parameter| parameter.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            },
        )
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
