//! An orbit is tied to the song: the same bar is always at the same place, however one gets there.

use crate::studio::{assert_clean, blocks, bounce, each_format, odd_blocks, play_busily, plays_live};
use rig::{HostError, Note, Recording, Session};
use std::collections::BTreeSet;

const BARS: f64 = 4.0;
const BEATS: f64 = 4.0 * BARS;

/// Goes round the orbit that is there when nobody has drawn one, from `from` to `to` beats.
fn go_round(session: &mut Session<'_>, from: f64, to: f64) -> Result<(), HostError> {
    session.transport().stop();
    play_busily(session)?;
    session.set_text("Variation", "1")?;
    session.set_text("Orbit length", "4")?;
    session.set_text("Orbit", "On")?;
    session.transport().seek(from);
    session.render(480)?;
    session.transport().play();
    session.render_beats(to - from, blocks(480))?;
    session.transport().stop();
    session.render(480)
}

/// Step, note and velocity of everything between two places of the song, in steps from the first.
fn played(recording: &Recording, from: f64, to: f64) -> BTreeSet<(i64, u8, u8)> {
    let step = |beats: f64| (beats * 4.0).round() as i64;
    let inside = |note: &&Note| (step(from)..step(to)).contains(&step(note.start_beats));
    let notes = recording.notes.iter().filter(inside);
    notes.map(|note| (step(note.start_beats - from), note.note, note.velocity)).collect()
}

#[test]
fn a_bounced_orbit_is_what_plays_live_and_comes_round() {
    each_format(|instance| {
        let twice = |session: &mut Session<'_>| go_round(session, 0.0, 2.0 * BEATS);
        let bounced = bounce(instance, twice);
        assert_clean(&bounced, 60);
        let [first, second] = [0.0, 8.0].map(|beats| played(&bounced, beats, beats + 8.0));
        assert_ne!(first, second, "the beat moves along the path");
        assert_eq!(played(&bounced, 0.0, BEATS), played(&bounced, BEATS, 2.0 * BEATS), "it closes");
        plays_live(instance, twice, &bounced);
    });
}

#[test]
fn a_seek_into_an_orbit_plays_what_lies_there() {
    each_format(|instance| {
        let whole = bounce(instance, |session| go_round(session, 0.0, 2.0 * BEATS));
        for from in [8.0, 13.0, 18.25] {
            let part = bounce(instance, |session| go_round(session, from, 2.0 * BEATS));
            assert_clean(&part, 10);
            let to = 2.0 * BEATS;
            assert_eq!(played(&part, from, to), played(&whole, from, to), "from beat {from}");
        }
        // Back and forth in one session, in blocks of any size.
        let jumps = bounce(instance, |session| {
            go_round(session, 0.0, 6.0)?;
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
