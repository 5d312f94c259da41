//! Other models: refused with a sentence.

use crate::studio::{assert_clean, assert_no_faults, blocks, bounce, each_format, heard, play_busily};
use rig::hosts::saved_state::{Card, choose_model};
use rig::{HostError, Session};
use std::path::{Path, PathBuf};

fn built_in() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/beatfield.safetensors")
}

#[test]
fn the_built_in_model_names_its_kit_and_regions() {
    let card = Card::read(&built_in()).expect("the card of the built-in model");
    assert!(card.regions.len() >= 2, "{card:?}");
}

/// Two passes through the pattern.
fn four_bars(session: &mut Session<'_>) -> Result<(), HostError> {
    play_busily(session)?;
    session.transport().play();
    session.render_beats(16.0, blocks(480))?;
    session.transport().stop();
    session.render(64)
}

#[test]
fn a_damaged_model_is_refused_with_a_sentence_and_what_was_kept_plays_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes = std::fs::read(built_in()).expect("the built-in model");
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
            assert_eq!(heard(&after), heard(&before), "the bank that the state keeps plays on");
        });
    }
    each_format(|instance| {
        let missing = folder.path().join("missing.safetensors");
        let refusal = choose_model(instance, &missing).expect_err("no file").to_string();
        assert!(refusal.contains("missing.safetensors"), "{refusal}");
    });
}
