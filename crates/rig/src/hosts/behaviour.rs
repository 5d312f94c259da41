//! How a host treats the plugin in the points where hosts differ.
//!
//! A check asks for a host in the [`Setup`](crate::Setup) of its session; the default is a host that does
//! everything:
//!
//! ```
//! use rig::{HostBehaviour, Mode, NoteOutput, Setup};
//!
//! let behaviour = HostBehaviour { note_output: NoteOutput::Refused, ..HostBehaviour::default() };
//! let setup = Setup { behaviour, ..Setup::new(Mode::Realtime) };
//! ```
//!
//! What a host does at one time instead of always is a method: [`Session::reset`](crate::Session::reset) while
//! notes sound, [`Session::choke`](crate::Session::choke), and
//! [`Session::wait_without_blocks`](crate::Session::wait_without_blocks), in which edits of the plugin's window
//! arrive although no block is processed.

/// The behaviour of a host, constant while an instance is active.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HostBehaviour {
    /// What becomes of the plugin's note events.
    pub note_output: NoteOutput,
    /// The audio channels that the plugin may write.
    pub channels: OutputChannels,
    /// What the transport reports about bars.
    pub bars: BarReport,
    /// What happens at the end of a loop.
    pub loop_wrap: LoopWrap,
}

/// What a host does with the note events of the plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoteOutput {
    /// It takes and records them.
    #[default]
    Recorded,
    /// It refuses each of them.
    Refused,
    /// It has nowhere to put them: under VST3 there is no event list, as in MuseScore; under CLAP, which requires
    /// a list, it takes and discards them.
    Missing,
    /// It has a list in every other block only (VST3; CLAP requires one, and it is always there).
    EveryOtherBlock,
}

/// The audio channels that a host passes to the plugin. It requests this layout before activation (VST3
/// `setBusArrangements`, CLAP `audio-ports-config`), and passes these channels even where the plugin refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputChannels {
    /// None, as for a switched-off device in Live.
    None,
    /// One, as on a mono track in Cubase; the right side of a recording is silent then.
    Mono,
    /// Two.
    #[default]
    Stereo,
}

impl OutputChannels {
    /// How many there are.
    pub fn count(self) -> usize {
        self as usize
    }
}

/// What a host reports about the bars of the song.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BarReport {
    /// The start and the number of the bar, beside the time signature.
    #[default]
    StartAndNumber,
    /// The time signature alone: under VST3 the bar's start is marked invalid, under CLAP, which has no such mark,
    /// start and number stay 0.
    SignatureAlone,
}

/// What a host does where a loop ends within a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoopWrap {
    /// It ends the block there and starts another, as most hosts do.
    #[default]
    Split,
    /// It sends a transport event within the block (CLAP only).
    Announced,
    /// It sends nothing: the next block begins behind the loop's start.
    Silent,
    /// It reports the loop, but the song continues behind the loop's end.
    PastEnd,
}
