//! Phrase mode: sixteen bars that grow from the beat, the same wherever the song is entered.

use crate::studio::{assert_clean, blocks, bounce, each_format, odd_blocks, play_busily, plays_live};
use rig::{HostError, Instance, Recording, Session};

/// Quarter notes of a phrase.
const PHRASE: f64 = 64.0;

/// Plays `beats` from `start` on, in phrase mode with these settings beside it.
fn play(
    session: &mut Session<'_>,
    settings: &[(&str, &str)],
    start: f64,
    beats: f64,
    sizes: impl Iterator<Item = u32>,
) -> Result<(), HostError> {
    session.transport().stop();
    play_busily(session)?;
    session.set_text("Phrase", "On")?;
    for (name, text) in settings {
        session.set_text(name, text)?;
    }
    session.transport().seek(start);
    session.render(480)?;
    session.transport().play();
    session.render_beats(beats, sizes)?;
    session.transport().stop();
    session.render(480)
}

fn bounced(instance: &mut dyn Instance, settings: &[(&str, &str)], start: f64, beats: f64) -> Recording {
    let recording = bounce(instance, |session| play(session, settings, start, beats, blocks(480)));
    assert_clean(&recording, 30);
    recording
}

/// Step and note of everything that starts in these beats of the song, counted from the first of them.
fn steps(recording: &Recording, from: f64, to: f64) -> Vec<(i64, u8)> {
    let inside = recording.notes.iter().filter(|note| (from - 0.05..to - 0.05).contains(&note.start_beats));
    let steps = inside.map(|note| (((note.start_beats - from) * 4.0).round() as i64, note.note));
    let mut steps: Vec<_> = steps.collect();
    steps.sort_unstable();
    steps
}

#[test]
fn a_phrase_is_sixteen_bars_that_come_back_and_a_seek_into_it_agrees() {
    each_format(|instance| {
        let whole = bounced(instance, &[], 0.0, 2.0 * PHRASE);
        let phrase = steps(&whole, 0.0, PHRASE);
        assert_eq!(steps(&whole, PHRASE, 2.0 * PHRASE), phrase);
        let pairs = (0..8).map(|pair| steps(&whole, f64::from(pair) * 8.0, f64::from(pair + 1) * 8.0));
        let distinct: std::collections::BTreeSet<_> = pairs.collect();
        assert!(distinct.len() > 1, "sixteen bars that go nowhere");
        for start in [8.0, 36.0] {
            let from_there = bounced(instance, &[], start, 12.0);
            assert_eq!(
                steps(&from_there, start, start + 12.0),
                steps(&whole, start, start + 12.0),
                "from beat {start}"
            );
        }
        assert_ne!(steps(&bounced(instance, &[("Seed", "8")], 0.0, PHRASE), 0.0, PHRASE), phrase);
        assert_eq!(steps(&bounced(instance, &[], 0.0, PHRASE), 0.0, PHRASE), phrase, "and back");
    });
}

#[test]
fn without_phrase_mode_the_beat_is_what_it_was_and_on_an_orbit_too() {
    each_format(|instance| {
        let plain = steps(&bounced(instance, &[("Phrase", "Off")], 0.0, 16.0), 0.0, 16.0);
        let fills = [("Phrase", "Off"), ("Fills", "1")];
        assert_eq!(steps(&bounced(instance, &fills, 0.0, 16.0), 0.0, 16.0), plain);
        let orbit = [("Fills", "0"), ("Orbit", "On")];
        let along = steps(&bounced(instance, &orbit, 0.0, 16.0), 0.0, 16.0);
        let rests = [("Phrase", "Off"), ("Orbit", "On")];
        assert_eq!(steps(&bounced(instance, &rests, 0.0, 16.0), 0.0, 16.0), along);
    });
}

#[test]
fn a_bounced_phrase_is_what_plays_live_in_blocks_of_any_size() {
    each_format(|instance| {
        let offline = bounced(instance, &[], 0.0, 12.0);
        let live = |session: &mut Session<'_>| play(session, &[], 0.0, 12.0, odd_blocks(3, 900));
        plays_live(instance, live, &offline);
    });
}
