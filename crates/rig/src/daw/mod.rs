//! A real DAW records the plugin: Ardour, without display or sound card, plays the VST3 in a session and
//! records its MIDI, and every note of the recording is checked.
//!
//! `takes` describes what is played, [`Ardour`] plays and records it, and `notes` reads the recording, renders
//! the parts with constant X in the rig's own VST3 host, and compares the two.

mod ardour;
mod notes;
mod takes;

pub use ardour::{Ardour, ArdourRecording, MissingProgram};
pub use notes::{DawNote, TICKS_A_BEAT, TOLERANCE_TICKS, TakeFigures};
pub use takes::{DawTake, LOOP, TEMPO, takes};

use crate::Bundle;
use std::path::Path;

/// One take and its figures.
#[derive(Debug)]
pub struct CheckedTake {
    /// The take.
    pub take: DawTake,
    /// What was counted in its recording.
    pub figures: TakeFigures,
}

/// Records all takes of the VST3 bundle at `bundle` and checks them. Everything is written under `folder`,
/// which must exist: Ardour's home folder, the session with its MIDI files, and the output of the programs.
///
/// # Errors
/// Ardour is missing ([`MissingProgram`]) or failed, or the rig's own host could not play the bundle.
pub fn check(bundle: &Path, folder: &Path) -> anyhow::Result<(ArdourRecording, Vec<CheckedTake>)> {
    let ardour = Ardour::find()?;
    let takes = takes();
    let recorded = ardour.record(bundle, folder, &takes)?;
    let host = Bundle::load(bundle)?;
    let mut checked = Vec::new();
    for take in takes {
        let recorded_notes = notes::read(&recorded.midi_of(&take)?)?;
        let mut figures = TakeFigures::of_recording(&take, &recorded_notes);
        for part in &take.steady {
            let expected = notes::play(&host, &take, part.x)?;
            figures.compare(&take, part, &recorded_notes, &expected);
        }
        checked.push(CheckedTake { take, figures });
    }
    Ok((recorded, checked))
}
