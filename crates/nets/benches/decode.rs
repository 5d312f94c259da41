//! The time to decode a bank: the delay between moving the puck and the new beat. Run with
//! `cargo bench -p nets`, and `--no-default-features --features flex` for the other backend.

use beat::{Continuation, Edits, Grid, Settings, Shape};
use criterion::{Criterion, criterion_group, criterion_main};
use nets::{
    Architecture, Array, BankDecoder, Draw, Model, ModelParts, PatternDecoder, PhraseModel, Precision,
    SequenceModel, StepModel, Weights, head_arrays,
};
use std::hint::black_box;
use std::path::Path;

/// The shipped layers with a head, untrained: arithmetic costs the same.
fn full() -> Model {
    let architecture = Architecture::residual();
    let mut arrays = architecture.decoder_arrays();
    arrays.extend(head_arrays(&Grid::FOUR_FOUR));
    let mut weights = Weights::initial(&arrays, 1);
    let cells = Grid::FOUR_FOUR.cells();
    // About 30 hits a pattern, as real ones have: the head's work grows with them.
    weights.insert("decoder.output.bias", Array { shape: vec![cells], values: vec![-2.7; cells] });
    Model::new("full", ModelParts { architecture, weights, ..Model::synthetic_parts(1) })
        .expect("a sound model")
}

fn decode(criterion: &mut Criterion) {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/beatfield.safetensors");
    let shipped = Model::read(Path::new(shipped)).expect("the model that ships");
    let models = [("paper", Model::synthetic(1)), ("residual with head", full()), ("built in", shipped)];
    for (name, model) in &models {
        let patterns = PatternDecoder::new(model);
        let latents = vec![[0.5, -1.0, 2.0, 0.0]; 1000];
        criterion.bench_function(&format!("{name}: logits of one latent"), |bench| {
            bench.iter(|| patterns.logits_at(black_box(latents[0])));
        });
        criterion.bench_function(&format!("{name}: 1000 likeliest patterns"), |bench| {
            bench.iter(|| patterns.patterns(black_box(&latents), |_| Draw::LIKELIEST));
        });
        let bank = BankDecoder::new(model).expect("a map");
        for temperature in [0.0, 0.4, 1.0] {
            let settings = Settings { temperature, ..Settings::DEFAULT };
            criterion.bench_function(&format!("{name}: a bank at temperature {temperature}"), |bench| {
                bench.iter(|| bank.decode(black_box(&settings), 1));
            });
        }
        let bytes = model.to_bytes(Precision::Single);
        criterion.bench_function(&format!("{name}: load {} KB", bytes.len() / 1024), |bench| {
            bench.iter(|| Model::from_bytes("bench", black_box(&bytes)));
        });
    }
}

/// A phrase and a continuation by the shipped models; each iteration has another seed, since the number of
/// steps to write differs from phrase to phrase.
fn sequences(criterion: &mut Criterion) {
    let asset = |file: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets").join(file);
    let model = Model::read(&asset("beatfield.safetensors")).expect("the model that ships");
    let phrases = SequenceModel::read(&asset("songs/phrase.safetensors")).expect("the phrase model");
    let steps = SequenceModel::read(&asset("songs/step.safetensors")).expect("the step model");
    let mut bank = BankDecoder::new(&model).expect("a map");
    bank.set_phrase_model(PhraseModel::new(phrases.weights()).expect("its weights"));
    bank.set_step_model(StepModel::new(steps.weights()).expect("its weights"));
    let mut seed = 0;
    let mut next = |phrase| {
        seed = (seed + 1) % 10_000;
        Settings { phrase, seed, ..Settings::DEFAULT }
    };
    criterion.bench_function("built in: a bank that is a phrase", |bench| {
        bench.iter(|| bank.decode(black_box(&next(true)), 1));
    });
    let place = [Settings::DEFAULT.x, Settings::DEFAULT.y];
    let pattern = bank.decode(&Settings::DEFAULT, 1).takes()[0].onsets;
    let continuation = Some(Continuation { pattern, place, take: 0 });
    let shape = Shape::NONE.with_edits(&Grid::FOUR_FOUR, Edits { continuation, ..Edits::NONE });
    criterion.bench_function("built in: a bank that is carried on", |bench| {
        bench.iter(|| bank.decode_shaped(black_box(&next(false)), &shape, 1));
    });
}

criterion_group!(benches, decode, sequences);
criterion_main!(benches);
