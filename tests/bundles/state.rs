//! Saved projects: they open to the same notes, those of earlier builds too, and damaged ones do not disturb the
//! host.
//!
//! `tests/kept/` holds one state of each version of its layout and each format, with the notes that it
//! plays. Those of a new version are written once, before it is released, with `cargo xtask bundle --debug`
//! and then `BEATFIELD_BLESS=1 BEATFIELD_BUNDLES=$PWD/target/asserted/bundled cargo test -p end-to-end
//! projects_of_every_version`; existing files are never written again.

use crate::sessions::{assert_clean, assert_no_faults, blocks, bounce, each, note_list, play, play_busily};
use end_to_end::create;
use rig::hosts::saved_state::{json_of, state_bytes, with_field};
use rig::{HostError, PluginFormat, RecordedNote, Recording, Session};
use std::path::{Path, PathBuf};

fn two_cycles(session: &mut Session<'_>) -> Result<(), HostError> {
    play(session, 16.0, blocks(700))
}

#[test]
fn a_saved_project_opens_to_the_same_notes() {
    each(|format| {
        let mut instance = create(format);
        let saved = bounce(&mut instance, |session| {
            play_busily(session)?;
            session.set_text("X", "0.81")?;
            session.set_text("Y", "0.22")?;
            session.set_text("Swing", "60")?;
            two_cycles(session)
        });
        assert_clean(&saved, 30);
        let state = instance.save().expect("the plugin saves");

        let mut reopened = create(format);
        reopened.load(&state).expect("the plugin opens its own state");
        let opened = bounce(&mut reopened, two_cycles);
        assert_eq!(note_list(&opened), note_list(&saved));
        for parameter in instance.parameters().to_vec() {
            let values = (instance.value(parameter.id), reopened.value(parameter.id));
            let values = (values.0.expect("a value"), values.1.expect("a value"));
            assert!((values.0 - values.1).abs() < 1e-6, "{} {values:?}", parameter.name);
        }
    });
}

/// A host that compares states must not find a project modified that was only opened.
#[test]
fn a_project_that_is_opened_and_saved_is_the_same() {
    each(|format| {
        let mut instance = create(format);
        bounce(&mut instance, |session| {
            session.set_text("X", "0.81")?;
            two_cycles(session)
        });
        // The banks of the other metres follow a change once it rests; an activation waits for them.
        bounce(&mut instance, |session| session.render(480));
        let state = instance.save().expect("the plugin saves");
        let mut reopened = create(format);
        reopened.load(&state).expect("the plugin opens its own state");
        assert_same_state(&reopened.save().expect("the plugin saves"), &state, "before it plays");
        bounce(&mut reopened, |session| session.render(480));
        reopened.load(&state).expect("the plugin opens its own state");
        let played = bounce(&mut reopened, |session| session.render(480));
        assert_clean(&played, 0);
        assert_same_state(&reopened.save().expect("the plugin saves"), &state, "after it has played");
    });
}

/// Names what differs: a state is too long to be read in a failure.
#[track_caller]
fn assert_same_state(state: &[u8], wanted: &[u8], when: &str) {
    let lines = |state| String::from_utf8_lossy(state).replace(",", ",\n");
    let [state, wanted] = [state, wanted].map(lines);
    let mut pairs = state.lines().zip(wanted.lines()).enumerate();
    if let Some((line, (is, was))) = pairs.find(|(_, (is, was))| is != was) {
        let before: Vec<_> = wanted.lines().take(line).collect();
        let before = before[before.len().saturating_sub(4)..].concat();
        panic!("{when}: behind {before} the state says {is}, not {was}");
    }
    assert_eq!(state.len(), wanted.len(), "{when}");
}

/// Once failed where the length held the byte of a brace, 123.
#[test]
fn a_state_of_any_length_is_read_behind_its_length() {
    for length in [2, 123, 0x7b_7b] {
        let json = format!("{:length$}", "{}");
        for with_length in [true, false] {
            assert_eq!(json_of(&state_bytes(with_length, &json)), json.as_bytes());
        }
    }
}

/// The state with the first `from` in its text replaced.
fn with_replaced(state: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(json_of(state)).expect("a state is text");
    assert!(text.contains(from), "{from} is in {text}");
    state_bytes(text.len() < state.len(), &text.replacen(from, to, 1))
}

/// Loads a state, which the plugin may refuse; either way it plays and saves.
fn opened(format: PluginFormat, state: &[u8]) -> Recording {
    let mut instance = create(format);
    let loaded = instance.load(state);
    let recording = bounce(&mut instance, two_cycles);
    let again = instance.save().expect("it saves after any state");
    instance.load(&again).expect("it loads what it saved");
    println!("{} bytes: {loaded:?}, {} notes", state.len(), recording.notes.len());
    recording
}

#[test]
fn damaged_states_do_not_disturb_the_host() {
    each(|format| {
        let good = create(format).save().expect("the plugin saves");
        let mut states = vec![
            Vec::new(),
            b"junk".to_vec(),
            vec![0xff; 4096],
            good[..good.len() / 2].to_vec(),
            with_replaced(&good, "\"params\"", "\"prams\""),
            with_replaced(&good, "0.5", "1e999"),
            with_replaced(&good, "0.5", "-7"),
            with_replaced(&good, "4711", "\"x\""),
            with_replaced(&good, "\"i32\":10", "\"i32\":-2147483648"),
            with_replaced(&good, "\"variation\":{\"i32\":2", "\"variation\":{\"i32\":1000"),
            // Saving this one aborted the host: the framework looks up the name of a choice.
            with_replaced(&good, "{\"string\":\"step\"}", "{\"i32\":99}"),
            with_replaced(&good, "\"fields\"", "\"f\""),
        ];
        let take = r#"{"onsets":[1],"velocities":[9,9,9],"offsets":[]}"#;
        let wrong_sizes = format!(r#"{{"period":255,"notes":[36],"takes":[{}]}}"#, [take; 9].join(","));
        for bank in [wrong_sizes.as_str(), "{}", "[]", "no JSON"] {
            states.push(with_field(&good, "bank", bank).expect("a state with fields"));
        }
        for model in ["7", "[", "{\"path\":null}"] {
            states.push(with_field(&good, "model", model).expect("a state with fields"));
        }
        for state in states {
            // The built-in model plays, whatever the rest is.
            assert_clean(&opened(format, &state), 4);
        }
    });
}

#[test]
fn a_state_whose_model_is_no_file_opens_and_stays_silent() {
    let folder = tempfile::tempdir().expect("a folder");
    let devices = if cfg!(unix) { &["/dev/zero", "/dev/null"][..] } else { &[] };
    let places = devices.iter().map(Path::new).chain([folder.path(), Path::new(""), Path::new("\0")]);
    let places: Vec<&Path> = places.collect();
    each(|format| {
        let state = create(format).save().expect("the plugin saves");
        for place in &places {
            let choice = serde_json::json!({ "path": place }).to_string();
            let recording =
                opened(format, &with_field(&state, "model", &choice).expect("a state with fields"));
            assert_no_faults(&recording);
            assert_eq!(recording.notes.len(), 0, "{place:?} is no model and no bank was saved");
        }
    });
}

/// Every version of the layout that was ever saved; the last is the one that this build saves.
const VERSIONS: [u32; 1] = [1];

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("kept").join(name)
}

fn kept_state(version: u32, format: PluginFormat) -> PathBuf {
    kept(&format!("version-{version}.{}", format!("{format:?}").to_lowercase()))
}

/// Half of the takes of a bank.
fn four_cycles(session: &mut Session<'_>) -> Result<(), HostError> {
    play(session, 32.0, blocks(700))
}

/// Sets parameters to values other than their defaults.
fn set_everything(session: &mut Session<'_>) -> Result<(), HostError> {
    for (name, value) in [
        ("X", 0.81),
        ("Y", 0.22),
        ("Temperature", 0.6),
        ("Density", 0.55),
        ("Variation", 1.0),
        ("Seed", 0.0815),
        ("Swing", 0.4),
        ("Gate", 0.7),
        ("Velocity", 0.45),
        ("Channel", 0.2),
        ("Mute closed hat", 1.0),
    ] {
        let parameter = session.instance().parameter(name)?;
        session.set(parameter, value);
    }
    session.set_text("Commit", "Bar")
}

/// One line for each note: start and end in samples, channel, note, velocity.
fn note_lines(recording: &Recording) -> String {
    let line = |note: &RecordedNote| {
        format!("{} {} {} {} {}\n", note.start, note.end, note.channel, note.note, note.velocity)
    };
    recording.notes.iter().map(line).collect()
}

/// Writes the state and the notes of the newest version where they are not there yet.
fn write_newest(format: PluginFormat) {
    let newest = VERSIONS[VERSIONS.len() - 1];
    let mut instance = create(format);
    let recording = bounce(&mut instance, |session| {
        set_everything(session)?;
        four_cycles(session)
    });
    let state = instance.save().expect("the plugin saves");
    for (path, bytes) in [
        (kept_state(newest, format), state),
        (kept(&format!("version-{newest}.notes")), note_lines(&recording).into_bytes()),
    ] {
        if !path.exists() {
            std::fs::write(&path, bytes).expect("the kept states can be written");
        }
    }
}

/// The notes do not depend on the shipped model: the saved bank plays, whether the model is there or missing.
#[test]
fn projects_of_every_version_open_to_the_notes_that_they_were_saved_with() {
    each(|format| {
        if std::env::var_os("BEATFIELD_BLESS").is_some() {
            write_newest(format);
        }
        for version in VERSIONS {
            let state = std::fs::read(kept_state(version, format)).expect("a kept state of each version");
            let notes = kept(&format!("version-{version}.notes"));
            let notes = std::fs::read_to_string(notes).expect("the notes of each version");
            let without = with_field(&state, "model", r#"{"path":"/a model that is gone"}"#);
            for state in [&state, &without.expect("a state with fields")] {
                let mut instance = create(format);
                instance.load(state).expect("a state of an earlier build is taken");
                let recording = bounce(&mut instance, four_cycles);
                assert_clean(&recording, 100);
                let same = note_lines(&recording).lines().eq(notes.lines());
                assert!(same, "{format:?} {version}: other notes than were saved");
            }
        }
    });
}
