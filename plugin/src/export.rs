//! Export to MIDI files: what a file holds, and where it is saved. Main thread.
//!
//! Bars to come are played by the sequencer itself, so a file cannot differ from what will sound.

use std::io;
use std::path::{Path, PathBuf};

use beat::{
    Bank, BankSource, Grid, HostBar, NoteEvent, NoteKind, NoteSink, Playback, Refused, Sequencer, Transport,
    is_compound,
};
use score::{FileError, Note, Song, write_new};

use crate::capture::{RECENT_BARS, RecentNotes};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportRange {
    /// The two bars that play now.
    Pattern,
    /// This many bars from the song's start, as they will play.
    Bars(u32),
    /// The last bars as they were played.
    Played,
}

/// The song's tempo and time signature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SongMeter {
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Beats of a bar and the note value of a beat.
    pub time_signature: (u8, u8),
}

impl Default for SongMeter {
    fn default() -> Self {
        Self { tempo: 120.0, time_signature: (4, 4) }
    }
}

impl SongMeter {
    /// Whether its beats divide in three.
    pub fn is_compound(&self) -> bool {
        is_compound(self.time_signature.0.into(), self.time_signature.1.into())
    }

    /// The length of a bar in quarter notes.
    pub fn bar_beats(&self) -> f64 {
        f64::from(self.time_signature.0.max(1)) * 4.0 / f64::from(self.time_signature.1.max(1))
    }
}

/// The content of a MIDI file.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedBeat {
    /// Its notes.
    pub notes: Vec<Note>,
    /// Its length, in quarter notes.
    pub beats: f64,
    /// Its tempo and time signature.
    pub meter: SongMeter,
}

impl ExportedBeat {
    /// The take of cycle `cycle`: the pattern that the window shows.
    pub fn of_pattern(bank: &Bank, cycle: i64, playback: &Playback, meter: SongMeter) -> Self {
        let alone =
            Bank::new(&[*bank.take(cycle)], 1, *bank.grid(), *bank.kit(), *bank.settings(), bank.model());
        let song = Playback { grid: beat::GridLock::Song, ..*playback };
        let grid = if meter.is_compound() { bank.grid().along_compound_bars() } else { *bank.grid() };
        Self { notes: perform(&alone, &song, grid.beats(), meter), beats: grid.beats(), meter }
    }

    /// The first `bars` bars of the song, as they will play with these settings.
    pub fn of_bars(bank: &Bank, bars: u32, playback: &Playback, meter: SongMeter) -> Self {
        let beats = f64::from(bars) * meter.bar_beats();
        Self { notes: perform(bank, playback, beats, meter), beats, meter }
    }

    /// The last bars as they were played.
    pub fn of_recent_notes(recent: &RecentNotes, meter: SongMeter) -> Self {
        let (notes, beats) = recent.last_bars(RECENT_BARS);
        Self { notes, beats, meter }
    }

    /// The bytes of a MIDI file.
    ///
    /// # Errors
    /// There is no note, or more than a file can hold.
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

/// Samples a beat: a thousand to each tick of the file, so that rounding to samples does not matter.
const SAMPLES_A_BEAT: f64 = 480_000.0;
/// Blocks of a sixteenth; the notes do not depend on it.
const FRAMES: u32 = 120_000;

/// Plays the first `beats` beats of the song.
fn perform(bank: &Bank, playback: &Playback, beats: f64, meter: SongMeter) -> Vec<Note> {
    let (mut sequencer, mut recorder) = (Sequencer::new(), NoteRecorder::default());
    let mut banks = OneBank(bank);
    let playback = Playback { bypass: false, ..*playback };
    let end = (beats * SAMPLES_A_BEAT).round() as u64;
    let mut at = 0;
    while at < end {
        let frames = u32::try_from(end - at).map_or(FRAMES, |left| left.min(FRAMES));
        recorder.block = at as f64 / SAMPLES_A_BEAT;
        sequencer.process(
            &transport(recorder.block, frames, meter, true),
            &playback,
            &mut banks,
            &mut recorder,
        );
        at += u64::from(frames);
    }
    recorder.block = beats;
    sequencer.process(&transport(beats, FRAMES, meter, false), &playback, &mut banks, &mut recorder);
    recorder.notes
}

fn transport(beats: f64, frames: u32, meter: SongMeter, playing: bool) -> Transport {
    // The tempo only sets the samples a beat.
    const RATE: f64 = 480_000.0;
    let bar_beats = meter.bar_beats();
    let number = (beats / bar_beats + 1e-9).floor();
    let bar = HostBar { start: number * bar_beats, number: number as i64, beats: bar_beats };
    let tempo = 60.0 * RATE / SAMPLES_A_BEAT;
    let compound = meter.is_compound();
    Transport { playing, beats, tempo, sample_rate: RATE, frames, loop_range: None, bar: Some(bar), compound }
}

struct OneBank<'a>(&'a Bank);

impl BankSource for OneBank<'_> {
    fn commit(&mut self, _beats: f64) {}

    fn current(&self) -> &Bank {
        self.0
    }

    fn newest_grid(&self) -> Grid {
        *self.0.grid()
    }
}

/// A note sink that collects notes.
#[derive(Default)]
struct NoteRecorder {
    /// The start of the current block, in beats.
    block: f64,
    notes: Vec<Note>,
}

impl NoteSink for NoteRecorder {
    fn try_send(&mut self, event: NoteEvent) -> Result<(), Refused> {
        let beats = self.block + f64::from(event.sample) / SAMPLES_A_BEAT;
        let (channel, note) = (event.channel, event.note);
        match event.kind {
            NoteKind::On { velocity } => {
                self.notes.push(Note { beats, length_beats: 0.0, channel, note, velocity });
            }
            NoteKind::Off => {
                let mut sounding = self.notes.iter_mut().rev();
                if let Some(ends) = sounding.find(|other| (other.channel, other.note) == (channel, note)) {
                    ends.length_beats = beats - ends.beats;
                }
            }
        }
        Ok(())
    }
}

/// Files of one name before numbering gives up.
const MAX_SAME_NAMES: u32 = 10_000;

/// Why a beat was not saved.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no note.
    #[error("Nothing to save: no note has been played, or all are muted.")]
    Empty,
    /// It does not fit into a file.
    #[error("This beat does not fit into a MIDI file: {0}.")]
    TooLong(io::Error),
    /// There is no home folder to save to.
    #[error("Nowhere to save to: this machine names no home folder.")]
    NoFolder,
    /// There are too many files of this name.
    #[error("{0} holds {MAX_SAME_NAMES} beats named {1}; move some of them elsewhere.")]
    Full(PathBuf, String),
    /// The file could not be written.
    #[error("{0}.")]
    NotWritten(FileError),
}

/// The folder that beats are saved to: Beatfield in the user's music folder, or in the home folder where there
/// is none.
pub fn folder() -> Option<PathBuf> {
    let user_folder = dirs::home_dir()?;
    let music = dirs::audio_dir().unwrap_or_else(|| user_folder.join("Music"));
    Some(if music.is_dir() { music } else { user_folder }.join("Beatfield"))
}

/// Saves a beat into `folder` as `name`, or as "name 2" and so on where that exists. Returns its path.
///
/// # Errors
/// There is no note, or the file cannot be written.
pub fn save(beat: &ExportedBeat, folder: &Path, name: &str) -> Result<PathBuf, ExportError> {
    let bytes = beat.to_midi(name)?;
    let name: String =
        name.chars().map(|c| if c.is_alphanumeric() || " -_.".contains(c) { c } else { '-' }).collect();
    for number in 1..MAX_SAME_NAMES {
        let path = match number {
            1 => folder.join(format!("{name}.mid")),
            _ => folder.join(format!("{name} {number}.mid")),
        };
        if !path.exists() && write_new(&path, &bytes).map_err(ExportError::NotWritten)? {
            return Ok(path);
        }
    }
    Err(ExportError::Full(folder.to_owned(), name))
}

#[cfg(test)]
mod tests {
    use beat::{Kit, Settings, Take};
    use score::Note;

    use super::*;

    /// Take k has a kick on step k.
    fn bank() -> Bank {
        let takes = std::array::from_fn::<Take, 8, _>(|take| {
            let mut onsets = Take::EMPTY;
            onsets.onsets = onsets.onsets.with(take, 0);
            onsets
        });
        Bank::new(&takes, 4, Grid::FOUR_FOUR, Kit::DEFAULT, Settings::DEFAULT, 1)
    }

    fn starts(beat: &ExportedBeat) -> Vec<f64> {
        beat.notes.iter().map(|note| (note.beats * 480.0).round() / 480.0).collect()
    }

    #[test]
    fn a_pattern_is_the_take_that_sounds_and_bars_are_all_that_will() {
        let (playback, meter) = (Playback::default(), SongMeter { tempo: 93.7, ..SongMeter::default() });
        let pattern = ExportedBeat::of_pattern(&bank(), 6, &playback, meter);
        assert_eq!((starts(&pattern), pattern.beats), (vec![0.5], 8.0));
        let bars = ExportedBeat::of_bars(&bank(), 8, &playback, meter);
        assert_eq!((starts(&bars), bars.beats), (vec![0.0, 8.25, 16.5, 24.75], 32.0));
        let muted = Playback { mutes: 1, ..playback };
        assert!(matches!(
            ExportedBeat::of_bars(&bank(), 8, &muted, meter).to_midi(""),
            Err(ExportError::Empty)
        ));
    }

    #[test]
    fn bars_of_seven_eighths_are_as_long_as_they_are() {
        let meter = SongMeter { tempo: 120.0, time_signature: (7, 8) };
        let locked = Playback { grid: beat::GridLock::HostBars, ..Playback::default() };
        let bars = ExportedBeat::of_bars(&bank(), 4, &locked, meter);
        assert_eq!((starts(&bars), bars.beats), (vec![0.0, 7.25], 14.0));
    }

    #[test]
    fn a_pattern_is_as_long_as_its_grid() {
        let on = |grid, time_signature| {
            let bank = Bank::new(bank().takes(), 4, grid, Kit::DEFAULT, Settings::DEFAULT, 1);
            let meter = SongMeter { tempo: 120.0, time_signature };
            let pattern = ExportedBeat::of_pattern(&bank, 3, &Playback::default(), meter);
            (starts(&pattern), pattern.beats)
        };
        assert_eq!(on(Grid::SHUFFLE, (4, 4)), (vec![1.0], 8.0));
        assert_eq!(on(Grid::SHUFFLE, (12, 8)), (vec![1.5], 12.0), "a step is an eighth");
        assert_eq!(on(Grid::THREE, (3, 4)), (vec![0.75], 6.0));
    }

    #[test]
    fn the_file_says_tempo_and_time_signature() {
        let meter = SongMeter { tempo: 90.0, time_signature: (7, 8) };
        let bytes = ExportedBeat::of_pattern(&bank(), 0, &Playback::default(), meter)
            .to_midi("mine")
            .expect("a file");
        let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(holds(&[0xff, 0x51, 3, 0x0a, 0x2c, 0x2b]), "666,667 microseconds a beat");
        assert!(holds(&[0xff, 0x58, 4, 7, 3]), "seven eighths");
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number_and_no_name_leaves_the_folder() {
        let folder = std::env::temp_dir().join(format!("beatfield export {}", std::process::id()));
        let note = Note { beats: 0.0, length_beats: 0.1, channel: 9, note: 36, velocity: 100 };
        let beat = ExportedBeat { notes: vec![note], beats: 4.0, meter: SongMeter::default() };
        let name = |result: Result<PathBuf, ExportError>| {
            let path = result.expect("it is saved");
            assert_eq!(path.parent(), Some(&*folder));
            path.file_name().map(|name| name.to_string_lossy().into_owned())
        };
        assert_eq!(name(save(&beat, &folder, "funk 120")).as_deref(), Some("funk 120.mid"));
        assert_eq!(name(save(&beat, &folder, "funk 120")).as_deref(), Some("funk 120 2.mid"));
        assert_eq!(name(save(&beat, &folder, "../a/b")).as_deref(), Some("..-a-b.mid"));
        std::fs::remove_dir_all(&folder).expect("the folder goes");
    }

    /// The music folder has another name in other languages; the desktop's settings name it.
    #[cfg(target_os = "linux")]
    #[test]
    fn beats_are_saved_where_the_desktop_keeps_music() {
        let user_folder = std::env::temp_dir().join(format!("beatfield home {}", std::process::id()));
        let folder = || {
            let program = std::env::current_exe().expect("the path of this program");
            let output = std::process::Command::new(program)
                .args(["export::tests::child_prints_its_folder", "--exact", "--ignored", "--nocapture"])
                .env("HOME", &user_folder)
                .env("XDG_CONFIG_HOME", user_folder.join("settings"))
                .output()
                .expect("this program starts again");
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            let path = printed.lines().find_map(|line| line.strip_prefix("folder: ").map(PathBuf::from));
            path.and_then(|path| path.strip_prefix(&user_folder).ok().map(Path::to_owned))
                .expect("below the home")
        };
        std::fs::create_dir_all(user_folder.join("settings")).expect("room for a folder");
        assert_eq!(folder(), Path::new("Beatfield"));
        std::fs::create_dir(user_folder.join("Music")).expect("room for a folder");
        assert_eq!(folder(), Path::new("Music/Beatfield"));
        std::fs::create_dir(user_folder.join("Musik")).expect("room for a folder");
        std::fs::write(user_folder.join("settings/user-dirs.dirs"), "XDG_MUSIC_DIR=\"$HOME/Musik\"\n")
            .expect("room for a file");
        assert_eq!(folder(), Path::new("Musik/Beatfield"));
        std::fs::remove_dir_all(&user_folder).expect("the folder goes");
    }

    #[cfg(target_os = "linux")]
    #[test]
    #[ignore = "run by the test above in a process of its own"]
    #[allow(clippy::print_stdout, reason = "the test above reads it")]
    fn child_prints_its_folder() {
        println!("\nfolder: {}", folder().expect("a home").display());
    }
}
