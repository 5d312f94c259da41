//! Offline rendering of beats, orbits and phrases: the same each time, the same as live, and the same after a
//! seek.

use crate::sessions::{
    assert_clean, blocks, bounce, each, each_format, note_list, odd_blocks, play, play_busily, plays_live,
    steps,
};
use end_to_end::create;
use rig::{HostError, Instance, Mode, RecordedNote, Recording, Session, Setup};
use std::collections::BTreeSet;

/// Two bars while X, Y and the temperature move in every block.
fn moving(session: &mut Session<'_>) -> Result<(), HostError> {
    play_busily(session)?;
    let names = ["X", "Y", "Temperature"];
    let [x, y, temperature] = names.map(|name| session.instance().parameter(name));
    let (x, y, temperature) = (x?, y?, temperature?);
    session.transport().play();
    for block in 0..800 {
        let part = f64::from(block) / 800.0;
        session.set(x, part);
        session.set(y, (part * 19.0).sin() * 0.5 + 0.5);
        session.set(temperature, part * 0.6);
        session.render(480)?;
    }
    session.transport().stop();
    session.render(480)
}

#[test]
fn two_bounces_with_moving_automation_are_identical() {
    each_format(|instance| {
        let first = bounce(instance, moving);
        assert_clean(&first, 30);
        assert_eq!(bounce(instance, moving), first);
    });
}

/// Two bars from the start, with X and Y set by every call.
fn two_bars(session: &mut Session<'_>) -> Result<(), HostError> {
    session.transport().stop();
    session.transport().seek(0.0);
    play_busily(session)?;
    session.set_text("X", "0.3")?;
    session.set_text("Y", "0.7")?;
    session.render(480)?;
    play(session, 8.0, blocks(480))
}

#[test]
fn a_bounce_is_what_plays_live_with_the_puck_at_rest() {
    each_format(|instance| {
        let bounced = bounce(instance, two_bars);
        assert_clean(&bounced, 20);
        plays_live(instance, two_bars, &bounced);
        // Live, offline, live again: the plugin follows the current mode.
        assert_eq!(note_list(&bounce(instance, two_bars)), note_list(&bounced));
        plays_live(instance, two_bars, &bounced);
    });
}

/// Quarter notes of an orbit of four bars.
const ORBIT: f64 = 16.0;

/// Plays the default orbit from `from` to `to` beats.
fn play_orbit(session: &mut Session<'_>, from: f64, to: f64) -> Result<(), HostError> {
    session.transport().stop();
    play_busily(session)?;
    session.set_text("Variation", "1")?;
    session.set_text("Orbit length", "4")?;
    session.set_text("Orbit", "On")?;
    session.transport().seek(from);
    session.render(480)?;
    play(session, to - from, blocks(480))
}

/// Step, note and velocity of the notes between two song positions, in steps from the first.
fn played(recording: &Recording, from: f64, to: f64) -> BTreeSet<(i64, u8, u8)> {
    let step = |beats: f64| (beats * 4.0).round() as i64;
    let inside = |note: &&RecordedNote| (step(from)..step(to)).contains(&step(note.start_beats));
    let notes = recording.notes.iter().filter(inside);
    notes.map(|note| (step(note.start_beats - from), note.note, note.velocity)).collect()
}

#[test]
fn a_bounced_orbit_is_what_plays_live_and_repeats() {
    each_format(|instance| {
        let twice = |session: &mut Session<'_>| play_orbit(session, 0.0, 2.0 * ORBIT);
        let bounced = bounce(instance, twice);
        assert_clean(&bounced, 60);
        let [first, second] = [0.0, 8.0].map(|beats| played(&bounced, beats, beats + 8.0));
        assert_ne!(first, second, "the beat moves along the path");
        assert_eq!(played(&bounced, 0.0, ORBIT), played(&bounced, ORBIT, 2.0 * ORBIT), "it closes");
        plays_live(instance, twice, &bounced);
    });
}

#[test]
fn a_seek_into_an_orbit_plays_what_is_there() {
    each_format(|instance| {
        let whole = bounce(instance, |session| play_orbit(session, 0.0, 2.0 * ORBIT));
        for from in [8.0, 13.0, 18.25] {
            let part = bounce(instance, |session| play_orbit(session, from, 2.0 * ORBIT));
            assert_clean(&part, 10);
            let to = 2.0 * ORBIT;
            assert_eq!(played(&part, from, to), played(&whole, from, to), "from beat {from}");
        }
        // Back and forth in one session, in blocks of any size.
        let jumps = bounce(instance, |session| {
            play_orbit(session, 0.0, 6.0)?;
            session.transport().play();
            for from in [12.0, 2.0] {
                session.transport().seek(from);
                session.render_beats(3.0, odd_blocks(9, 2_000))?;
            }
            session.transport().stop();
            session.render(480)
        });
        for (from, to) in [(12.0, 15.0), (3.0, 5.0)] {
            assert_eq!(played(&jumps, from, to), played(&whole, from, to), "back and forth");
        }
    });
}

/// Quarter notes of a phrase.
const PHRASE: f64 = 64.0;

/// Plays `beats` from `start` on, in phrase mode with these settings.
fn play_phrase(
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
    play(session, beats, sizes)
}

fn bounced_phrase(instance: &mut Instance, settings: &[(&str, &str)], start: f64, beats: f64) -> Recording {
    let recording = bounce(instance, |session| play_phrase(session, settings, start, beats, blocks(480)));
    assert_clean(&recording, 30);
    recording
}

#[test]
fn a_phrase_is_sixteen_bars_that_repeat_and_a_seek_into_it_agrees() {
    each_format(|instance| {
        let whole = bounced_phrase(instance, &[], 0.0, 2.0 * PHRASE);
        let phrase = steps(&whole, 0.0, PHRASE);
        assert_eq!(steps(&whole, PHRASE, 2.0 * PHRASE), phrase);
        let pairs = (0..8).map(|pair| steps(&whole, f64::from(pair) * 8.0, f64::from(pair + 1) * 8.0));
        let distinct: BTreeSet<_> = pairs.collect();
        assert!(distinct.len() > 1, "sixteen bars that go nowhere");
        for start in [8.0, 36.0] {
            let from_there = bounced_phrase(instance, &[], start, 12.0);
            assert_eq!(
                steps(&from_there, start, start + 12.0),
                steps(&whole, start, start + 12.0),
                "from beat {start}"
            );
        }
        assert_ne!(steps(&bounced_phrase(instance, &[("Seed", "8")], 0.0, PHRASE), 0.0, PHRASE), phrase);
        assert_eq!(steps(&bounced_phrase(instance, &[], 0.0, PHRASE), 0.0, PHRASE), phrase, "and back");
    });
}

#[test]
fn without_phrase_mode_and_on_an_orbit_fills_change_nothing() {
    each_format(|instance| {
        let plain = steps(&bounced_phrase(instance, &[("Phrase", "Off")], 0.0, 16.0), 0.0, 16.0);
        let fills = [("Phrase", "Off"), ("Fills", "1")];
        assert_eq!(steps(&bounced_phrase(instance, &fills, 0.0, 16.0), 0.0, 16.0), plain);
        let orbit = [("Fills", "0"), ("Orbit", "On")];
        let along = steps(&bounced_phrase(instance, &orbit, 0.0, 16.0), 0.0, 16.0);
        let rests = [("Phrase", "Off"), ("Orbit", "On")];
        assert_eq!(steps(&bounced_phrase(instance, &rests, 0.0, 16.0), 0.0, 16.0), along);
    });
}

#[test]
fn a_bounced_phrase_is_what_plays_live_in_blocks_of_any_size() {
    each_format(|instance| {
        let offline = bounced_phrase(instance, &[], 0.0, 12.0);
        let live = |session: &mut Session<'_>| play_phrase(session, &[], 0.0, 12.0, odd_blocks(3, 900));
        plays_live(instance, live, &offline);
    });
}

/// The notes of two bars, rendered from the first block on, with no parameter set.
fn at_once(instance: &mut Instance) -> Recording {
    let mut session =
        Session::start(instance, Setup::new(Mode::Offline), 120.0).expect("the plugin activates");
    play(&mut session, 8.0, blocks(8192)).expect("the plugin plays");
    session.finish().expect("the plugin deactivates")
}

/// *Bounce* is at *auto*, and under VST3 the plugin can't tell that this is no live host. A host that renders
/// right after it has activated the plugin used to hear nothing of the first steps.
#[test]
fn a_fresh_instance_rendered_at_once_plays_its_first_beat() {
    each(|format| {
        let expected = at_once(&mut create(format));
        assert_clean(&expected, 10);
        let first = expected.notes.iter().map(|note| note.start).min();
        assert_eq!(first, Some(0), "the first step of the default place is hit");
        for _ in 0..10 {
            assert_eq!(note_list(&at_once(&mut create(format))), note_list(&expected));
        }
    });
}

/// A project is opened in an instance that has played before, and rendered at once.
#[test]
fn a_change_before_the_activation_plays_from_the_first_step() {
    each_format(|instance| {
        // *Bounce* stays at *auto*.
        let state = |instance: &mut Instance, x: &str| {
            let mut session =
                Session::start(instance, Setup::new(Mode::Offline), 120.0).expect("the plugin activates");
            session.set_text("X", x).expect("the plugin has an X");
            session.render(480).expect("the plugin plays");
            session.finish().expect("the plugin deactivates");
            instance.save().expect("the plugin saves")
        };
        let states = ["0.1", "0.9"].map(|x| state(instance, x));
        let played = [0, 1, 0].map(|project| {
            let state: &Vec<u8> = &states[project];
            let mut fresh = create(instance.format());
            fresh.load(state).expect("the plugin opens its own state");
            instance.load(state).expect("the plugin opens its own state");
            let expected = at_once(&mut fresh);
            assert_eq!(note_list(&at_once(instance)), note_list(&expected));
            note_list(&expected)
        });
        assert_ne!(played[0], played[1]);
        assert_eq!(played[0], played[2]);
    });
}
