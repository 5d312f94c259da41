//! The demo: the real bundle plays while the puck travels over the map; notes and audio are recorded,
//! checked and written to files.

mod check;
pub mod files;
mod journey;
pub mod onsets;
mod run;

pub use check::{DemoCheck, ModelOrigin};
pub use journey::Journey;
pub use run::{
    CycleGrid, DemoRecording, DemoStatus, FRAMES, METRES, RATE, TEMPO, Tour, play, time_signature,
};
