//! Getting the beat out as a MIDI file: what it holds, and where it goes. Main thread.

mod files;
mod performance;

use beat::{Bank, Playback};
use score::{Note, Song};

pub use files::{ExportError, folder, reveal, save};

use crate::capture::{TAPE_BARS, Tape};

/// The length of a pattern in beats.
const PATTERN_BEATS: f64 = 8.0;

/// What goes into the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The two bars that sound.
    Pattern,
    /// This many bars from the song's beginning, as they will play.
    Bars(u32),
    /// The last bars as they were played.
    Played,
}

/// The song around the beat, as the host tells it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meter {
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Beats of a bar and the note value of a beat.
    pub time_signature: (u8, u8),
}

impl Default for Meter {
    fn default() -> Self {
        Self { tempo: 120.0, time_signature: (4, 4) }
    }
}

impl Meter {
    /// The length of a bar in quarter notes.
    pub fn bar_beats(&self) -> f64 {
        f64::from(self.time_signature.0.max(1)) * 4.0 / f64::from(self.time_signature.1.max(1))
    }
}

/// A beat that can be written down.
#[derive(Clone, Debug, PartialEq)]
pub struct Beat {
    /// What it plays.
    pub notes: Vec<Note>,
    /// How long it is, in quarter notes.
    pub beats: f64,
    /// The song around it.
    pub meter: Meter,
}

impl Beat {
    /// The take of cycle `cycle` alone: the pattern that one sees.
    pub fn of_pattern(bank: &Bank, cycle: i64, playback: &Playback, meter: Meter) -> Self {
        let alone = Bank::new([*bank.take(cycle); 8], 1, *bank.kit(), *bank.settings(), bank.model());
        let song = Playback { grid: beat::GridLock::Song, ..*playback };
        Self { notes: performance::perform(&alone, &song, PATTERN_BEATS, meter), beats: PATTERN_BEATS, meter }
    }

    /// The first `bars` bars of the song, as they will play with everything as it is set.
    pub fn of_bars(bank: &Bank, bars: u32, playback: &Playback, meter: Meter) -> Self {
        let beats = f64::from(bars) * meter.bar_beats();
        Self { notes: performance::perform(bank, playback, beats, meter), beats, meter }
    }

    /// The last bars as they were played.
    pub fn of_tape(tape: &Tape, meter: Meter) -> Self {
        let (notes, beats) = tape.last_bars(TAPE_BARS);
        Self { notes, beats, meter }
    }

    /// The bytes of a MIDI file.
    ///
    /// # Errors
    /// There is nothing to write, or more than a file can hold.
    pub fn to_midi(&self, title: &str) -> Result<Vec<u8>, ExportError> {
        if self.notes.is_empty() {
            return Err(ExportError::Empty);
        }
        let song = Song {
            title,
            track: "Beatfield drums",
            tempo: self.meter.tempo.clamp(4.0, 10_000.0),
            time_signature: self.meter.time_signature,
            beats: self.beats,
        };
        score::to_bytes(&song, &self.notes).map_err(ExportError::TooLong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beat::{BANK_TAKES, Kit, Settings, Take};

    /// Take k has a kick on step k.
    fn bank() -> Bank {
        let takes = std::array::from_fn::<Take, BANK_TAKES, _>(|take| {
            let mut onsets = Take::EMPTY;
            onsets.onsets = onsets.onsets.with(take, 0);
            onsets
        });
        Bank::new(takes, 4, Kit::DEFAULT, Settings::DEFAULT, 1)
    }

    fn starts(beat: &Beat) -> Vec<f64> {
        beat.notes.iter().map(|note| (note.beats * 480.0).round() / 480.0).collect()
    }

    #[test]
    fn a_pattern_is_the_take_that_sounds_and_bars_are_all_that_will() {
        let (playback, meter) = (Playback::default(), Meter { tempo: 93.7, ..Meter::default() });
        let pattern = Beat::of_pattern(&bank(), 6, &playback, meter);
        assert_eq!((starts(&pattern), pattern.beats), (vec![0.5], 8.0));
        let bars = Beat::of_bars(&bank(), 8, &playback, meter);
        assert_eq!((starts(&bars), bars.beats), (vec![0.0, 8.25, 16.5, 24.75], 32.0));
        let muted = Playback { mutes: 1, ..playback };
        assert!(matches!(Beat::of_bars(&bank(), 8, &muted, meter).to_midi(""), Err(ExportError::Empty)));
    }

    #[test]
    fn bars_of_seven_eighths_are_as_long_as_they_are() {
        let meter = Meter { tempo: 120.0, time_signature: (7, 8) };
        let locked = Playback { grid: beat::GridLock::HostBars, ..Playback::default() };
        let bars = Beat::of_bars(&bank(), 4, &locked, meter);
        assert_eq!((starts(&bars), bars.beats), (vec![0.0, 7.25], 14.0));
    }

    #[test]
    fn the_file_says_tempo_and_time_signature() {
        let meter = Meter { tempo: 90.0, time_signature: (7, 8) };
        let bytes =
            Beat::of_pattern(&bank(), 0, &Playback::default(), meter).to_midi("mine").expect("a file");
        let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(holds(&[0xff, 0x51, 3, 0x0a, 0x2c, 0x2b]), "666,667 microseconds a beat");
        assert!(holds(&[0xff, 0x58, 4, 7, 3]), "seven eighths");
    }
}
