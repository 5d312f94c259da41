//! Payloads of a wrong length: what stands behind them is found, or the file is refused.

use super::damage::{PLACES, Place, STEP, check, check_event, drums, in_every_format, whole};
use super::*;

/// Each gave a shifted or an invented rhythm, with no more than a count.
#[test]
fn wrong_lengths_that_take_the_next_events_time_with_them_lose_nothing() {
    let dump = |header: &[u8], bytes: u8, step: u8| {
        let data = (0..bytes).map(|byte| byte.wrapping_mul(step).wrapping_add(3) & 0x7f);
        [header, &data.collect::<Vec<_>>(), &[0xf7]].concat()
    };
    for event in [
        vec![0xf0, 4, 0x7e, 0x7f, 9, 1, 0xf7],
        vec![0xf0, 5, 0x7e, 0x7f, 9, 1],
        vec![0xf0, 0, 0x20, 0x33, 1, 2, 3, 4, 5, 0xf7],
        vec![0xf0, 0x82, 0x2e, 0x7d, 0xf7],
        dump(&[0xf0, 0x41, 0x10, 0x16, 0x12], 100, 7),
        dump(&[0xf0, 0x43, 0, 9, 0x20, 0], 120, 5),
    ] {
        check_event(&event, Repair::SysexLength);
    }
    // Two in succession, each without its length.
    check_event(
        &[0xf0, 0x7e, 0x7f, 9, 1, 0xf7, 0, 0xf0, 0x41, 0x10, 0x42, 0x12, 0x40, 0, 0x7f, 0, 0x41, 0xf7],
        Repair::SysexLength,
    );
    for (event, repair) in [
        (&b"\xff\x01\x05abcd"[..], Repair::MetaLength),
        (b"\xff\x01\x09abcd", Repair::MetaLength),
        (b"\xff\x2f\0\0", Repair::EndOfTrackInside),
        (b"\xff\x2f\0\0\0\0\0", Repair::EndOfTrackInside),
    ] {
        for place in [Place::Start, Place::Bar(1), Place::Bar(3)] {
            let track = drums(place, false, &|track, tick| track.event(tick, event)).end();
            for bytes in in_every_format(&track) {
                check(&bytes, repair, &format!("{event:02x?} at {place:?}"));
            }
        }
    }
}

/// Bars were missing without a word.
#[test]
fn a_text_that_swallows_events_without_status_bytes_is_refused_or_loses_none() {
    for length in [90, 127] {
        let text = [&[0xff, 1, length][..], b"abcd"].concat();
        let track = drums(Place::Bar(1), true, &|track, tick| track.event(tick, &text)).end();
        match read(&file(0, 480, &[track]), DrumChannels::default(), &Limits::default()) {
            Err(_) => {}
            Ok(reading) => {
                let hits = reading.parts.iter().flat_map(|part| &part.hits);
                assert_eq!(hits.map(|hit| (hit.step, hit.note)).collect::<Vec<_>>(), whole(), "{length}");
            }
        }
    }
}

#[test]
fn a_clock_byte_between_the_time_and_the_status_of_an_event_takes_no_time() {
    let clock = |track: TrackBytes, tick| track.event(tick, &[0xf8, 0xb9, 7, 100]);
    for place in PLACES {
        for bytes in in_every_format(&drums(place, false, &clock).end()) {
            check(&bytes, Repair::SystemMessage, &format!("{place:?}"));
        }
    }
}

#[test]
fn a_text_behind_the_end_of_a_track_is_no_music() {
    let track = drums(Place::End, false, &|track, _| track).end().event(64 * STEP, b"ADE 1995 BY XYZ 2");
    for bytes in in_every_format(&track) {
        check(&bytes, Repair::BehindEndOfTrack, "text");
    }
}

#[test]
fn a_wrapper_that_announces_no_bytes_is_taken_off() {
    let inside = song_of(Place::End);
    let mut wrapped = b"RIFF\0\0\0\0RMIDdata\0\0\0\0".to_vec();
    wrapped.extend(&inside);
    check(&wrapped, Repair::Wrapper, "RMID");
}

fn song_of(place: Place) -> Vec<u8> {
    in_every_format(&drums(place, false, &|track, _| track).end()).remove(0)
}
