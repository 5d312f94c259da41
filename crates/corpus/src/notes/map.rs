//! A kit of the user's own, as a small text file says it: which drum each note is.

use std::path::{Path, PathBuf};
use std::{fs, io};

use beat::DEFAULT_INSTRUMENT_NAMES;
use serde::{Serialize, Serializer};

use super::general_midi;

/// The largest file, in bytes.
const LARGEST_BYTES: u64 = 1 << 16;
/// The instrument of a note that is no drum.
const NONE: u8 = u8::MAX;
/// What a line says of a note that is no drum.
const NO_DRUM: &str = "none";

/// Which instrument of the default kit each note is.
///
/// The file has a note and a drum a line, with blanks, a TAB, a comma or `=` between them: `60 kick`. A note is
/// a number, 0..=127; a drum is a name of the kit, such as `closed hat`, or `none`. `#` begins a comment. Notes
/// that are not named stay as General MIDI has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteMap([u8; 128]);

/// Why a file is no map of notes.
#[derive(Debug, thiserror::Error)]
pub enum NoteMapError {
    /// It can't be read.
    #[error("{path}: {reason}")]
    File {
        /// As it was named.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
    /// A line that says nothing.
    #[error("{path}, line {line}: {reason}")]
    Line {
        /// As it was named.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// No line names a note.
    #[error("{path}: it names no note; a line is a note and a drum, such as `60 kick`")]
    Empty {
        /// As it was named.
        path: PathBuf,
    },
}

impl NoteMap {
    /// Reads a file.
    ///
    /// # Errors
    /// It can't be read, or a line is no note and drum.
    pub fn read(path: &Path) -> Result<Self, NoteMapError> {
        let unreadable = |reason| NoteMapError::File { path: path.to_owned(), reason };
        if fs::metadata(path).map_err(unreadable)?.len() > LARGEST_BYTES {
            return Err(unreadable(io::Error::other("it is too large for a map of notes")));
        }
        let bytes = fs::read(path).map_err(unreadable)?;
        Self::parse(path, &String::from_utf8_lossy(&bytes))
    }

    /// The map that a text says; `path` is for errors.
    ///
    /// # Errors
    /// A line is no note and drum, or there is none.
    pub fn parse(path: &Path, text: &str) -> Result<Self, NoteMapError> {
        let mut map = Self(std::array::from_fn(|note| general_midi(note as u8).unwrap_or(NONE)));
        let mut named = [None; 128];
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let wrong = |reason| NoteMapError::Line { path: path.to_owned(), line: index + 1, reason };
            let (note, drum) = entry(line).map_err(wrong)?;
            if named[note].is_some_and(|before| before != drum) {
                return Err(wrong(format!("note {note} already is another drum")));
            }
            named[note] = Some(drum);
            map.0[note] = drum.unwrap_or(NONE);
        }
        if named.iter().all(Option::is_none) {
            return Err(NoteMapError::Empty { path: path.to_owned() });
        }
        Ok(map)
    }

    /// The instrument (0..14 of the default kit) that `note` is, or `None` for one that is no drum.
    pub fn instrument(&self, note: u8) -> Option<u8> {
        self.0.get(usize::from(note)).copied().filter(|instrument| *instrument != NONE)
    }
}

/// The note and instrument of a line.
fn entry(line: &str) -> Result<(usize, Option<u8>), String> {
    let between = |letter: char| letter.is_whitespace() || matches!(letter, ',' | '=' | ';');
    let Some((note, drum)) = line.split_once(between) else {
        return Err(format!("{line:?} is no note and drum, such as `60 kick`"));
    };
    let number = note.parse().ok().filter(|note| *note < 128);
    let number = number.ok_or_else(|| format!("{note:?} is no note, a number from 0 to 127"))?;
    let drum = drum.trim_matches(between).to_lowercase().replace(['-', '_'], " ");
    if drum == NO_DRUM {
        return Ok((number, None));
    }
    let instrument = DEFAULT_INSTRUMENT_NAMES.iter().position(|name| *name == drum);
    let instrument = instrument.ok_or_else(|| {
        format!("{drum:?} is no drum of the kit: {}, or none", DEFAULT_INSTRUMENT_NAMES.join(", "))
    })?;
    Ok((number, Some(instrument as u8)))
}

impl Serialize for NoteMap {
    /// As an object from notes to drums.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let drums = (0..128).filter_map(|note| Some((note, self.instrument(note)?)));
        let named = drums.map(|(note, drum)| (note, DEFAULT_INSTRUMENT_NAMES[usize::from(drum)]));
        serializer.collect_map(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<NoteMap, String> {
        NoteMap::parse(Path::new("kit.txt"), text).map_err(|error| error.to_string())
    }

    fn check_error(text: &str, sentence: &str) {
        let error = parse(text).unwrap_err();
        assert!(error.contains(sentence), "{error:?} should say {sentence:?}");
    }

    #[test]
    fn a_line_says_which_drum_a_note_is_and_the_rest_stays_general_midi() {
        let map = parse("# my sampler\n60 kick\n62\tSnare # head\n\n66, closed-hat\n67=open hat\n36 none\n")
            .unwrap();
        let drums = [60, 62, 66, 67, 36, 49].map(|note| map.instrument(note));
        assert_eq!(drums, [Some(0), Some(1), Some(4), Some(5), None, Some(9)]);
    }

    #[test]
    fn a_wrong_line_is_named() {
        check_error("60 kick\nC3 snare\n", "kit.txt, line 2: \"C3\" is no note");
        check_error("128 kick", "line 1");
        check_error("60", "line 1: \"60\" is no note and drum");
        check_error("60 kik", "\"kik\" is no drum of the kit: kick, snare");
        check_error("60 kick\n60 snare", "line 2: note 60 already");
        check_error("# nothing\n", "names no note");
    }
}
