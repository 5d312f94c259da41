//! One plugin instance as a host sees it, whatever its format, and the blocks that it processes. Blocks are
//! plain data that travels to the audio thread and returns, so that one allocates nothing once its buffers
//! have grown.

use crate::hosts::{HostError, Position};
use beat::{NoteEvent, NoteKind};
use std::time::Duration;

/// The number by which the host addresses a parameter, as the plugin gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParameterId(pub u32);

/// A plugin format that the rig hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CLAP.
    Clap,
    /// VST3.
    Vst3,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Clap, Self::Vst3];

    /// How the bundle called `name` is called on disk in this format.
    pub fn file_name(self, name: &str) -> String {
        match self {
            Self::Clap => format!("{name}.clap"),
            Self::Vst3 => format!("{name}.vst3"),
        }
    }
}

/// A parameter as the plugin describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// How the host addresses it.
    pub id: ParameterId,
    /// What it is called on screen.
    pub name: String,
    /// Its default, 0..=1 over its range.
    pub default: f64,
}

/// Whether song time follows the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Live: the plugin must not wait.
    #[default]
    Realtime,
    /// A bounce: the plugin may take its time.
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
}

impl Setup {
    /// 48 kHz, blocks of at most 8192 samples.
    pub fn new(mode: Mode) -> Self {
        Self { rate: 48_000.0, most_frames: 8192, mode }
    }
}

/// A plugin instance. All calls come from the thread that created it, the main thread of the host;
/// blocks are processed on an audio thread of the instance's own, as hosts do.
pub trait Instance {
    /// The format it is hosted in.
    fn format(&self) -> Format;

    /// The parameters in the plugin's order.
    fn parameters(&self) -> &[Parameter];

    /// The current value, 0..=1 over the parameter's range.
    ///
    /// # Errors
    /// The plugin does not know this parameter.
    fn value(&mut self, parameter: ParameterId) -> Result<f64, HostError>;

    /// The value, 0..=1 over the range, of what a musician would type, for example "0.8" or "Bar".
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
    fn process(&mut self, block: Block, output: Output) -> Result<(Block, Output), HostError>;

    /// Tells the plugin that playback jumps: CLAP `reset`, VST3 `setProcessing(0)` and `(1)`.
    ///
    /// # Errors
    /// The instance is inactive, or the plugin failed.
    fn reset(&mut self) -> Result<(), HostError>;

    /// Gives the plugin the main thread for what it asked for; called after every block.
    fn idle(&mut self);

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

/// One block as the host hands it to the plugin.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Length in samples, at least 1.
    pub frames: u32,
    /// Where the song is at sample 0.
    pub position: Position,
    /// Where the song jumps to within the block, by sample; hosts that split blocks leave it empty.
    pub jumps: Vec<(u32, Position)>,
    /// Automation, in time order.
    pub changes: Vec<ParameterChange>,
    /// Notes played into the plugin, in time order.
    pub notes: Vec<NoteEvent>,
    /// Samples since the plugin was activated.
    pub steady: u64,
}

/// One block as the plugin hands it back.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Note events in the order in which the plugin sent them.
    pub notes: Vec<NoteEvent>,
    /// Events that carry neither a note nor a parameter, counted.
    pub other_events: usize,
    /// Left and right, `frames` samples each.
    pub audio: [Vec<f32>; 2],
    /// How long the plugin's call took.
    pub cost: Duration,
}

impl Output {
    /// Makes room for a block of `frames` samples and forgets the last one.
    pub(crate) fn prepare(&mut self, frames: u32) {
        self.notes.clear();
        self.other_events = 0;
        for channel in &mut self.audio {
            channel.clear();
            channel.resize(frames as usize, 0.0);
        }
    }

    /// Keeps a note event, of a note-on with this velocity (0..=1) or of a note-off without.
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
