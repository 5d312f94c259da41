//! A real DAW records the plugin: Ardour, without display or sound card, plays the VST3 in a session and
//! records its MIDI, and every note of the recording is checked.
//!
//! The way through: `takes` says what is played, [`Ardour`] plays and records it in a home of its own,
//! `heard` reads what was recorded, `reference` plays the same where X rests in our own VST3 host,
//! and [`Figures`] compares the two.

mod ardour;
mod error;
mod notes;
mod takes;

pub use ardour::{Ardour, Recorded};
pub use error::DawError;
pub use notes::{Figures, Heard, TICKS_A_BEAT, TOLERANCE_TICKS};
pub use takes::{LOOP, TEMPO, Take, takes};

use crate::Bundle;
use std::path::Path;

/// One take and what became of it.
#[derive(Debug)]
pub struct Checked {
    /// What was played.
    pub take: Take,
    /// What was recorded, counted.
    pub figures: Figures,
}

/// Records all takes of the VST3 bundle at `bundle` and checks them. Everything is written under `folder`,
/// which must exist: Ardour's home, the session with its MIDI files, and what the programs said.
///
/// # Errors
/// Ardour is missing or failed, or the rig's own host could not play the bundle.
pub fn check(bundle: &Path, folder: &Path) -> Result<(Recorded, Vec<Checked>), DawError> {
    let ardour = Ardour::find()?;
    let takes = takes();
    let recorded = ardour.record(bundle, folder, &takes)?;
    let host = Bundle::load(bundle)?;
    let mut checked = Vec::new();
    for take in takes {
        let heard = notes::read(&recorded.midi_of(&take)?)?;
        let mut figures = Figures::of_itself(&take, &heard);
        for rest in &take.rests {
            let expected = notes::play(&host, &take, rest.x)?;
            figures.compare(&take, rest, &heard, &expected);
        }
        checked.push(Checked { take, figures });
    }
    Ok((recorded, checked))
}
