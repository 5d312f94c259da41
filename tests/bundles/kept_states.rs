//! Projects that earlier builds have saved: they open to the notes that they were saved with.
//!
//! `tests/kept/` holds one state of each version of its layout and each format, with the notes that it
//! plays. Those of a new version are blessed once, before it is released, with `cargo xtask bundle --debug`
//! and then `BEATFIELD_BLESS=1 BEATFIELD_BUNDLES=$PWD/target/asserted/bundled cargo test -p end-to-end
//! kept_states`; what is there already is never written again.

use crate::state::State;
use crate::studio::{assert_clean, blocks, bounce, each};
use end_to_end::create;
use rig::{Format, HostError, Recording, Session};
use std::path::{Path, PathBuf};

/// Every version of the layout that was ever saved; the last is the one that this build saves.
const VERSIONS: [u32; 1] = [1];

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("kept").join(name)
}

fn kept_state(version: u32, format: Format) -> PathBuf {
    kept(&format!("version-{version}.{}", format!("{format:?}").to_lowercase()))
}

/// Half of the takes that a project may hold.
fn four_cycles(session: &mut Session<'_>) -> Result<(), HostError> {
    session.transport().play();
    session.render_beats(32.0, blocks(700))?;
    session.transport().stop();
    session.render(64)
}

/// A project in which nothing stands where it stands in a new one.
fn turn_everything(session: &mut Session<'_>) -> Result<(), HostError> {
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

/// One line a note: start and end in samples, channel, note, velocity.
fn sheet(recording: &Recording) -> String {
    let line = |note: &rig::Note| {
        format!("{} {} {} {} {}\n", note.start, note.end, note.channel, note.note, note.velocity)
    };
    recording.notes.iter().map(line).collect()
}

/// Writes the state and the notes of the newest version where they are not there yet.
fn bless(format: Format) {
    let newest = VERSIONS[VERSIONS.len() - 1];
    let mut instance = create(format);
    let recording = bounce(&mut *instance, |session| {
        turn_everything(session)?;
        four_cycles(session)
    });
    let state = instance.save().expect("the plugin saves");
    for (path, bytes) in [
        (kept_state(newest, format), state),
        (kept(&format!("version-{newest}.notes")), sheet(&recording).into_bytes()),
    ] {
        if !path.exists() {
            std::fs::write(&path, bytes).expect("the kept states can be written");
        }
    }
}

/// The same notes whatever model ships by now: these states are opened where their model is missing, so
/// that the bank plays that was kept in them.
#[test]
fn projects_of_every_version_open_to_the_notes_that_they_were_saved_with() {
    each(|format| {
        if std::env::var_os("BEATFIELD_BLESS").is_some() {
            bless(format);
        }
        for version in VERSIONS {
            let state = std::fs::read(kept_state(version, format)).expect("a kept state of each version");
            let notes = kept(&format!("version-{version}.notes"));
            let notes = std::fs::read_to_string(notes).expect("the notes of each version");
            let state = State::of(&state).with_field("model", r#"{"path":"/a model that is gone"}"#);
            let mut instance = create(format);
            instance.load(&state).expect("a state of an earlier build is taken");
            let recording = bounce(&mut *instance, four_cycles);
            assert_clean(&recording, 100);
            let same = sheet(&recording).lines().eq(notes.lines());
            assert!(same, "{format:?} {version}: other notes than were saved");
        }
    });
}
