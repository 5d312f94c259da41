//! What the shipped models play, kept for each version of the decoder: a change of these numbers changes what
//! projects play, so it needs another `beat::SETTINGS_VERSION`.
//!
//! After raising it, `cargo test -p nets --test shipped -- --ignored` writes the new numbers.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use beat::{Continuation, Pattern, SETTINGS_VERSION, Settings, Shape};
use nets::{BankDecoder, Model, PhraseModel, SequenceModel, StepModel};

fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets").join(name)
}

fn decoder() -> BankDecoder {
    let sequence = |name: &str| {
        let bytes = std::fs::read(asset(name)).expect("a shipped model");
        SequenceModel::from_bytes(name, &bytes).expect("a sound model")
    };
    let model = Model::read(&asset("beatfield.safetensors")).expect("the shipped model");
    let mut decoder = BankDecoder::new(&model).expect("it has a map");
    let phrases = PhraseModel::of(&sequence("songs/phrase.safetensors"), "phrase");
    decoder.set_phrase_model(phrases.expect("a phrase model"));
    decoder.set_step_model(StepModel::of(&sequence("songs/step.safetensors"), "step").expect("a step model"));
    decoder
}

/// The version, then of each case the onsets of two takes and a sum over all velocities and offsets.
fn banks() -> String {
    let decoder = decoder();
    let there = Settings { x: 0.3, y: 0.6, ..Settings::DEFAULT };
    let carried = Continuation {
        pattern: [0, 8, 16, 24]
            .iter()
            .fold(Pattern::EMPTY.with(4, 1), |pattern, step| pattern.with(*step, 0)),
        place: [0.3, 0.6],
        take: 0,
    };
    let cases = [
        ("plain", Settings { temperature: 0.0, ..there }, Shape::NONE),
        ("temperature", Settings { temperature: 1.2, density: -0.3, ..there }, Shape::NONE),
        ("phrase", Settings { phrase: true, ..there }, Shape::NONE),
        ("fills", Settings { phrase: true, fills: 1.0, seed: 3, ..there }, Shape::NONE),
        ("orbit", Settings { orbit_bars: 8, ..there }, Shape::NONE),
        ("continue", there, Shape { continuation: Some(carried), ..Shape::NONE }),
        ("rotation", there, Shape { rotation: 3, ..Shape::NONE }),
    ];
    let mut text = format!("version {SETTINGS_VERSION}\n");
    for (name, settings, shape) in cases {
        let bank = decoder.decode_shaped(&settings, &shape, 1);
        for take in [0, 5] {
            let take = &bank.takes()[take];
            let velocities = take.velocities.as_flattened().iter().map(|velocity| i64::from(*velocity));
            let offsets = take.offsets.as_flattened().iter().map(|offset| i64::from(*offset));
            let weighted = |sum: i64, (at, value): (usize, i64)| sum + (at as i64 + 1) * value;
            let sums = (velocities.enumerate().fold(0, weighted), offsets.enumerate().fold(0, weighted));
            writeln!(text, "{name} {:?} {sums:?}", take.onsets.steps()).expect("a string takes all");
        }
    }
    text
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/shipped.txt")
}

#[test]
fn the_shipped_models_give_the_banks_of_this_version() {
    let kept = std::fs::read_to_string(golden()).expect("the golden file");
    let found = banks();
    for (found, kept) in found.lines().zip(kept.lines()) {
        assert_eq!(found, kept, "projects play something else: raise beat::SETTINGS_VERSION, and bless");
    }
    assert_eq!(found.lines().count(), kept.lines().count());
}

#[test]
#[ignore = "writes the golden file, after another beat::SETTINGS_VERSION"]
fn bless() {
    let version = format!("version {SETTINGS_VERSION}\n");
    let kept = std::fs::read_to_string(golden()).unwrap_or_default();
    let found = banks();
    assert!(found == kept || !kept.starts_with(&version), "raise beat::SETTINGS_VERSION first");
    std::fs::write(golden(), found).expect("the golden file can be written");
}
