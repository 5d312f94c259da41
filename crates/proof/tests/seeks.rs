//! What plays at a place of the song depends on the settings alone: however one got there, the same notes.

use beat::{Playback, Sequencer, Transport};
use proof::BankFixtures;
use proof::banks::BANKS;
use proof::host::{Call, HostMove};
use proof::play::play;
use proof::time::Beats;

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
            compound: false,
        },
        playback: Playback { swing: 0.25, ..Playback::default() },
        room: usize::MAX,
        truth: (Beats::ZERO, None),
        rate: RATE,
        host_move: HostMove::Otherwise,
    };
    (0..length).step_by(size as usize).map(call).collect()
}

/// Everything sent in the last `beats`, as samples from their start.
fn end_of(calls: &[Call], beats: f64, banks: &BankFixtures) -> Vec<(i64, beat::NoteEvent)> {
    let (mut received, mut start) = (Vec::new(), 0);
    let length: i64 = calls.iter().map(|call| i64::from(call.transport.frames)).sum();
    let first = length - (beats * BEAT) as i64;
    let played = play(calls, banks, &Sequencer::new(), |index, sent| {
        let events = sent.events.iter().map(|event| (start + i64::from(event.sample), *event));
        received.extend(events.map(|(at, event)| (at - first, beat::NoteEvent { sample: 0, ..event })));
        start += i64::from(calls[index].transport.frames);
        Ok(())
    });
    assert!(played.is_ok());
    received.retain(|(at, _)| *at >= 0);
    received
}

#[test]
fn the_same_place_of_the_song_sounds_the_same_however_one_got_there() {
    let banks = BankFixtures::new(4);
    for bank in 0..BANKS {
        let straight = roll(bank, 0.0, 40.0, 512);
        let late = roll(bank, 22.0, 40.0, 4096);
        let there_and_back =
            [roll(bank, 3.0, 9.5, 64), roll(bank, 30.1, 31.0, 777), roll(bank, 20.3, 40.0, 1000)].concat();
        // From beat 24 on: what was struck before the seek has ended by then.
        let expected = end_of(&straight, 16.0, &banks);
        assert_eq!(end_of(&late, 16.0, &banks), expected, "bank {bank}, started late");
        assert_eq!(end_of(&there_and_back, 16.0, &banks), expected, "bank {bank}, after seeks");
        assert!(!expected.is_empty() || banks.bank(bank).model() == 0, "bank {bank} plays");
    }
}
