//! The notes of files without drums, and what they suggest.

use std::fmt;

use crate::midi::{DrumChannels, NoteCounts};

/// The most notes of a channel that a sentence names.
const NOTES_NAMED: usize = 8;

/// The notes of a file in which no drums were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundNotes {
    /// Where drums were searched; `None` for channel 10 and what the file says.
    searched: Option<u8>,
    /// (channel 0..=15, note, how often), in this order.
    pub notes: Vec<(u8, u8, u32)>,
}

impl FoundNotes {
    /// What a file has, of which `channels` were read as drums.
    pub fn new(notes: &NoteCounts, channels: DrumChannels) -> Self {
        let searched = match channels {
            DrumChannels::One(channel) => Some(channel),
            DrumChannels::AsTheFileSays | DrumChannels::Any => None,
        };
        Self { searched, notes: notes.iter().collect() }
    }
}

impl fmt::Display for FoundNotes {
    /// A sentence about a file, without its full stop.
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "it has no drums on channel {}", self.searched.unwrap_or(9) + 1)?;
        if self.notes.is_empty() {
            return text.write_str(", and no notes at all");
        }
        text.write_str("; it has ")?;
        let channels: Vec<u8> =
            (0..16).filter(|channel| self.notes.iter().any(|note| note.0 == *channel)).collect();
        for (index, channel) in channels.iter().enumerate() {
            let notes = self.notes.iter().filter(|note| note.0 == *channel).map(|note| note.1);
            let before = if index == 0 { "" } else { "; " };
            write!(text, "{before}{} on channel {}", list_of_notes(notes), channel + 1)?;
        }
        Ok(())
    }
}

/// Notes for a sentence: `note 36`, or `notes 36, 38 and 3 more`.
pub fn list_of_notes(notes: impl Iterator<Item = u8>) -> String {
    let notes: Vec<String> = notes.map(|note| note.to_string()).collect();
    match notes.as_slice() {
        [note] => format!("note {note}"),
        notes if notes.len() <= NOTES_NAMED => format!("notes {}", notes.join(", ")),
        notes => {
            let (named, more) = notes.split_at(NOTES_NAMED);
            format!("notes {} and {} more", named.join(", "), more.len())
        }
    }
}
