//! What crosses from the host to the plugin and back for one block. Plain data: it travels to the audio
//! thread and returns, so that a block allocates nothing once its buffers have grown.

use crate::hosts::{ParameterId, Position};
use beat::{NoteEvent, NoteKind};
use std::time::Duration;

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
