//! MIDI files that tests compose, and the tests of reading.

mod channels;
mod damage;
mod doubt;
mod lengths;

use proptest::prelude::*;

use super::*;
use crate::loops::{Keep, patterns_of};
use crate::notes::NoteTable;
use crate::quantise::QuantisedSong;

/// Ticks of a sixteenth in what [`song`] writes.
pub(crate) const TICKS_PER_STEP: u64 = 120;

/// One track as it is written, event after event in the order of time.
#[derive(Clone, Default)]
pub(crate) struct TrackBytes {
    bytes: Vec<u8>,
    tick: u64,
}

impl TrackBytes {
    /// Any event, given by its bytes behind the delta time.
    pub(crate) fn event(mut self, tick: u64, bytes: &[u8]) -> Self {
        self.bytes.extend(variable_length(tick - self.tick));
        self.bytes.extend(bytes);
        self.tick = tick;
        self
    }

    /// A note-on on channel 10, without a note-off.
    pub(crate) fn hit(self, tick: u64, note: u8) -> Self {
        self.event(tick, &[0x99, note, 100])
    }

    pub(crate) fn meter(self, tick: u64, beats: u8, unit_log2: u8) -> Self {
        self.event(tick, &[0xff, 0x58, 4, beats, unit_log2, 24, 8])
    }

    pub(crate) fn tempo(self, tick: u64, micros: u32) -> Self {
        let [_, a, b, c] = micros.to_be_bytes();
        self.event(tick, &[0xff, 0x51, 3, a, b, c])
    }

    pub(crate) fn end(self) -> Self {
        let tick = self.tick;
        self.event(tick, &[0xff, 0x2f, 0])
    }
}

/// A whole file.
pub(crate) fn file(format: u16, division: u16, tracks: &[TrackBytes]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06".to_vec();
    for number in [format, tracks.len() as u16, division] {
        bytes.extend(number.to_be_bytes());
    }
    for track in tracks {
        bytes.extend(b"MTrk");
        bytes.extend((track.bytes.len() as u32).to_be_bytes());
        bytes.extend(&track.bytes);
    }
    bytes
}

/// A file of one track with 480 ticks a beat that plays drum tabs, one character a step: `k` kick,
/// `s` snare, `h` closed hat, `K` kick and hat, `S` snare and hat, `.` nothing; blanks and bar lines
/// are skipped.
pub(crate) fn song(tab: &str) -> Vec<u8> {
    let mut track = TrackBytes::default();
    for (step, letter) in tab.chars().filter(|letter| !" |".contains(*letter)).enumerate() {
        let tick = step as u64 * TICKS_PER_STEP;
        for &note in notes_of(letter) {
            track = track.hit(tick, note);
        }
    }
    file(0, 480, &[track.end()])
}

fn notes_of(letter: char) -> &'static [u8] {
    match letter {
        'k' => &[36],
        's' => &[38],
        'h' => &[42],
        'K' => &[36, 42],
        'S' => &[38, 42],
        _ => &[],
    }
}

fn variable_length(mut number: u64) -> Vec<u8> {
    let mut bytes = vec![(number & 0x7f) as u8];
    while number > 0x7f {
        number >>= 7;
        bytes.insert(0, (number & 0x7f) as u8 | 0x80);
    }
    bytes
}

/// (step, note) of every hit, part by part.
fn hits(bytes: &[u8]) -> Vec<Vec<(f64, u8)>> {
    let parts = read_parts(bytes).unwrap();
    parts.iter().map(|part| part.hits.iter().map(|hit| (hit.step, hit.note)).collect()).collect()
}

fn check_error(bytes: &[u8], sentence: &str) {
    let error = read_parts(bytes).unwrap_err().to_string();
    assert!(error.contains(sentence), "{error:?} should say {sentence:?}");
}

#[test]
fn a_hit_needs_no_note_off_and_may_use_running_status() {
    let track = TrackBytes::default()
        .event(0, &[0x99, 36, 100])
        .event(120, &[38, 90]) // running status: no 0x99
        .event(240, &[38, 0]) // velocity 0 is a note-off
        .event(360, &[0x89, 36, 64])
        .event(480, &[0x90, 36, 100]) // channel 1 plays no drums
        .event(600, &[0x99, 42, 1]);
    assert_eq!(hits(&file(0, 480, &[track.end()])), [[(0.0, 36), (1.0, 38), (5.0, 42)]]);
}

#[test]
fn drums_of_all_tracks_sound_together() {
    let kick = TrackBytes::default().hit(0, 36).hit(960, 36).end();
    let snare = TrackBytes::default().hit(480, 38).end();
    assert_eq!(hits(&file(1, 480, &[kick, snare])), [[(0.0, 36), (4.0, 38), (8.0, 36)]]);
}

#[test]
fn each_track_of_a_type_2_file_is_a_part_of_its_own() {
    let first = TrackBytes::default().hit(0, 36).end();
    let second = TrackBytes::default().meter(0, 3, 2).hit(480, 38).end();
    let bytes = file(2, 480, &[first, second]);
    assert_eq!(hits(&bytes), [[(0.0, 36)], [(4.0, 38)]]);
    assert!(!read_parts(&bytes).unwrap()[1].time_signatures[0].is_four_four());
}

#[test]
fn smpte_time_is_turned_into_beats_by_the_tempo() {
    // 25 frames of 40 ticks: 1000 ticks a second. At 120 a beat is 500 ticks; from tick 1000 (beat 2)
    // on the tempo is 60 and a beat 1000 ticks.
    let track = TrackBytes::default().hit(500, 36).tempo(1000, 1_000_000).hit(2000, 38).end();
    let division = (-25_i8 as u8 as u16) << 8 | 40;
    assert_eq!(hits(&file(0, division, &[track])), [[(4.0, 36), (12.0, 38)]]);
}

#[test]
fn a_part_says_its_tempos_and_its_length() {
    let conductor = TrackBytes::default().tempo(0, 600_000).tempo(960, 0).end();
    let drums = TrackBytes::default().hit(0, 36).event(32 * TICKS_PER_STEP, &[0xff, 0x2f, 0]);
    let parts = read_parts(&file(1, 480, &[conductor, drums])).unwrap();
    let tempos: Vec<_> = parts[0].tempos.iter().map(|tempo| (tempo.step, tempo.micros_per_beat)).collect();
    assert_eq!(tempos, [(0.0, 600_000), (8.0, 1)]);
    assert_eq!(parts[0].length_steps, 32.0, "the silence at its end counts");

    let open = TrackBytes::default().hit(0, 36).hit(5 * TICKS_PER_STEP, 38);
    assert_eq!(read_parts(&file(0, 480, &[open])).unwrap()[0].length_steps, 5.0);
}

#[test]
fn an_rmid_wrapper_is_taken_off() {
    let inside = song("k...s...");
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((inside.len() as u32 + 12).to_le_bytes());
    bytes.extend(b"RMIDdata");
    bytes.extend((inside.len() as u32).to_le_bytes());
    bytes.extend(&inside);
    assert_eq!(hits(&bytes), hits(&inside));
    check_error(&bytes[..bytes.len() - 3], "should have");
}

#[test]
fn what_is_unusual_but_whole_is_read() {
    let expected = hits(&song("k...s..."));
    let mut trailing = song("k...s...");
    trailing.extend(b"behind the music \xff\xff\xff\xff\xff\xff");
    assert_eq!(hits(&trailing), expected, "bytes behind the last track");

    let open = TrackBytes::default().hit(0, 36).hit(4 * TICKS_PER_STEP, 38);
    assert_eq!(hits(&file(0, 480, &[open])), expected, "no end-of-track mark");

    let mut chunks = song("k...s...");
    chunks.splice(14..14, *b"XFIH\0\0\0\x02ab");
    assert_eq!(hits(&chunks), expected, "a chunk of another kind");
}

#[test]
fn every_truncation_is_refused_with_a_reason() {
    let first = TrackBytes::default().meter(0, 4, 2).tempo(0, 500_000).hit(0, 36).hit(480, 38).end();
    let second = TrackBytes::default().event(0, b"\xff\x03\x05drums").hit(0, 42).hit(7, 42).end();
    let bytes = file(1, 480, &[first, second]);
    assert!(read_parts(&bytes).is_ok());
    for length in 0..bytes.len() {
        let error = read_parts(&bytes[..length]).expect_err("a truncated file");
        assert!(error.to_string().len() > 10, "{length}: {error}");
    }
    check_error(&bytes[..3], "MIDI header");
    check_error(&bytes[..bytes.len() - 1], "track 2 should have");
}

#[test]
fn damage_is_told_by_its_place() {
    check_error(b"PK\x03\x04 is a zip archive", "does not begin with a MIDI header");
    check_error(&file(1, 480, &[]), "no tracks");
    // Random bytes found this one: the MIDI library panics on it in a debug build.
    check_error(&file(1, 0x8000, &[TrackBytes::default().hit(0, 36).end()]), "128 frames a second");
    check_error(&file(1, 0, &[TrackBytes::default().hit(0, 36).end()]), "0 ticks");
    let mut missing = file(1, 480, &[TrackBytes::default().hit(0, 36).end()]);
    missing[11] = 3;
    check_error(&missing, "should have 3 tracks, but only 1");
    let garbled = TrackBytes::default().hit(0, 36).event(9, &[0xf4, 1, 2]).end();
    check_error(&file(0, 480, &[garbled]), "track 1 has an unreadable event at its byte 4");
    let statusless = TrackBytes::default().event(0, &[36, 100]).end();
    check_error(&file(0, 480, &[statusless]), "track 1 has an unreadable event at its byte 0");
}

/// Everything that happens to the bytes of a document.
fn survive(bytes: &[u8]) {
    let Ok(parts) = read_parts(bytes) else { return };
    for notes in [NoteTable::Gm, NoteTable::Roland] {
        if let Ok(song) = QuantisedSong::of(&parts, notes) {
            for keep in [Keep::InARow, Keep::Recurring, Keep::Majority, Keep::Every] {
                patterns_of(&song.passages, keep);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        survive(&bytes);
    }

    #[test]
    fn random_tracks_never_panic(
        format in 0_u16..4,
        division in any::<u16>(),
        events in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        survive(&file(format, division, &[TrackBytes::default().event(0, &events), TrackBytes::default().hit(0, 36)]));
    }

    #[test]
    fn damaged_songs_never_panic(damage in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8)) {
        let mut bytes = song("K.h.S.hkK.h.S.h. K.h.S.hkK.h.S.h. K.h.S.hkK.h.S.h.");
        for (place, byte) in damage {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        survive(&bytes);
    }
}
