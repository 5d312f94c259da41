//! Settings change the notes: puck, temperature, seed, swing, gate, commit, the host's bars.

use crate::sessions::{assert_clean, blocks, bounce, each_format, note_list, play, play_busily, steps};
use rig::{HostError, Instance, Recording, Session};
use std::collections::BTreeSet;

/// Four bars in 4/4 from the start, with these parameters set before.
fn four_bars(instance: &mut Instance, settings: &[(&str, &str)]) -> Recording {
    let recording = bounce(instance, |session| {
        play_busily(session)?;
        for (name, text) in settings {
            session.set_text(name, text)?;
        }
        play(session, 16.0, blocks(480))
    });
    assert_clean(&recording, 30);
    recording
}

#[test]
fn puck_temperature_and_seed_each_change_the_beat_and_back() {
    each_format(|instance| {
        let centre = [("X", "0.5"), ("Y", "0.5")];
        let plain = note_list(&four_bars(instance, &centre));
        for change in [("X", "0.1"), ("Y", "0.9"), ("Temperature", "0.2"), ("Seed", "8")] {
            assert_ne!(note_list(&four_bars(instance, &[change])), plain, "{change:?}");
            assert_eq!(note_list(&four_bars(instance, &centre)), plain, "after {change:?} was set back");
        }
    });
}

#[test]
fn velocities_have_accents() {
    each_format(|instance| {
        let recording = four_bars(instance, &[]);
        let velocities: BTreeSet<u8> = recording.notes.iter().map(|note| note.velocity).collect();
        assert!(velocities.len() > 3, "{velocities:?}");
    });
}

#[test]
fn swing_delays_every_second_sixteenth_and_gate_sets_the_length() {
    each_format(|instance| {
        let straight = four_bars(instance, &[("Swing", "50"), ("Gate", "50")]);
        let swung = four_bars(instance, &[("Swing", "75"), ("Gate", "50")]);
        let expected = straight.notes.iter().map(|note| {
            let is_second = (note.start / 6000) % 2 == 1;
            (note.start + if is_second { 3000 } else { 0 }, note.note)
        });
        let mut expected: Vec<_> = expected.collect();
        expected.sort_unstable();
        let mut got: Vec<_> = swung.notes.iter().map(|note| (note.start, note.note)).collect();
        got.sort_unstable();
        assert_eq!(got, expected);

        let longest = |recording: &Recording| recording.notes.iter().map(|note| note.end - note.start).max();
        assert_eq!(longest(&straight), Some(3000));
        assert_eq!(longest(&four_bars(instance, &[("Gate", "10")])), Some(600));
    });
}

#[test]
fn a_bank_waits_for_its_commit() {
    each_format(|instance| {
        let set = |session: &mut Session<'_>, x: &str, commit: &str| -> Result<(), HostError> {
            session.set_text("X", x)?;
            session.set_text("Y", x)?;
            session.set_text("Commit", commit)
        };
        let before = steps(&four_bars(instance, &[("X", "0.1"), ("Y", "0.1")]), 0.0, 16.0);
        let after = steps(&four_bars(instance, &[("X", "0.9"), ("Y", "0.9")]), 0.0, 16.0);
        assert_ne!(before, after);
        // The puck jumps in the middle of step 20: the next step, beat, bar or cycle follows.
        for (commit, first) in [("Step", 21), ("Beat", 24), ("Bar", 32), ("Cycle", 32)] {
            let recording = bounce(instance, |session| {
                play_busily(session)?;
                set(session, "0.1", commit)?;
                session.transport().play();
                session.render_beats(5.125, blocks(480))?;
                set(session, "0.9", commit)?;
                session.render_beats(10.875, blocks(480))?;
                session.transport().stop();
                session.render(480)
            });
            assert_clean(&recording, 30);
            let old = before.iter().filter(|(step, _)| *step < first);
            let new = after.iter().filter(|(step, _)| *step >= first);
            let expected: Vec<_> = old.chain(new).copied().collect();
            assert_eq!(steps(&recording, 0.0, 16.0), expected, "commit at the next {commit}");
        }
    });
}

#[test]
fn the_grid_follows_the_hosts_bars_in_seven_eight() {
    each_format(|instance| {
        // At temperature 0 every take is the same.
        let song = steps(&four_bars(instance, &[("Temperature", "0")]), 0.0, 8.0);
        let recording = bounce(instance, |session| {
            play_busily(session)?;
            session.set_text("Temperature", "0")?;
            session.set_text("Metre", "4/4")?;
            session.set_text("Bars", "Host bars")?;
            session.transport().set_time_signature(7, 8);
            play(session, 14.0, blocks(480))
        });
        assert_clean(&recording, 1);
        // Odd bars start at step 0, even bars at step 16; each is 14 steps long.
        let mut expected = Vec::new();
        for bar in 0..4 {
            let start = bar % 2 * 16;
            let part = song.iter().filter(|(step, _)| (start..start + 14).contains(step));
            expected.extend(part.map(|(step, note)| (step - start + bar * 14, *note)));
        }
        assert_eq!(steps(&recording, 0.0, 14.0), expected);
    });
}

/// As people type them, in both formats; CLAP hosts also give back the text with its unit.
#[test]
fn values_are_typed_in_any_common_way() {
    each_format(|instance| {
        for (name, texts) in [
            ("Swing", ["60", "60%", "60,0 %"]),
            ("X", ["0.7", "0,7", " .7 "]),
            ("Bypass", ["on", "1", "yes"]),
            ("Kit level", ["80", "80%", "80,0 %"]),
            ("Orbit length", ["4", "4 bars", "4.0"]),
        ] {
            let parameter = instance.parameter(name).expect("the plugin has it");
            let values = texts.map(|text| instance.parse(parameter, text).map_err(|error| error.to_string()));
            assert!(values[0].is_ok() && values.iter().all(|value| *value == values[0]), "{name} {values:?}");
            for text in ["nan", "inf", "loud"] {
                assert!(instance.parse(parameter, text).is_err(), "{name} takes {text}");
            }
        }
    });
}
