//! A recording as a Standard MIDI File.

use crate::Note;
use std::path::Path;

pub use score::{FileError, Song, TICKS_A_BEAT};

/// Writes `notes` to `path`, whole or not at all, each at its song position.
///
/// # Errors
/// The folder or the file cannot be written.
pub fn write(path: &Path, song: &Song<'_>, notes: &[Note]) -> Result<(), FileError> {
    let notes: Vec<score::Note> = notes
        .iter()
        .map(|note| score::Note {
            beats: note.start_beats,
            length_beats: note.length_beats,
            channel: note.channel,
            note: note.note,
            velocity: note.velocity,
        })
        .collect();
    score::write(path, song, &notes)
}
