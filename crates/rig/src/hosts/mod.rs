//! CLAP and VST3 hosts behind one interface, and what they share: blocks, transport, session, recording.

mod audio_thread;
mod block;
mod bundle;
pub mod clap;
mod error;
mod instance;
pub mod model;
pub mod priority;
mod record;
mod session;
mod transport;
pub mod vst3;

pub use block::{Block, Output, ParameterChange};
pub use bundle::Bundle;
pub use error::HostError;
pub use instance::{Format, Instance, Mode, Parameter, ParameterId, Setup};
pub use record::{Fault, Note, Recorder, Recording};
pub use session::{LoopWrap, Session};
pub use transport::{Position, Transport};
