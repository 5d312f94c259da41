//! An offline host: it loads a bundle as a DAW does, rolls a transport, automates parameters, and
//! records notes and audio. For the demo and for the end-to-end tests.
//!
//! The way through: a [`hosts::Bundle`] creates an [`hosts::Instance`]; a [`hosts::Session`] rolls its
//! [`hosts::HostTransport`] over it block by block and keeps what came out in a [`hosts::Recording`].

pub mod checks;
pub mod daw;
pub mod demo;
#[cfg(target_os = "linux")]
pub mod desktop;
pub mod hosts;
pub mod measurements;
pub mod watch;

pub use hosts::{
    BarReport, BlockInput, BlockOutput, Bundle, HostBehaviour, HostError, HostTransport, Instance, LoopWrap,
    Mode, NoteFault, NoteOutput, OutputChannels, ParameterChange, ParameterDescription, ParameterId,
    PluginFormat, Position, RecordedNote, Recorder, Recording, Session, Setup,
};
