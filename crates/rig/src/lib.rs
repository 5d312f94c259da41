//! An offline host: it loads a bundle as a DAW does, rolls a transport, automates parameters, and
//! records notes and audio. For the demo and for the end-to-end tests.
//!
//! The way through: [`Bundle`] loads a file and creates an [`Instance`]; a [`Session`] rolls its
//! [`Transport`] over it block by block and keeps what came out in a [`Recording`]; [`midi_file`] writes
//! that down.

mod audio_thread;
mod block;
mod bundle;
pub mod clap;
pub mod cycles;
pub mod daw;
pub mod demo;
#[cfg(target_os = "linux")]
pub mod desktop;
mod error;
pub mod figures;
mod instance;
pub mod lifecycle;
pub mod midi_file;
pub mod model;
pub mod priority;
pub mod realtime;
mod record;
mod session;
pub mod states;
mod transport;
pub mod vst3;
pub mod watch;
pub mod wav_file;

pub use block::{Block, Output, ParameterChange};
pub use bundle::Bundle;
pub use error::HostError;
pub use instance::{Format, Instance, Mode, Parameter, ParameterId, Setup};
pub use record::{Fault, Note, Recorder, Recording};
pub use session::{LoopWrap, Session};
pub use transport::{Position, Transport};
