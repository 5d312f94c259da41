//! The report of an extraction, written beside the patterns as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::midi::MidiError;
use crate::quantise::TooLong;

/// Why a MIDI file gave no patterns. Its text is a sentence about "it", without its full stop.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// It can't be opened or unpacked, or is too large.
    #[error("{0}")]
    Unreadable(String),
    /// It is no MIDI file or a damaged one.
    #[error(transparent)]
    Midi(#[from] MidiError),
    /// It would fill the memory.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// Nothing on channel 10 that belongs to a kit.
    #[error("it has no drums on channel 10")]
    NoDrums,
    /// Drums, but in other meters.
    #[error("its {hits} drum hits are not in 4/4")]
    OtherMeter {
        /// How many.
        hits: usize,
    },
    /// Its hits are too far from the grid: it swings, or was played freely.
    #[error("its hits lie {error_steps:.3} steps from the sixteenths on average, more than {allowed_steps}")]
    LooseTiming {
        /// Mean distance in steps.
        error_steps: f64,
        /// The limit.
        allowed_steps: f64,
    },
}

impl Rejection {
    /// The heading under which the report lists it.
    pub fn heading(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Midi(MidiError::NotMidi) => "not MIDI",
            Self::Midi(MidiError::NoTracks) => "no tracks",
            Self::Midi(_) => "damaged",
            Self::TooLong(_) => "too long",
            Self::NoDrums => "no drums",
            Self::OtherMeter { .. } => "not 4/4",
            Self::LooseTiming { .. } => "loose timing",
        }
    }

    /// Whether the file itself is damaged or unreadable.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Midi(_) | Self::TooLong(_))
    }
}

/// The report of one extraction. The names of the fields are those of the JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Program and version.
    pub tool: String,
    /// The options of the command.
    pub options: BTreeMap<String, serde_json::Value>,
    /// Every folder and archive.
    pub inputs: Vec<InputRecord>,
    /// Whether the run was interrupted, so that later files are missing.
    pub interrupted: bool,
    /// MIDI files in the inputs.
    pub files_found: usize,
    /// Files beside them that are neither MIDI nor archive.
    pub other_files: usize,
    /// MIDI files that could be read, drums or not.
    pub files_read: usize,
    /// Rejected files, by heading.
    pub rejected: BTreeMap<String, Vec<RejectedFile>>,
    /// Files with drum hits outside 4/4.
    pub other_meter_files: usize,
    /// Those hits; they were left out.
    pub other_meter_hits: usize,
    /// Channel 10 hits of notes that belong to no drum; they were left out.
    pub unknown_notes: usize,
    /// Hits that were quantised.
    pub quantised_hits: usize,
    /// Their mean distance to the sixteenth they went to, in steps (0..=0.5).
    pub mean_quantisation_error_steps: Option<f64>,
    /// Files with drums in 4/4 in which no pattern met the rule.
    pub files_without_pattern: usize,
    /// Patterns dropped because too little happens in them.
    pub dull_patterns: usize,
    /// Patterns dropped because a circular shift of them was there before.
    pub known_patterns: usize,
    /// Patterns written, or parts of songs with --bars.
    pub patterns: usize,
    /// Patterns written, by genre.
    pub patterns_by_genre: BTreeMap<String, usize>,
    /// Songs that patterns were written of, in the order of the file.
    pub songs: Vec<SongRecord>,
}

/// One folder or archive of an extraction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputRecord {
    /// What song ids of it begin with.
    pub label: String,
    /// As it was named.
    pub path: String,
    /// MIDI files in it.
    pub files: usize,
    /// Of an archive, the SHA-256 of the file. Of a folder, that of the lines `path TAB sha256 of the
    /// file` of all its MIDI files in order; none where the run was interrupted.
    pub sha256: Option<String>,
}

/// A rejected file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RejectedFile {
    /// Its path.
    pub path: String,
    /// Why it was rejected.
    pub reason: String,
}

/// A song that gave patterns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SongRecord {
    /// The song id of its rows.
    pub song: String,
    /// Its genre.
    pub genre: String,
    /// How many rows it has.
    pub patterns: usize,
    /// Mean distance of its hits to the sixteenths, in steps: above 0.2 it swings.
    pub mean_error_steps: f64,
}

impl Report {
    /// Adds a rejected file.
    pub fn reject(&mut self, path: String, rejection: &Rejection) {
        let file = RejectedFile { path, reason: rejection.to_string() };
        self.rejected.entry(rejection.heading().to_owned()).or_default().push(file);
    }
}
