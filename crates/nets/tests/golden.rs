//! The networks against a reference implementation in double precision, and against golden files, so that no
//! backend, new version of burn or refactoring changes what a saved project plays.
//!
//! Write new golden files with `BEATFIELD_BLESS=1 cargo test -p nets --test golden`.

use std::fmt::Write as _;
use std::path::Path;

use beat::{Grid, Settings};
use nets::{Architecture, BankDecoder, Decoder, DecoderShape, Encoder, Latent, Model, Weights, device};

use burn::tensor::{Tensor, TensorData};

const LATENTS: [Latent; 3] = [[0.0; 4], [1.0, -2.0, 0.5, 3.0], [-4.0, 0.25, 6.0, -0.125]];

/// y = x W + b, in double precision.
fn linear(weights: &Weights, name: &str, x: &[f64]) -> Vec<f64> {
    let matrix = &weights.get(&format!("{name}.weight")).expect("a matrix").values;
    let bias = &weights.get(&format!("{name}.bias")).expect("a bias").values;
    let product = |i: usize, j: usize| x[i] * f64::from(matrix[i * bias.len() + j]);
    let sum = |j: usize| (0..x.len()).map(|i| product(i, j)).sum::<f64>();
    (0..bias.len()).map(|j| sum(j) + f64::from(bias[j])).collect()
}

fn silu(x: Vec<f64>) -> Vec<f64> {
    x.into_iter().map(|x| x / (1.0 + (-x).exp())).collect()
}

fn relu(x: Vec<f64>) -> Vec<f64> {
    x.into_iter().map(|x| x.max(0.0)).collect()
}

/// (x - mean) / root(variance + 1e-5) x gamma + beta.
fn layer_norm(weights: &Weights, name: &str, x: &[f64]) -> Vec<f64> {
    let gamma = &weights.get(&format!("{name}.gamma")).expect("a gamma").values;
    let beta = &weights.get(&format!("{name}.beta")).expect("a beta").values;
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
    let norm = |i: usize| (x[i] - mean) / (variance + 1e-5).sqrt() * f64::from(gamma[i]) + f64::from(beta[i]);
    (0..x.len()).map(norm).collect()
}

fn plain_decode(architecture: &Architecture, weights: &Weights, latent: Latent) -> Vec<f64> {
    let mut h: Vec<f64> = latent.iter().map(|&value| f64::from(value)).collect();
    match architecture.decoder {
        DecoderShape::Dense(ref widths) => {
            for index in 0..widths.len() {
                h = relu(linear(weights, &format!("decoder.hidden.{index}"), &h));
            }
        }
        DecoderShape::Residual { blocks, .. } => {
            h = silu(linear(weights, "decoder.input", &h));
            for index in 0..blocks {
                let block = format!("decoder.block.{index}");
                let inner = layer_norm(weights, &format!("{block}.norm"), &h);
                let inner = silu(linear(weights, &format!("{block}.inner"), &inner));
                let outer = linear(weights, &format!("{block}.outer"), &inner);
                h = h.iter().zip(outer).map(|(h, outer)| h + outer).collect();
            }
            h = silu(h);
        }
    }
    linear(weights, "decoder.output", &h)
}

const CELLS: usize = Grid::FOUR_FOUR.cells();

fn weights(architecture: &Architecture) -> Weights {
    Weights::initial(&architecture.arrays(), 4711)
}

fn burn_decode(architecture: &Architecture, latent: Latent) -> Vec<f32> {
    let decoder =
        Decoder::from_weights(architecture, &weights(architecture), &device()).expect("sound weights");
    let latents = Tensor::<2>::from_data(TensorData::new(latent.to_vec(), [1, 4]), &device());
    decoder.forward(latents).into_data().try_into_vec_as().expect("floats")
}

fn assert_close(found: f32, expected: f64, what: &str) {
    let error = (f64::from(found) - expected).abs();
    assert!(error <= 1e-5 * expected.abs().max(1.0), "{what}: {found} where {expected} is expected");
}

#[test]
fn the_decoders_compute_what_their_definition_says() {
    for architecture in [Architecture::paper(), Architecture::residual()] {
        for latent in LATENTS {
            let plain = plain_decode(&architecture, &weights(&architecture), latent);
            let burn = burn_decode(&architecture, latent);
            assert_eq!((plain.len(), burn.len()), (CELLS, CELLS));
            for cell in 0..CELLS {
                assert_close(burn[cell], plain[cell], &format!("cell {cell} of {architecture:?}"));
            }
        }
    }
}

#[test]
fn the_encoder_computes_what_its_definition_says() {
    let architecture = Architecture::paper_variational();
    let weights = weights(&architecture);
    let cells: Vec<f32> = (0..CELLS).map(|cell| f32::from(u8::from(cell % 7 == 0))).collect();
    let mut h: Vec<f64> = cells.iter().map(|&cell| f64::from(cell)).collect();
    for index in 0..2 {
        h = relu(linear(&weights, &format!("encoder.hidden.{index}"), &h));
    }
    let encoder = Encoder::from_weights(&architecture, &weights, &device()).expect("sound weights");
    let output = encoder.forward(Tensor::from_data(TensorData::new(cells, [1, CELLS]), &device()));
    let heads = [("encoder.mean", Some(output.mean)), ("encoder.log_variance", output.log_variance)];
    for (name, tensor) in heads {
        let found: Vec<f32> = tensor.expect("both heads").into_data().try_into_vec_as().expect("floats");
        for (found, expected) in found.into_iter().zip(linear(&weights, name, &h)) {
            assert_close(found, expected, name);
        }
    }
}

/// Compares `found` with the golden file, number by number; other words must be equal.
fn check_golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("BEATFIELD_BLESS").is_some() {
        std::fs::write(&path, found).expect("the golden file can be written");
    }
    let kept = std::fs::read_to_string(&path).expect("the golden file is there: bless it");
    let (mut kept, mut found) = (kept.split_whitespace(), found.split_whitespace());
    for word in found.by_ref() {
        let expected = kept.next().expect("the golden file is as long");
        match (word.parse::<f32>(), expected.parse::<f64>()) {
            (Ok(word), Ok(expected)) => assert_close(word, expected, name),
            _ => assert_eq!(word, expected, "{name}"),
        }
    }
    assert_eq!(kept.next(), None, "the golden file is longer");
}

#[test]
fn the_decoders_give_the_golden_numbers() {
    let mut text = String::new();
    for (name, architecture) in [("paper", Architecture::paper()), ("residual", Architecture::residual())] {
        for latent in LATENTS {
            let logits = burn_decode(&architecture, latent);
            let some: Vec<String> = logits.iter().step_by(29).map(|logit| format!("{logit:.7}")).collect();
            writeln!(text, "{name} {latent:?}\n{}", some.join(" ")).expect("a string takes all");
        }
    }
    check_golden("decoder.txt", &text);
}

/// A change here changes what saved projects play: raise `beat::SETTINGS_VERSION` with it.
#[test]
fn settings_give_the_golden_bank() {
    let decoder = BankDecoder::new(&Model::synthetic(4711)).expect("a map");
    let mut text = String::new();
    for (temperature, density) in [(0.0, 0.0), (0.4, 0.0), (1.5, -0.3)] {
        let settings = Settings { x: 0.3, y: 0.6, temperature, density, ..Settings::DEFAULT };
        let bank = decoder.decode(&settings, 1);
        for take in bank.takes().first().into_iter().chain(bank.takes().last()) {
            writeln!(text, "temperature {temperature} {:?}", take.onsets.steps())
                .expect("a string takes all");
            writeln!(text, "velocities {:?} {:?}", take.velocities[0], take.velocities[19])
                .expect("as above");
        }
    }
    check_golden("bank.txt", &text);
}
