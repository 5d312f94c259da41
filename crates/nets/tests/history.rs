//! What the history head changes for the musician, and what it must leave alone.

use beat::Settings;
use nets::{BankDecoder, Model, ModelParts, Precision, Weights, head_arrays};

fn with_head() -> Model {
    let mut parts: ModelParts = Model::synthetic_parts(3);
    parts.weights.extend(Weights::initial(&head_arrays(), 3));
    Model::new("with a head", parts).expect("a sound model")
}

fn bank(model: &Model, temperature: f32) -> beat::Bank {
    let settings = Settings { temperature, ..Settings::DEFAULT };
    BankDecoder::new(model).expect("a map").decode(&settings, 1)
}

#[test]
fn a_head_changes_only_cells_that_are_redrawn() {
    let (with, without) = (with_head(), Model::synthetic(3));
    assert_eq!(bank(&with, 0.0), bank(&without, 0.0));
    assert_ne!(bank(&with, 1.0), bank(&without, 1.0));
}

#[test]
fn the_same_settings_give_the_same_takes_with_a_head_too() {
    assert_eq!(bank(&with_head(), 0.8), bank(&with_head(), 0.8));
    let bank = bank(&with_head(), 0.8);
    assert!((1..8).all(|take| bank.takes()[take].onsets != bank.takes()[0].onsets));
}

#[test]
fn a_head_is_saved_in_the_model_file_and_a_damaged_one_is_refused() {
    let model = with_head();
    let read = Model::from_bytes("with a head", &model.to_bytes(Precision::Single)).expect("a sound model");
    assert_eq!(bank(&read, 1.2), bank(&model, 1.2));
    let mut parts = Model::synthetic_parts(3);
    parts.weights.extend(Weights::initial(&head_arrays()[1..], 3));
    let error = Model::new("half a head", parts).expect_err("an array is missing");
    assert!(error.to_string().contains("lacks the weights `head.history.weight`"), "{error}");
}
