//! Beats written down as Standard MIDI Files, and the one place that writes files atomically. Not for the
//! audio thread: it allocates.

mod atomic;

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};
use std::io;
use std::path::Path;

pub use atomic::{FileError, write_atomically, write_new, write_whole};

/// Ticks a quarter note: a sixteenth is 120.
pub const TICKS_A_BEAT: u16 = 480;

/// A note by its place in the song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// Song position of its start, in quarter notes; what lies before the song starts with it.
    pub beats: f64,
    /// Quarter notes that it lasts.
    pub length_beats: f64,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// MIDI note, 0..=127.
    pub note: u8,
    /// MIDI velocity, 1..=127.
    pub velocity: u8,
}

/// What goes into the file beside the notes.
#[derive(Clone, Debug)]
pub struct Song<'a> {
    /// The name of the first track, which carries tempo and time signature.
    pub title: &'a str,
    /// The name of the track with the notes.
    pub track: &'a str,
    /// Quarter notes a minute, above 3.6 (the slowest that the format can say).
    pub tempo: f64,
    /// Beats of a bar and the note value of a beat, a power of two.
    pub time_signature: (u8, u8),
    /// Length in quarter notes; longer where a note ends later.
    pub beats: f64,
}

/// Writes `notes` to `path`, through a temporary file beside it, and makes the folder if it is missing.
/// Notes are placed by their song position; each lasts at least one tick.
///
/// # Errors
/// The folder or the file cannot be written.
pub fn write(path: &Path, song: &Song<'_>, notes: &[Note]) -> Result<(), FileError> {
    let bytes = to_bytes(song, notes).map_err(|source| FileError::new(path, source))?;
    write_whole(path, &bytes)
}

/// The bytes of a file with a conductor track and a track of notes (format 1).
///
/// # Errors
/// The notes are more than a file can hold.
pub fn to_bytes(song: &Song<'_>, notes: &[Note]) -> io::Result<Vec<u8>> {
    let mut smf = Smf::new(Header::new(Format::Parallel, Timing::Metrical(u15::new(TICKS_A_BEAT))));
    let (end, drums) = note_track(song, notes);
    smf.tracks.push(conductor_track(song, end));
    smf.tracks.push(drums);
    let mut bytes = Vec::new();
    smf.write_std(&mut bytes)?;
    Ok(bytes)
}

/// The bytes of a file with a single track (format 0), named after `song.track`. Notes that start on one tick
/// stay in the order given.
///
/// # Errors
/// The notes are more than a file can hold.
pub fn to_single_track_bytes(song: &Song<'_>, notes: &[Note]) -> io::Result<Vec<u8>> {
    let mut smf = Smf::new(Header::new(Format::SingleTrack, Timing::Metrical(u15::new(TICKS_A_BEAT))));
    let mut events = note_events(notes);
    events.sort_by_key(|event| (event.tick, event.is_on));
    let end = events.last().map_or(0, |event| event.tick).max(ticks(song.beats));
    let [signature, tempo] = tempo_and_signature(song);
    let mut track = TrackWriter::default();
    track.push(0, TrackEventKind::Meta(MetaMessage::TrackName(song.track.as_bytes())));
    track.push(0, tempo);
    track.push(0, signature);
    events.iter().for_each(|event| track.push(event.tick, event.kind()));
    track.push(end, TrackEventKind::Meta(MetaMessage::EndOfTrack));
    smf.tracks.push(track.events);
    let mut bytes = Vec::new();
    smf.write_std(&mut bytes)?;
    Ok(bytes)
}

fn ticks(beats: f64) -> u32 {
    (beats * f64::from(TICKS_A_BEAT)).round().clamp(0.0, f64::from(u28::max_value().as_int())) as u32
}

/// The time signature and the tempo as events.
fn tempo_and_signature(song: &Song<'_>) -> [TrackEventKind<'static>; 2] {
    let microseconds = (60e6 / song.tempo).round().clamp(1.0, f64::from(u24::max_value().as_int())) as u32;
    let (beats, unit) = song.time_signature;
    let unit = unit.max(1).ilog2() as u8;
    [MetaMessage::TimeSignature(beats, unit, 24, 8), MetaMessage::Tempo(u24::new(microseconds))]
        .map(TrackEventKind::Meta)
}

fn conductor_track<'a>(song: &Song<'a>, end: u32) -> Vec<TrackEvent<'a>> {
    let mut track = TrackWriter::default();
    track.push(0, TrackEventKind::Meta(MetaMessage::TrackName(song.title.as_bytes())));
    tempo_and_signature(song).into_iter().for_each(|event| track.push(0, event));
    track.push(end, TrackEventKind::Meta(MetaMessage::EndOfTrack));
    track.events
}

/// The track of the notes, and the tick at which it ends.
fn note_track<'a>(song: &Song<'a>, notes: &[Note]) -> (u32, Vec<TrackEvent<'a>>) {
    let mut events = note_events(notes);
    events.sort_unstable();
    let end = events.last().map_or(0, |event| event.tick).max(ticks(song.beats));

    let mut track = TrackWriter::default();
    track.push(0, TrackEventKind::Meta(MetaMessage::TrackName(song.track.as_bytes())));
    events.iter().for_each(|event| track.push(event.tick, event.kind()));
    track.push(end, TrackEventKind::Meta(MetaMessage::EndOfTrack));
    (end, track.events)
}

/// A note-on or note-off. Note-offs sort before note-ons of their tick: a drum that is hit again ends first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct TickEvent {
    tick: u32,
    is_on: bool,
    note: u8,
    channel: u8,
    velocity: u8,
}

impl TickEvent {
    fn kind(&self) -> TrackEventKind<'static> {
        let (key, vel) = (u7::new(self.note), u7::new(self.velocity));
        let message =
            if self.is_on { MidiMessage::NoteOn { key, vel } } else { MidiMessage::NoteOff { key, vel } };
        TrackEventKind::Midi { channel: u4::new(self.channel), message }
    }
}

/// Both events of every note.
fn note_events(notes: &[Note]) -> Vec<TickEvent> {
    let both = |note: &Note| {
        let start = ticks(note.beats);
        let end = ticks(note.beats + note.length_beats).max(start + 1);
        let &Note { note, channel, velocity, .. } = note;
        [
            TickEvent { tick: start, is_on: true, note, channel, velocity },
            TickEvent { tick: end, is_on: false, note, channel, velocity: 0 },
        ]
    };
    notes.iter().flat_map(both).collect()
}

/// Events with the ticks since the one before.
#[derive(Default)]
struct TrackWriter<'a> {
    at: u32,
    events: Vec<TrackEvent<'a>>,
}

impl<'a> TrackWriter<'a> {
    fn push(&mut self, tick: u32, kind: TrackEventKind<'a>) {
        self.events.push(TrackEvent { delta: u28::new(tick - self.at), kind });
        self.at = tick;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(beats: f64, length_beats: f64, note: u8) -> Note {
        Note { beats, length_beats, channel: 9, note, velocity: 100 }
    }

    #[test]
    fn a_file_read_back_has_its_notes_on_their_ticks() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("new").join("beat.mid");
        let song = Song { title: "Song", track: "Drums", tempo: 120.0, time_signature: (4, 4), beats: 4.0 };
        // The kick is hit again where it ends; the hat is so short that it would vanish.
        write(&path, &song, &[note(0.0, 0.25, 36), note(0.25, 0.125, 36), note(1.0, 1e-9, 42)])?;

        let bytes = std::fs::read(&path)?;
        let smf = Smf::parse(&bytes)?;
        let mut tick = 0;
        let mut read = Vec::new();
        for event in &smf.tracks[1] {
            tick += event.delta.as_int();
            if let TrackEventKind::Midi { channel, message } = event.kind {
                assert_eq!(channel.as_int(), 9);
                read.push(match message {
                    MidiMessage::NoteOn { key, .. } => (tick, "on", key.as_int()),
                    MidiMessage::NoteOff { key, .. } => (tick, "off", key.as_int()),
                    other => panic!("{other:?}"),
                });
            }
        }
        assert_eq!(
            read,
            [
                (0, "on", 36),
                (120, "off", 36),
                (120, "on", 36),
                (180, "off", 36),
                (480, "on", 42),
                (481, "off", 42)
            ]
        );
        assert_eq!(tick, 1920);
        assert_eq!(std::fs::read_dir(folder.path().join("new"))?.count(), 1);
        Ok(())
    }

    #[test]
    fn a_folder_that_is_a_file_is_named() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let song = Song { title: "", track: "", tempo: 120.0, time_signature: (4, 4), beats: 0.0 };
        let error = write(&file.path().join("beat.mid"), &song, &[]).expect_err("a file is no folder");
        assert!(error.to_string().contains("beat.mid could not be written"), "{error}");
    }
}
