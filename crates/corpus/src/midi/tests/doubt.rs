//! Damage that can be read in several ways: the hits are the true ones, or the file is refused.

use super::damage::{Place, STEP, check, drums, in_every_format, whole};
use super::*;

/// The hits of a file, or the sentence of its refusal.
fn reading(bytes: &[u8]) -> Result<Vec<(f64, u8)>, String> {
    let reading = read(bytes, DrumChannels::default(), &Limits::default()).map_err(|why| why.to_string())?;
    Ok(reading.parts.iter().flat_map(|part| &part.hits).map(|hit| (hit.step, hit.note)).collect())
}

/// Checks that an event at any place costs and adds no hit unless the file is refused; how often it is read.
fn check_doubt(event: &[u8]) -> usize {
    let mut read = 0;
    for place in [Place::Start, Place::Bar(1), Place::Bar(3), Place::End] {
        for running in [false, true] {
            let track = drums(place, running, &|track, tick| track.event(tick, event)).end();
            for bytes in in_every_format(&track) {
                if let Ok(hits) = reading(&bytes) {
                    assert_eq!(hits, whole(), "{event:02x?} at {place:?}, running status {running}");
                    read += 1;
                }
            }
        }
    }
    read
}

/// A text that announced three letters too few gave a false hit, and moved all that followed.
#[test]
fn a_text_of_any_wrong_length_adds_and_loses_no_hit() {
    for text in [&b"Hook"[..], b"a", b"Drums (1)", b"Copyright (c) 1998 by XYZ. All rights reserved!"] {
        for length in 0..text.len() as u8 + 20 {
            for kind in [1, 3, 0x7f] {
                check_doubt(&[&[0xff, kind, length], text].concat());
            }
        }
    }
    assert_eq!(check_doubt(b"\xff\x01\x01Hook"), 24, "refused before running status alone");
}

/// Texts of every encoding, and data of makers, are whole where events go on behind them.
#[test]
fn texts_and_data_of_any_bytes_are_believed_where_events_follow_them() {
    let utf_16: Vec<u8> = "Für Elise".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let shift_jis = b"\x83h\x83\x89\x83\x80";
    let binary: Vec<u8> = (0..100_u8).map(|byte| byte.wrapping_mul(89).wrapping_add(3)).collect();
    for text in ["Für Elise, Ритм, 太鼓".as_bytes(), &utf_16, shift_jis, &binary, b"Drums\0", b"Caf\xe9"]
    {
        for kind in [1, 3, 0x7f] {
            let event = [&[0xff, kind, text.len() as u8], text].concat();
            for place in [Place::Start, Place::Bar(1), Place::Bar(3), Place::End] {
                let track = drums(place, false, &|track, tick| track.event(tick, &event)).end();
                assert_eq!(reading(&file(0, 480, &[track])), Ok(whole()), "{event:02x?} at {place:?}");
            }
        }
    }
}

/// A tempo of a wrong length moved the events behind it, or took some with it.
#[test]
fn meta_events_of_a_wrong_length_for_their_kind_add_and_lose_no_hit() {
    for (kind, data) in [
        (0x51, &[7, 0xa1, 0x20][..]),
        (0x51, &[9, 0x27, 0xc0]),
        (0x58, &[4, 2, 24, 8]),
        (0x59, &[0, 0]),
        (0x54, &[0x60, 0, 0, 0, 0]),
        (0x20, &[9]),
        (0x21, &[0]),
        (0x00, &[0, 1]),
    ] {
        for length in (0..20).filter(|&length| usize::from(length) != data.len()) {
            check_doubt(&[&[0xff, kind, length], data].concat());
        }
    }
    for short in [&[0xff, 0x51, 2, 7, 0xa1, 0x20][..], &[0xff, 0x58, 3, 4, 2, 24, 8], &[0xff, 0x59, 1, 0, 0]]
    {
        assert_eq!(check_doubt(short), 32, "{short:02x?} is read at every place");
    }
}

/// The number behind F7 was taken for the length of another packet, which swallowed a bar.
#[test]
fn a_message_that_leaves_out_its_last_bytes_is_not_continued_by_its_f7() {
    let track = TrackBytes::default().hit(0, 36).event(STEP, &[0xf0, 3, 0x7e, 0x7f, 9, 1, 0xf7]);
    let track = (1..40).fold(track, |track, hit| track.event(STEP + hit * 59, &[0x99, 38, 100]));
    let hits = reading(&file(0, 480, &[track.end()])).unwrap();
    assert_eq!(hits.len(), 40);
}

#[test]
fn running_status_behind_many_lyrics_is_no_doubt() {
    let mut track = TrackBytes::default().event(0, &[0x99, 36, 100]);
    for beat in 1..200 {
        track = track
            .event(beat * 100, b"\xff\x05\x03la ")
            .event(beat * 100 + 40, &[30 + (beat % 60) as u8, 100]);
    }
    track = track.tempo(20_000, 500_000).event(20_040, &[36, 100]);
    assert_eq!(reading(&file(0, 480, &[track.end()])).unwrap().len(), 201);
}

/// Running status read the zeros of a lost disk block as note-offs.
#[test]
fn zeros_in_place_of_events_are_refused() {
    for running in [false, true] {
        let track = drums(Place::Start, running, &|track, _| track).end();
        let bytes = file(0, 480, &[track]);
        for from in (40..bytes.len() - 64).step_by(7) {
            let mut damaged = bytes.clone();
            damaged[from..from + 48].fill(0);
            assert!(reading(&damaged).is_err(), "zeros from {from}, running status {running}");
        }
    }
    let banks = TrackBytes::default().event(0, &[0xb9, 0, 0]).event(0, &[0, 0]).hit(0, 36).end();
    assert_eq!(reading(&file(0, 480, &[banks])).unwrap().len(), 1, "two banks of 0 are whole");
}

/// Where a byte of a time was damaged, running status read notes as times for bars, with a count of one.
#[test]
fn a_status_byte_in_the_data_of_running_status_is_refused() {
    let track = TrackBytes::default()
        .hit(0, 36)
        .event(STEP, &[36, 100])
        .event(0xf8 * STEP, &[99])
        .event(0xf8 * STEP + 38, &[100, 90])
        .event(0xf8 * STEP + 38 + 42, &[100, 0x99])
        .event(0xf8 * STEP + 200, &[0x99, 36, 100])
        .end();
    assert!(reading(&file(0, 480, &[track])).is_err());
}

#[test]
fn clock_bytes_before_and_behind_the_time_of_an_event_are_no_time() {
    let with = |inside: &[u8]| {
        let track = TrackBytes::default().hit(0, 36).event(STEP, &[38, 100]);
        let track = (2..9).fold(track, |track, step| track.event(step * STEP, &[42, 100]));
        reading(&file(0, 480, &[track.event(9 * STEP, inside).event(10 * STEP, &[36, 100]).end()])).unwrap()
    };
    let expected = with(&[42, 100]);
    assert_eq!(with(&[0xf8, 42, 100]), expected, "behind the time of an event without a status byte");
    assert_eq!(with(&[0xf8, 0x99, 42, 100]), expected, "behind the time of one with a status byte");
    for running in [false, true] {
        let track = drums(Place::Bar(1), running, &|track, tick| track.event(tick, &[0xfe]));
        for bytes in in_every_format(&track.end()) {
            check(&bytes, Repair::SystemMessage, "with a time of its own");
        }
    }
    // Before the time of one event and behind that of another: F8 78 would be 15480 ticks.
    let track = TrackBytes::default().hit(0, 36).event(0, &[0xf8, 0x99, 38, 100]);
    let mut track = track.hit(STEP, 36);
    track.bytes.extend([0xf8, 0x78, 0x99, 38, 100]);
    let sentence = reading(&file(0, 480, &[track.end()])).unwrap_err();
    assert!(sentence.contains("clock bytes"), "{sentence}");
}
