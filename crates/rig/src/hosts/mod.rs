//! CLAP and VST3 hosts behind one interface, and what they share: blocks, transport, session, recording.

mod audio_thread;
mod behaviour;
mod bundle;
mod clap;
mod error;
mod instance;
mod record;
pub mod saved_state;
mod session;
mod transport;
mod vst3;

pub use audio_thread::raise_priority;
pub use behaviour::{BarReport, HostBehaviour, LoopWrap, NoteOutput, OutputChannels};
pub use bundle::Bundle;
pub use error::HostError;
pub use instance::{
    BlockInput, BlockOutput, Instance, Mode, ParameterChange, ParameterDescription, ParameterId,
    PluginFormat, RequestedSize, Setup,
};
pub use record::{NoteFault, RecordedNote, Recorder, Recording};
pub use session::Session;
pub use transport::{HostTransport, Position};
