//! CLAP and VST3 hosts behind one interface, and what they share: blocks, transport, session, recording.

mod audio_thread;
mod bundle;
pub mod clap;
mod error;
mod instance;
mod record;
pub mod saved_state;
mod session;
mod transport;
pub mod vst3;

pub use audio_thread::run_ahead;
pub use bundle::Bundle;
pub use error::HostError;
pub use instance::{Block, Format, Instance, Mode, Output, Parameter, ParameterChange, ParameterId, Setup};
pub use record::{Fault, Note, Recorder, Recording};
pub use session::{LoopWrap, Session};
pub use transport::{Position, Transport};
