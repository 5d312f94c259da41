//! One song, damaged in each of the ways that are read, at several places and in every format: its hits stay.

use super::*;

/// Six bars; each letter is a step.
const TAB: &str = "K.h.S.h.K.hkS.h.|K.h.S.hkK.h.S.s.|K.h.S.h.K.hkS.h.|K.h.S.hkK.h.S.s.";
pub(super) const STEP: u64 = TICKS_PER_STEP;

/// Where something is put: between the events of the drums.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Start,
    Bar(u64),
    End,
}

pub(super) const PLACES: [Place; 4] = [Place::Start, Place::Bar(1), Place::Bar(3), Place::End];

/// Events of the song with `put` at a place; `running` leaves out status bytes that repeat.
pub(super) fn drums(place: Place, running: bool, put: &dyn Fn(TrackBytes, u64) -> TrackBytes) -> TrackBytes {
    let at = match place {
        Place::Start => 0,
        Place::Bar(bar) => bar * 16 * STEP,
        Place::End => u64::MAX,
    };
    let (mut track, mut done, mut first) = (TrackBytes::default(), false, true);
    for (step, letter) in TAB.chars().filter(|letter| *letter != '|').enumerate() {
        let tick = step as u64 * STEP;
        if tick >= at && !done {
            track = put(track, tick);
            done = true;
        }
        for &note in notes_of(letter) {
            track = match running && !first {
                true => track.event(tick, &[note, 100]),
                false => track.hit(tick, note),
            };
            first = false;
        }
    }
    if done { track } else { put(track, 64 * STEP) }
}

fn bass() -> TrackBytes {
    (0..16).fold(TrackBytes::default(), |track, bar| track.event(bar * 480, &[0x90, 40, 80])).end()
}

fn conductor() -> TrackBytes {
    TrackBytes::default().meter(0, 4, 2).tempo(0, 500_000).end()
}

/// The song in the formats 0, 1 and 2.
pub(super) fn in_every_format(track: &TrackBytes) -> Vec<Vec<u8>> {
    vec![
        file(0, 480, std::slice::from_ref(track)),
        file(1, 480, &[conductor(), track.clone(), bass()]),
        file(1, 480, &[bass(), track.clone()]),
        file(2, 480, std::slice::from_ref(track)),
    ]
}

pub(super) fn whole() -> Vec<(f64, u8)> {
    hits(&song(TAB)).concat()
}

/// Checks that all hits are read, and that a repair is counted.
pub(super) fn check(bytes: &[u8], repair: Repair, what: &str) {
    let reading = read(bytes, DrumChannels::default(), &Limits::default());
    let reading = reading.unwrap_or_else(|refused| panic!("{what}: {refused}"));
    let found: Vec<_> =
        reading.parts.iter().flat_map(|part| &part.hits).map(|hit| (hit.step, hit.note)).collect();
    assert_eq!(found, whole(), "{what}");
    assert!(reading.repairs.times(repair) > 0, "{what}: {:?}", reading.repairs.iter().collect::<Vec<_>>());
}

/// Checks an event of these bytes at every place, in every format.
pub(super) fn check_event(event: &[u8], repair: Repair) {
    for place in PLACES {
        let track = drums(place, false, &|track, tick| track.event(tick, event)).end();
        for (format, bytes) in in_every_format(&track).iter().enumerate() {
            check(bytes, repair, &format!("{event:02x?} at {place:?}, file {format}"));
        }
    }
}

#[test]
fn events_that_drums_do_not_need_are_repaired_and_counted() {
    for event in [
        &[0xff, 0x59, 0][..],
        &[0xff, 0x59, 1, 0],
        &[0xff, 0x58, 0],
        &[0xff, 0x51, 0],
        &[0xff, 0x51, 2, 7, 0],
    ] {
        check_event(event, Repair::MetaData);
    }
    for event in [&[0xb0, 7, 255][..], &[0xe3, 128, 64], &[0xc2, 200], &[0xd5, 255], &[0xa0, 60, 130]] {
        check_event(event, Repair::ClippedData);
    }
    for event in [&[0xf8][..], &[0xfe], &[0xfa], &[0xfc], &[0xf6], &[0xf1, 3], &[0xf2, 1, 2], &[0xf3, 1]] {
        check_event(event, Repair::SystemMessage);
    }
    check_event(&[0xff, 0x58, 4, 0, 2, 24, 8], Repair::ImpossibleMeter);
    check_event(&[0xff, 0x58, 4, 4, 200, 24, 8], Repair::ImpossibleMeter);
}

#[test]
fn a_velocity_above_127_and_a_clock_byte_inside_a_hit_keep_the_hit() {
    for (inside, repair) in
        [(&[0x99, 36, 200][..], Repair::ClippedData), (&[0x99, 36, 0xf8, 100], Repair::SystemMessage)]
    {
        let track = TrackBytes::default().event(0, inside).hit(2 * STEP, 42).hit(4 * STEP, 38).end();
        let reading = read(&file(0, 480, &[track]), DrumChannels::default(), &Limits::default()).unwrap();
        let found: Vec<_> = reading.parts[0].hits.iter().map(|hit| (hit.step, hit.note)).collect();
        assert_eq!(found, [(0.0, 36), (2.0, 42), (4.0, 38)], "{inside:02x?}");
        assert_eq!(reading.repairs.times(repair), 1);
    }
}

#[test]
fn a_drum_whose_note_is_damaged_is_left_out_and_counted() {
    let track = TrackBytes::default().hit(0, 36).event(STEP, &[0x99, 200, 100]).hit(2 * STEP, 38).end();
    let reading = read(&file(0, 480, &[track]), DrumChannels::default(), &Limits::default()).unwrap();
    assert_eq!(reading.parts[0].hits.len(), 2);
    assert_eq!(reading.repairs.times(Repair::LostNote), 1);
}

#[test]
fn running_status_goes_on_behind_texts_and_system_exclusives() {
    for between in [
        &[0xff, 1, 2, b'%', b'+'][..],
        &[0xff, 5, 3, b'l', b'a', b' '],
        &[0xf0, 5, 0x7e, 0x7f, 9, 1, 0xf7],
        &[0xf7, 1, 0xf8],
    ] {
        for place in [Place::Bar(1), Place::Bar(3)] {
            let track = drums(place, true, &|track, tick| track.event(tick, between)).end();
            for bytes in in_every_format(&track) {
                check(&bytes, Repair::RunningStatus, &format!("{between:02x?} at {place:?}"));
            }
        }
    }
}

#[test]
fn a_system_exclusive_without_its_length_ends_at_its_f7() {
    let xg = [0xf0, 0x43, 0x10, 0x4c, 0, 0, 0x7e, 0, 0xf7];
    let gm = [0xf0, 0x7e, 0x7f, 9, 1, 0xf7];
    let gs = [0xf0, 0x41, 0x10, 0x42, 0x12, 0x40, 0, 0x7f, 0, 0x41, 0xf7];
    let too_long = [0xf0, 0x30, 0x7e, 0x7f, 9, 1, 0xf7];
    let too_short = [0xf0, 2, 0x7e, 0x7f, 9, 1, 0xf7];
    for event in [&xg[..], &gm, &gs, &too_long, &too_short] {
        check_event(event, Repair::SysexLength);
    }
}

#[test]
fn a_whole_system_exclusive_is_no_damage() {
    for event in [
        &[0xf0, 5, 0x7e, 0x7f, 9, 1, 0xf7][..],
        &[0xf7, 3, 0x99, 36, 100],
        &[0xf0, 11, 0x7e, 0x7f, 9, 1, 0xf7, 0xf0, 0x7e, 0x7f, 9, 1, 0xf7],
    ] {
        for place in PLACES {
            let track = drums(place, false, &|track, tick| track.event(tick, event)).end();
            let reading = read(&file(0, 480, &[track]), DrumChannels::default(), &Limits::default()).unwrap();
            let found: Vec<_> = reading.parts[0].hits.iter().map(|hit| (hit.step, hit.note)).collect();
            assert_eq!(found, whole(), "{event:02x?} at {place:?}");
            assert!(reading.repairs.is_empty(), "{event:02x?} {:?}", reading.repairs);
        }
    }
}

#[test]
fn a_text_whose_length_is_wrong_loses_no_bar() {
    for kind in [1, 3, 5, 6, 0x7f] {
        for length in [&[0x8f, 0x7f][..], &[0xff, 0x7f], &[60], &[100], &[2]] {
            for place in [Place::Start, Place::Bar(1), Place::Bar(3)] {
                let text = [&[0xff, kind], length, b"Hook"].concat();
                let track = drums(place, false, &|track, tick| track.event(tick, &text)).end();
                for bytes in in_every_format(&track) {
                    check(&bytes, Repair::MetaLength, &format!("{text:02x?} at {place:?}"));
                }
            }
        }
    }
}

#[test]
fn events_behind_an_end_of_track_mark_are_read() {
    check_event(&[0xff, 0x2f, 0], Repair::EndOfTrackInside);
}

#[test]
fn padding_behind_an_end_of_track_mark_is_passed_over() {
    for padding in [&[0; 1][..], &[0; 40], &[0xff; 7], b"\x1a\x00"] {
        let mut track = drums(Place::Start, false, &|track, _| track).end();
        track.bytes.extend(padding);
        for bytes in in_every_format(&track) {
            check(&bytes, Repair::BehindEndOfTrack, &format!("{padding:?}"));
        }
    }
}

/// The song in three tracks, and where the chunks of the tracks begin.
fn three_tracks() -> (Vec<u8>, Vec<usize>) {
    let drums = drums(Place::Start, false, &|track, _| track).end();
    let bytes = file(1, 480, &[conductor(), drums, bass()]);
    let starts = (0..bytes.len() - 3).filter(|&at| bytes[at..].starts_with(b"MTrk")).collect();
    (bytes, starts)
}

fn length_at(bytes: &[u8], chunk: usize) -> u32 {
    u32::from_be_bytes(bytes[chunk + 4..chunk + 8].try_into().unwrap())
}

fn set_length(bytes: &mut [u8], chunk: usize, length: u32) {
    bytes[chunk + 4..chunk + 8].copy_from_slice(&length.to_be_bytes());
}

#[test]
fn tracks_of_wrong_lengths_end_where_their_events_do() {
    let (whole, starts) = three_tracks();
    for by in [-20, -9, -4, -3, -1, 1, 3, 4, 7, 8, 12, 1000] {
        for damaged in [&starts[..1], &starts[1..2], &starts[2..], &starts[..]] {
            let mut bytes = whole.clone();
            for &chunk in damaged {
                let length = length_at(&bytes, chunk).saturating_add_signed(by);
                set_length(&mut bytes, chunk, length);
            }
            check(&bytes, Repair::TrackLength, &format!("{by} at {damaged:?}"));
        }
    }
    for length in [0, u32::MAX] {
        let mut bytes = whole.clone();
        set_length(&mut bytes, starts[1], length);
        check(&bytes, Repair::TrackLength, &format!("{length}"));
    }
}

#[test]
fn a_track_that_announces_the_next_one_too_gives_both() {
    let (mut bytes, starts) = three_tracks();
    let both = (starts[2] - starts[0] - 8) as u32;
    set_length(&mut bytes, starts[0], both);
    check(&bytes, Repair::TrackLength, "the first track announces the second");
    bytes[11] = 2; // and the header counts them as one
    check(&bytes, Repair::TrackLength, "two tracks announced");
}

#[test]
fn chunks_of_other_kinds_and_bytes_between_them_are_passed_over() {
    let (whole, starts) = three_tracks();
    let mut ends = starts.clone();
    ends.push(whole.len());
    for &at in &ends {
        for counted in [false, true] {
            let mut bytes = whole.clone();
            bytes.splice(at..at, *b"XFIH\0\0\0\x05\0\x99\x24\x64\0");
            bytes[11] += u8::from(counted);
            check(&bytes, Repair::OtherChunk, &format!("a chunk at {at}, counted: {counted}"));
        }
    }
    for &at in &ends[..3] {
        for between in [&b"\0"[..], b"\0\0\0", b"stray", b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6"] {
            let mut bytes = whole.clone();
            bytes.splice(at..at, between.iter().copied());
            check(&bytes, Repair::BytesBetween, &format!("{between:?} at {at}"));
        }
    }
    for name in [b"MTRK", b"Mtrk", b"MTrj", b"NTrk"] {
        let mut bytes = whole.clone();
        bytes[starts[1]..starts[1] + 4].copy_from_slice(name);
        check(&bytes, Repair::ChunkName, &String::from_utf8_lossy(name));
    }
}

#[test]
fn headers_and_wrappers_may_be_wrong() {
    let (whole, _) = three_tracks();
    for length in [0_u32, 4, 7, 8, 1000, 0x0600_0000] {
        let mut bytes = whole.clone();
        bytes[4..8].copy_from_slice(&length.to_be_bytes());
        check(&bytes, Repair::HeaderLength, &format!("{length}"));
    }
    let mut longer = whole.clone();
    longer[7] = 10;
    longer.splice(14..14, [1, 2, 3, 4]);
    assert_eq!(hits(&longer).concat(), super::damage::whole(), "a longer header of a later standard");
    for format in [3, 7, 256] {
        let mut bytes = whole.clone();
        bytes[8..10].copy_from_slice(&u16::to_be_bytes(format));
        check(&bytes, Repair::Format, &format!("format {format}"));
    }
    for (announced, repair) in [(0, Repair::MoreTracks), (1, Repair::MoreTracks), (2, Repair::MoreTracks)] {
        let mut bytes = whole.clone();
        bytes[11] = announced;
        check(&bytes, repair, &format!("{announced} tracks announced"));
    }
    let mut one = song(TAB);
    one[11] = 4;
    check(&one, Repair::FewerTracks, "format 0 has one track");

    let mut mac = vec![0; 128];
    mac[1] = 8;
    mac[2..10].copy_from_slice(b"song.mid");
    mac[83..87].copy_from_slice(&(whole.len() as u32).to_be_bytes());
    mac.extend(&whole);
    mac.extend([0; 90]);
    check(&mac, Repair::Wrapper, "MacBinary");
    mac[83..87].fill(0);
    check(&mac, Repair::Wrapper, "MacBinary without a length");
    let line = [b"\r\n".as_slice(), &whole].concat();
    check(&line, Repair::Wrapper, "an empty line before the header");
}

#[test]
fn a_wrapper_may_have_other_chunks_and_a_wrong_length() {
    let (whole, _) = three_tracks();
    let wrapped = |length: usize| {
        let mut bytes = b"RIFF\0\0\0\0RMIDLIST\x03\0\0\0abc\0data".to_vec();
        bytes.extend((length as u32).to_le_bytes());
        bytes.extend(&whole);
        bytes
    };
    assert_eq!(hits(&wrapped(whole.len())).concat(), super::damage::whole());
    check(&wrapped(whole.len() - 9), Repair::Wrapper, "too short");
    assert_eq!(hits(&wrapped(whole.len() + 100)).concat(), super::damage::whole());
}

#[test]
fn the_first_tracks_time_signatures_rule() {
    let check = |tracks: &[TrackBytes], expected: &[(f64, u8)], conflicts: u32| {
        let reading = read(&file(1, 480, tracks), DrumChannels::default(), &Limits::default()).unwrap();
        let signatures = reading.parts[0].time_signatures.iter();
        assert_eq!(
            signatures.map(|signature| (signature.step, signature.beats)).collect::<Vec<_>>(),
            expected
        );
        assert_eq!(reading.repairs.times(Repair::MeterConflict), conflicts);
    };
    let track = |signatures: &[(u64, u8)]| {
        let meters = signatures
            .iter()
            .fold(TrackBytes::default(), |track, &(bar, beats)| track.meter(bar * 1920, beats, 2));
        meters.end()
    };
    check(&[track(&[(0, 4)]), track(&[(0, 3)])], &[(0.0, 4)], 1);
    check(&[track(&[(0, 4)]), track(&[(0, 4), (2, 3)])], &[(0.0, 4)], 1);
    check(&[track(&[(0, 4), (2, 3)]), track(&[(0, 4), (2, 3)])], &[(0.0, 4), (32.0, 3)], 0);
    check(&[track(&[]), track(&[(0, 3)])], &[(0.0, 3)], 0);
}

#[test]
fn limits_hold() {
    let bytes = song(TAB);
    let refused = |limits| read(&bytes, DrumChannels::default(), &limits).unwrap_err().why.to_string();
    assert!(refused(Limits { bytes: 10, ..Limits::default() }).contains("more than 10 bytes"));
    assert!(refused(Limits { events: 5, ..Limits::default() }).contains("more than 5 events"));
    assert!(refused(Limits { hits: 3, ..Limits::default() }).contains("more than 3 drum hits"));
}

#[test]
fn a_refusal_says_how_many_hits_were_read_before() {
    let track = TrackBytes::default().hit(0, 36).hit(9, 38).event(10, &[0xf4, 1, 2]).end();
    let refused = read(&file(0, 480, &[track]), DrumChannels::default(), &Limits::default()).unwrap_err();
    assert_eq!(refused.hits, 2);
    assert!(
        refused.to_string().contains("track 1 has an unreadable event at its byte 8: its status byte 0xf4")
    );
}
