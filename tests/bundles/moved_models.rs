//! Model files that are moved, lost, found again or replaced behind a project's back, under any name.

use crate::state::State;
use crate::studio::{assert_clean, blocks, bounce, each_format, heard, play_busily};
use end_to_end::create;
use rig::hosts::saved_state::choose_model;
use rig::{Format, HostError, Instance, Recording, Session};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn built_in() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/beatfield.safetensors");
    std::fs::read(path).expect("the built-in model")
}

/// The built-in model with a decoder that thinks nothing of any drum by itself.
fn another() -> Vec<u8> {
    let mut bytes = built_in();
    let length = 8 + u64::from_le_bytes(*bytes.first_chunk().expect("a length")) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..length]).expect("a header");
    let place = |end: usize| header["decoder.output.bias"]["data_offsets"][end].as_u64().expect("a place");
    bytes[length + place(0) as usize..length + place(1) as usize].fill(0);
    bytes
}

fn a_cycle(session: &mut Session<'_>) -> Result<(), HostError> {
    session.transport().play();
    session.render_beats(8.0, blocks(480))?;
    session.transport().stop();
    session.render(64)
}

/// What the instance says of its model.
fn model_of(instance: &mut dyn Instance) -> Value {
    let state = State::of(&instance.save().expect("the plugin saves"));
    let state: Value = serde_json::from_str(&state.text).expect("a state is JSON");
    serde_json::from_str(state["fields"]["model"].as_str().expect("a model")).expect("a field is JSON")
}

/// A project that plays the model in this file, with the notes that it plays.
fn project(instance: &mut dyn Instance, path: &Path) -> (Vec<u8>, Recording) {
    choose_model(instance, path).expect("a sound model");
    let played = bounce(instance, |session| {
        play_busily(session)?;
        a_cycle(session)
    });
    assert_clean(&played, 10);
    (instance.save().expect("the plugin saves"), played)
}

/// A project with the built-in model in a file of its own.
struct Mine {
    path: PathBuf,
    state: Vec<u8>,
    saved: Recording,
    hash: Value,
}

impl Mine {
    fn project(instance: &mut dyn Instance, folder: &Path) -> Self {
        let path = folder.join("mine.safetensors");
        std::fs::write(&path, built_in()).expect("room for a model");
        let (state, saved) = project(instance, &path);
        let hash = model_of(instance)["sha256"].clone();
        Self { path, state, saved, hash }
    }
}

/// The project opened anew, with the notes that it plays now.
fn opened(format: Format, state: &[u8]) -> (Box<dyn Instance>, Recording) {
    let mut instance = create(format);
    instance.load(state).expect("the plugin opens its own state");
    let played = bounce(&mut *instance, a_cycle);
    assert_clean(&played, 10);
    (instance, played)
}

#[test]
fn a_project_plays_on_while_its_model_file_is_gone_or_cut_and_knows_it_again() {
    let folder = tempfile::tempdir().expect("a folder");
    each_format(|instance| {
        let Mine { path, state, saved, hash } = Mine::project(instance, folder.path());

        std::fs::remove_file(&path).expect("the model can be removed");
        let (mut without, played) = opened(instance.format(), &state);
        assert_eq!(heard(&played), heard(&saved), "the bank that was kept plays");
        let found = model_of(&mut *without);
        assert!(found["refused"].as_str().is_some_and(|why| why.contains("mine.safetensors")), "{found}");
        assert_eq!(found["sha256"], hash, "saved without its model, the project still knows it");
        let state = without.save().expect("the plugin saves");

        let whole = built_in();
        std::fs::write(&path, &whole[..whole.len() / 2]).expect("room for half a model");
        let (mut cut, played) = opened(instance.format(), &state);
        assert_eq!(heard(&played), heard(&saved), "the bank that was kept plays");
        assert!(model_of(&mut *cut)["refused"].as_str().is_some_and(|why| why.contains("no whole")));

        std::fs::write(&path, whole).expect("room for a model");
        let (mut again, played) = opened(instance.format(), &state);
        assert_eq!(heard(&played), heard(&saved));
        let found = model_of(&mut *again);
        assert_eq!((&found["refused"], &found["sha256"]), (&Value::Null, &hash));
    });
}

#[test]
fn another_model_under_the_same_name_plays_its_own_beats_and_is_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    each_format(|instance| {
        let Mine { path, state, saved, hash } = Mine::project(instance, folder.path());

        std::fs::write(&path, another()).expect("room for a model");
        let (mut replaced, played) = opened(instance.format(), &state);
        assert_ne!(heard(&played), heard(&saved), "the other model's own beats");
        assert_ne!(model_of(&mut *replaced)["sha256"], hash);
        let state = replaced.save().expect("the plugin saves");
        let (_, again) = opened(instance.format(), &state);
        assert_eq!(heard(&again), heard(&played), "and they are the project's from here on");
    });
}

/// Names that have bitten programs, as far as the system takes them.
fn names() -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> =
        ["plain", "späce and ütf 鼓 🥁", "[]!@ odd", "-rf", "%41 $HOME ~", "it's"].map(PathBuf::from).into();
    if cfg!(unix) {
        names.extend(["[]?*!|@", "\"quoted\" \\ back", "a\nline\tbreak", " blank "].map(PathBuf::from));
    }
    #[cfg(target_os = "linux")] // macOS wants text
    {
        use std::os::unix::ffi::OsStrExt;
        names.push(std::ffi::OsStr::from_bytes(b"no \xff text \xc3").into());
    }
    names
}

#[test]
fn a_model_is_found_again_under_any_name() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in names() {
        let path = folder.path().join(&name).join("m.safetensors").join(&name);
        std::fs::create_dir_all(path.parent().expect("a folder above it")).expect("a folder of that name");
        std::fs::write(&path, built_in()).expect("room for a model");
        each_format(|instance| {
            let (state, saved) = project(instance, &path);
            let (mut again, played) = opened(instance.format(), &state);
            assert_eq!(heard(&played), heard(&saved), "{name:?}");
            let (before, after) = (model_of(instance), model_of(&mut *again));
            assert_eq!(before, after, "{name:?}");
            assert!(after["refused"].is_null() && after["sha256"].is_string(), "{name:?}: {after}");
        });
    }
}
