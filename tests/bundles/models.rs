//! Other models: refused with a message where they are damaged; found again where their files are moved, lost or
//! replaced, under any name.

use crate::sessions::{
    assert_clean, assert_no_faults, blocks, bounce, each_format, note_list, play, play_busily,
};
use end_to_end::{create, model_file};
use rig::hosts::saved_state::{ModelCard, choose_model, json_of};
use rig::{HostError, Instance, PluginFormat, Recording, Session};
use serde_json::Value;
use std::path::{Path, PathBuf};

#[test]
fn the_built_in_model_names_its_kit_and_regions() {
    let card = ModelCard::read(&model_file(&beat::Grid::FOUR_FOUR)).expect("the card of the built-in model");
    assert!(card.regions.len() >= 2, "{card:?}");
}

/// Two passes through the pattern.
fn four_bars(session: &mut Session<'_>) -> Result<(), HostError> {
    play_busily(session)?;
    play(session, 16.0, blocks(480))
}

#[test]
fn a_damaged_model_is_refused_with_a_sentence_and_the_saved_bank_plays_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes = built_in();
    let mut flipped = bytes.clone();
    let last = flipped.len() - 3;
    flipped[last..].fill(0xff);
    for (name, damaged) in [
        ("short.safetensors", &bytes[..bytes.len() / 2]),
        ("empty.safetensors", &[][..]),
        ("words.safetensors", &b"no model at all"[..]),
        ("endless.safetensors", &flipped[..]),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, damaged).expect("room for a file");
        each_format(|instance| {
            let refusal = choose_model(instance, &path).expect_err(name).to_string();
            println!("{refusal}");
            assert!(refusal.contains(name), "the sentence names the file: {refusal}");
            let silence = bounce(instance, four_bars);
            assert_no_faults(&silence);
            assert_eq!(silence.notes.len(), 0, "no bank was kept, so nothing plays");
        });
        each_format(|instance| {
            let before = bounce(instance, four_bars);
            assert_clean(&before, 20);
            choose_model(instance, &path).expect_err(name);
            let after = bounce(instance, four_bars);
            assert_no_faults(&after);
            assert_eq!(note_list(&after), note_list(&before), "the bank that the state keeps plays on");
        });
    }
    each_format(|instance| {
        let missing = folder.path().join("missing.safetensors");
        let refusal = choose_model(instance, &missing).expect_err("no file").to_string();
        assert!(refusal.contains("missing.safetensors"), "{refusal}");
    });
}

fn built_in() -> Vec<u8> {
    std::fs::read(model_file(&beat::Grid::FOUR_FOUR)).expect("the built-in model")
}

/// The built-in model with the bias of its decoder's output set to zero.
fn another() -> Vec<u8> {
    let mut bytes = built_in();
    let length = 8 + u64::from_le_bytes(*bytes.first_chunk().expect("a length")) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..length]).expect("a header");
    let offset = |end: usize| header["decoder.output.bias"]["data_offsets"][end].as_u64().expect("an offset");
    bytes[length + offset(0) as usize..length + offset(1) as usize].fill(0);
    bytes
}

fn a_cycle(session: &mut Session<'_>) -> Result<(), HostError> {
    play(session, 8.0, blocks(480))
}

/// The model field of the instance's state.
fn model_of(instance: &mut Instance) -> Value {
    let state = instance.save().expect("the plugin saves");
    let state: Value = serde_json::from_slice(json_of(&state)).expect("a state is JSON");
    serde_json::from_str(state["fields"]["model"].as_str().expect("a model")).expect("a field is JSON")
}

/// A project that plays the model in this file, with the notes that it plays.
fn project(instance: &mut Instance, path: &Path) -> (Vec<u8>, Recording) {
    choose_model(instance, path).expect("a sound model");
    let played = bounce(instance, |session| {
        play_busily(session)?;
        a_cycle(session)
    });
    assert_clean(&played, 10);
    (instance.save().expect("the plugin saves"), played)
}

/// A project with the built-in model in a file of its own.
struct ModelProject {
    path: PathBuf,
    state: Vec<u8>,
    saved: Recording,
    hash: Value,
}

impl ModelProject {
    fn new(instance: &mut Instance, folder: &Path) -> Self {
        let path = folder.join("mine.safetensors");
        std::fs::write(&path, built_in()).expect("room for a model");
        let (state, saved) = project(instance, &path);
        let hash = model_of(instance)["sha256"].clone();
        Self { path, state, saved, hash }
    }
}

/// The project opened anew, with the notes that it plays now.
fn opened(format: PluginFormat, state: &[u8]) -> (Instance, Recording) {
    let mut instance = create(format);
    instance.load(state).expect("the plugin opens its own state");
    let played = bounce(&mut instance, a_cycle);
    assert_clean(&played, 10);
    (instance, played)
}

#[test]
fn a_project_plays_on_while_its_model_file_is_gone_or_cut_and_finds_it_again() {
    let folder = tempfile::tempdir().expect("a folder");
    each_format(|instance| {
        let ModelProject { path, state, saved, hash } = ModelProject::new(instance, folder.path());

        std::fs::remove_file(&path).expect("the model can be removed");
        let (mut without, played) = opened(instance.format(), &state);
        assert_eq!(note_list(&played), note_list(&saved), "the saved bank plays");
        let found = model_of(&mut without);
        assert!(found["refused"].as_str().is_some_and(|why| why.contains("mine.safetensors")), "{found}");
        assert_eq!(found["sha256"], hash, "saved without its model, the project still knows it");
        let state = without.save().expect("the plugin saves");

        let whole = built_in();
        std::fs::write(&path, &whole[..whole.len() / 2]).expect("room for half a model");
        let (mut cut, played) = opened(instance.format(), &state);
        assert_eq!(note_list(&played), note_list(&saved), "the saved bank plays");
        assert!(model_of(&mut cut)["refused"].as_str().is_some_and(|why| why.contains("no whole")));

        std::fs::write(&path, whole).expect("room for a model");
        let (mut again, played) = opened(instance.format(), &state);
        assert_eq!(note_list(&played), note_list(&saved));
        let found = model_of(&mut again);
        assert_eq!((&found["refused"], &found["sha256"]), (&Value::Null, &hash));
    });
}

#[test]
fn another_model_under_the_same_name_plays_its_own_beats_and_is_recognised() {
    let folder = tempfile::tempdir().expect("a folder");
    each_format(|instance| {
        let ModelProject { path, state, saved, hash } = ModelProject::new(instance, folder.path());

        std::fs::write(&path, another()).expect("room for a model");
        let (mut replaced, played) = opened(instance.format(), &state);
        assert_ne!(note_list(&played), note_list(&saved), "the other model's own beats");
        assert_ne!(model_of(&mut replaced)["sha256"], hash);
        let state = replaced.save().expect("the plugin saves");
        let (_, again) = opened(instance.format(), &state);
        assert_eq!(note_list(&again), note_list(&played), "and they are the project's from here on");
    });
}

/// File names with special characters, as far as the system allows them.
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
            assert_eq!(note_list(&played), note_list(&saved), "{name:?}");
            let (before, after) = (model_of(instance), model_of(&mut again));
            assert_eq!(before, after, "{name:?}");
            assert!(after["refused"].is_null() && after["sha256"].is_string(), "{name:?}: {after}");
        });
    }
}
