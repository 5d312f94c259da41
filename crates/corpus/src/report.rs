//! The report of an extraction, written beside the patterns as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::found_notes::FoundNotes;
use crate::midi::MidiError;
use crate::quantise::TooLong;
use crate::remainder::HitCounts;

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
    /// Nothing on the channels of drums that belongs to a kit.
    #[error("{0}")]
    NoDrums(FoundNotes),
    /// Drums, but in other metres.
    #[error("its {hits} drum hits are not in {metres}")]
    OtherMetre {
        /// How many.
        hits: usize,
        /// The metres that were chosen.
        metres: String,
    },
    /// Its hits are too far from the grid: it swings, or was played freely.
    #[error("its hits lie {error_steps:.3} steps from the grid on average, more than {allowed_steps}")]
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
            Self::NoDrums(_) => "no drums",
            Self::OtherMetre { .. } => "other metre",
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
    /// What was repaired in files that were read, by kind.
    pub repairs: BTreeMap<String, RepairRecord>,
    /// The notes of the files without drums, by channel (1..=16) and note, with how often.
    pub notes_without_drums: BTreeMap<u8, BTreeMap<u8, u64>>,
    /// The notes of the files whose hits are all percussion, with how often: their kit may not be General MIDI.
    pub percussion_alone: BTreeMap<u8, u64>,
    /// Where every drum hit went.
    pub hits: HitsRecord,
    /// Files with drum hits that are in no bar of a chosen metre.
    pub other_metre_files: usize,
    /// Hits that were quantised.
    pub quantised_hits: usize,
    /// Their mean distance to the step they went to, in steps (0..=0.5).
    pub mean_quantisation_error_steps: Option<f64>,
    /// With --performances: how far onsets lie from their steps, by part of the split.
    pub offsets: BTreeMap<String, OffsetRecord>,
    /// Files with drums in a chosen metre in which no pattern met the rule.
    pub files_without_pattern: usize,
    /// Patterns dropped because too little happens in them.
    pub dull_patterns: usize,
    /// Patterns dropped because a circular shift of them was there before.
    pub known_patterns: usize,
    /// Patterns written, or parts of songs with --bars.
    pub patterns: usize,
    /// Patterns written, by grid: signature and s (sixteenths) or t (triplet eighths).
    pub patterns_by_grid: BTreeMap<String, usize>,
    /// Patterns written, by genre.
    pub patterns_by_genre: BTreeMap<String, usize>,
    /// Songs that patterns were written of, in the order of the file.
    pub songs: Vec<SongRecord>,
}

/// How often a kind of damage was repaired.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepairRecord {
    /// In how many files.
    pub files: usize,
    /// How often in all of them.
    pub times: u64,
}

/// Where the drum hits of all files went: those in patterns, in refused files and of all remainders are as many as
/// were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitsRecord {
    /// Drum hits that were read.
    pub read: usize,
    /// Hits in patterns (or parts): written ones, or ones of which a rotation is written.
    pub in_patterns: usize,
    /// Hits of files that were refused as a whole.
    pub in_refused_files: usize,
    /// The other hits, by the reason why they are in no pattern.
    pub remainders: BTreeMap<String, usize>,
}

impl From<&HitCounts> for HitsRecord {
    fn from(counts: &HitCounts) -> Self {
        let HitCounts { read, in_patterns, in_refused_files, remainders } = *counts;
        Self { read, in_patterns, in_refused_files, remainders: remainders.by_reason() }
    }
}

/// How far the onsets of performances lie from their steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OffsetRecord {
    /// How many onsets.
    pub onsets: usize,
    /// The mean of their distances, in milliseconds.
    pub mean_ms: f64,
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
    /// Mean distance of its hits to the steps of its grid, in steps: above 0.2 of a sixteenth it swings.
    pub mean_error_steps: f64,
}

/// The files that a heading of [`Report::left_out`] names at most.
const FILES_NAMED: usize = 2;

impl Report {
    /// How many files were left out for which reason, damaged ones with their names: `damaged 1 (cut.mid), no
    /// drums 3`. Empty where none were.
    pub fn left_out(&self) -> String {
        let named = |heading: &str| {
            matches!(heading, "damaged" | "no tracks" | "not MIDI" | "too long" | "unreadable")
        };
        let reasons = self.rejected.iter().map(|(heading, files)| {
            let count = files.len();
            let paths: Vec<&str> = files.iter().take(FILES_NAMED).map(|file| file.path.as_str()).collect();
            match count.saturating_sub(FILES_NAMED) {
                _ if !named(heading) => format!("{heading} {count}"),
                0 => format!("{heading} {count} ({})", paths.join(", ")),
                more => format!("{heading} {count} ({} and {more} more)", paths.join(", ")),
            }
        });
        reasons.collect::<Vec<_>>().join(", ")
    }

    /// Adds a rejected file.
    pub fn reject(&mut self, path: String, rejection: &Rejection) {
        let file = RejectedFile { path, reason: rejection.to_string() };
        self.rejected.entry(rejection.heading().to_owned()).or_default().push(file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All names stood behind the last reason, whatever they were left out for.
    #[test]
    fn files_left_out_are_named_behind_their_own_reason() {
        let cut = MidiError::Truncated { track: 1, announced: 9, there: 3 };
        let mut report = Report::default();
        assert_eq!(report.left_out(), "");
        for (path, rejection) in [
            ("cut.mid", Rejection::Midi(cut)),
            ("waltz.mid", Rejection::OtherMetre { hits: 3, metres: "4/4".to_owned() }),
            ("text.mid", Rejection::Midi(MidiError::NotMidi)),
            ("empty.mid", Rejection::Midi(MidiError::NoTracks)),
            ("a.mid", Rejection::Unreadable("it is locked".to_owned())),
            ("b.mid", Rejection::Unreadable("it is locked".to_owned())),
            ("c.mid", Rejection::Unreadable("it is locked".to_owned())),
        ] {
            report.reject(path.to_owned(), &rejection);
        }
        assert_eq!(
            report.left_out(),
            "damaged 1 (cut.mid), no tracks 1 (empty.mid), not MIDI 1 (text.mid), other metre 1, \
             unreadable 3 (a.mid, b.mid and 1 more)"
        );
    }
}
