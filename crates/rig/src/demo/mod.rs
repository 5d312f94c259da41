//! The demo: the real bundle plays while the puck travels over the map; notes and audio are recorded,
//! checked and written to files.

mod check;
pub mod files;
mod journey;
pub mod onsets;
mod run;

pub use check::{Verdict, Whose};
pub use journey::Journey;
pub use run::{BEATS_PER_BAR, FRAMES, Grid, Moment, Performance, RATE, TEMPO, Tour, play};
