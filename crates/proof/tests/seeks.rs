//! What plays at a place of the song depends on the settings alone: however one got there, the same notes.

use beat::{Playback, Sequencer, Transport};
use proof::Shelf;
use proof::host::{Call, Came};
use proof::shelf::BANKS;
use proof::time::Beats;
use proof::trial::play;

const RATE: u32 = 48_000;
/// Samples of a beat at 120 BPM.
const BEAT: f64 = 24_000.0;

/// Blocks of `size` samples from `from` to `to` beats.
fn roll(bank: usize, from: f64, to: f64, size: u32) -> Vec<Call> {
    let length = ((to - from) * BEAT) as u32;
    let call = |start: u32| Call {
        reset: false,
        newest: bank,
        transport: Transport {
            playing: true,
            beats: from + f64::from(start) / BEAT,
            tempo: 120.0,
            sample_rate: f64::from(RATE),
            frames: size.min(length - start),
            loop_range: None,
            bar: None,
        },
        playback: Playback { swing: 0.25, ..Playback::default() },
        room: usize::MAX,
        truth: (Beats::ZERO, None),
        rate: RATE,
        came: Came::Otherwise,
    };
    (0..length).step_by(size as usize).map(call).collect()
}

/// Everything sent in the last `beats`, as samples from their start.
fn end_of(calls: &[Call], beats: f64, shelf: &Shelf) -> Vec<(i64, beat::NoteEvent)> {
    let (mut heard, mut start) = (Vec::new(), 0);
    let length: i64 = calls.iter().map(|call| i64::from(call.transport.frames)).sum();
    let first = length - (beats * BEAT) as i64;
    let played = play(calls, shelf, &Sequencer::new(), |index, sent| {
        let events = sent.events.iter().map(|event| (start + i64::from(event.sample), *event));
        heard.extend(events.map(|(at, event)| (at - first, beat::NoteEvent { sample: 0, ..event })));
        start += i64::from(calls[index].transport.frames);
        Ok(())
    });
    assert!(played.is_ok());
    heard.retain(|(at, _)| *at >= 0);
    heard
}

#[test]
fn the_same_place_of_the_song_sounds_the_same_however_one_got_there() {
    let shelf = Shelf::new(4);
    for bank in 0..BANKS {
        let straight = roll(bank, 0.0, 40.0, 512);
        let late = roll(bank, 22.0, 40.0, 4096);
        let there_and_back =
            [roll(bank, 3.0, 9.5, 64), roll(bank, 30.1, 31.0, 777), roll(bank, 20.3, 40.0, 1000)].concat();
        // From beat 24 on: what was struck before the seek has ended by then.
        let expected = end_of(&straight, 16.0, &shelf);
        assert_eq!(end_of(&late, 16.0, &shelf), expected, "bank {bank}, started late");
        assert_eq!(end_of(&there_and_back, 16.0, &shelf), expected, "bank {bank}, after seeks");
        assert!(!expected.is_empty() || shelf.bank(bank).model() == 0, "bank {bank} plays");
    }
}
