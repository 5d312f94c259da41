//! The realism critic: a small network that tries to tell generated patterns from real ones. The harder
//! it finds that, the more real they are. Its size and its way of training never change, or figures
//! could not be compared.

use anyhow::{Context, Result};
use beat::{CELLS, INSTRUMENTS, Pattern, STEPS, STEPS_PER_BAR};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::ops::ControlFlow;

use super::auc::auc;
use crate::chance::Dice;
use crate::training::{Gradients, Objective, OneCycle, Perceptron, Recipe, cross_entropy, parameters, train};

const FOLDS: u32 = 5;
/// Pattern bits, bits in which the bars differ, hits of each instrument and of the whole.
const INPUTS: usize = CELLS + CELLS / 2 + INSTRUMENTS + 1;
const HIDDEN: usize = 64;

/// A pattern with what must stay together in one fold: its song, or the song whose code it was
/// generated from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sourced {
    /// The pattern.
    pub(crate) pattern: Pattern,
    /// The song.
    pub(crate) song: String,
}

/// How well the critic tells `generated` from `real`, as the mean area under the ROC curve over five
/// folds that are split by song: 0.5 can't tell.
pub(crate) fn realism(generated: &[Sourced], real: &[Sourced], seed: u64) -> Result<f64> {
    let rows: Vec<(&Sourced, f32)> =
        generated.iter().map(|row| (row, 1.0)).chain(real.iter().map(|row| (row, 0.0))).collect();
    let folds: Vec<Result<f64>> =
        (0..FOLDS).into_par_iter().map(|fold| judge_fold(&rows, fold, seed)).collect();
    let folds = folds.into_iter().collect::<Result<Vec<f64>>>()?;
    Ok(folds.iter().sum::<f64>() / folds.len() as f64)
}

/// A number that the song decides alone.
fn place(song: &str, purpose: &str) -> u32 {
    let digest = Sha256::digest(format!("{purpose} {song}").as_bytes());
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

fn judge_fold(rows: &[(&Sourced, f32)], fold: u32, seed: u64) -> Result<f64> {
    let (test, rest): (Vec<_>, Vec<_>) =
        rows.iter().copied().partition(|(row, _)| place(&row.song, "fold") % FOLDS == fold);
    let (validation, training): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|(row, _)| place(&row.song, "stop").is_multiple_of(8));
    let judging = Judging { training: examples(training), validation: examples(validation) };
    let recipe = Recipe {
        subject: "the critic of samples".to_owned(),
        epochs: 60,
        batch: 128,
        rate: OneCycle { peak: 2e-3, warm_up: 0.1 },
        critic_rate: 0.0,
        clip: 50.0,
        patience: 6,
        seed: seed ^ u64::from(fold) << 32,
    };
    let outcome = train(&judging, &recipe, None, |_| Ok(ControlFlow::Continue(())))?;
    let device = nets::device();
    let test = examples(test);
    let critic = parameters::write(judging.initial(recipe.seed, &device)?, &outcome.best, &device)?;
    let scores = critic.forward(tensor(&test.inputs, INPUTS, &device)).try_into_vec_as::<f32>()?;
    let of = |label: f32| -> Vec<f32> {
        scores.iter().zip(&test.labels).filter(|(_, l)| **l == label).map(|(score, _)| *score).collect()
    };
    Ok(auc(&of(1.0), &of(0.0)))
}

struct Examples {
    /// `INPUTS` values a row.
    inputs: Vec<f32>,
    /// 1 for generated, 0 for real.
    labels: Vec<f32>,
}

fn examples(rows: Vec<(&Sourced, f32)>) -> Examples {
    let mut examples = Examples { inputs: Vec::with_capacity(rows.len() * INPUTS), labels: Vec::new() };
    for (row, label) in rows {
        write_inputs(&row.pattern, &mut examples.inputs);
        examples.labels.push(label);
    }
    examples
}

fn write_inputs(pattern: &Pattern, inputs: &mut Vec<f32>) {
    let mut counts = [0.0; INSTRUMENTS];
    for step in 0..STEPS {
        for (instrument, count) in counts.iter_mut().enumerate() {
            let hit = f32::from(u8::from(pattern.has(step, instrument)));
            *count += hit;
            inputs.push(hit);
        }
    }
    for step in 0..STEPS_PER_BAR {
        let differs = pattern.step(step) ^ pattern.step(step + STEPS_PER_BAR);
        inputs.extend((0..INSTRUMENTS).map(|instrument| f32::from(differs >> instrument & 1)));
    }
    inputs.extend(counts.iter().map(|count| count / 8.0));
    inputs.push(counts.iter().sum::<f32>() / 32.0);
}

fn tensor(values: &[f32], width: usize, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len() / width, width]), device)
}

struct Judging {
    training: Examples,
    validation: Examples,
}

impl Objective for Judging {
    type Model = Perceptron;

    fn initial(&self, seed: u64, device: &Device) -> Result<Perceptron> {
        Ok(Perceptron::initial(&[INPUTS, HIDDEN, 1], seed, 0, device))
    }

    fn rows(&self) -> usize {
        self.training.labels.len()
    }

    fn gradients(
        &self,
        model: &Perceptron,
        rows: &[usize],
        _dice: &mut Dice,
        _done: f64,
    ) -> Result<Gradients> {
        let device = nets::device().autodiff();
        let mut inputs = Vec::with_capacity(rows.len() * INPUTS);
        for row in rows {
            inputs.extend_from_slice(&self.training.inputs[row * INPUTS..(row + 1) * INPUTS]);
        }
        let labels: Vec<f32> = rows.iter().map(|row| self.training.labels[*row]).collect();
        let loss =
            cross_entropy(model.forward(tensor(&inputs, INPUTS, &device)), tensor(&labels, 1, &device))
                .mean();
        let gradients = GradientsParams::from_grads(loss.backward(), model);
        let loss = f64::from(loss.into_scalar::<f32>());
        Ok(Gradients { model: gradients, critic: None, loss })
    }

    fn validation_loss(&self, model: &Perceptron) -> Result<f64> {
        let device = nets::device();
        let logits = model.forward(tensor(&self.validation.inputs, INPUTS, &device));
        let loss = cross_entropy(logits, tensor(&self.validation.labels, 1, &device)).mean();
        Ok(f64::from(loss.try_into_scalar::<f32>().context("the critic's loss can't be read")?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Purpose;

    fn patterns(count: usize, stream: u64, likelihood: impl Fn(usize, usize) -> f32) -> Vec<Sourced> {
        let mut dice = Dice::new(9, Purpose::Control, stream);
        (0..count)
            .map(|song| {
                let mut pattern = Pattern::EMPTY;
                for step in 0..STEPS {
                    for instrument in 0..4 {
                        if dice.unit() < likelihood(step, instrument) {
                            pattern = pattern.with(step, instrument);
                        }
                    }
                }
                Sourced { pattern, song: format!("{stream}-{song}") }
            })
            .collect()
    }

    #[test]
    fn the_critic_hears_a_difference_only_where_there_is_one() -> Result<()> {
        let on_the_beat = |step: usize, _: usize| if step.is_multiple_of(4) { 0.6 } else { 0.1 };
        let (real, same) = (patterns(200, 1, on_the_beat), patterns(200, 2, on_the_beat));
        let off_the_beat = patterns(200, 3, |step, _| if step % 4 == 1 { 0.6 } else { 0.1 });
        let alike = realism(&same, &real, 1)?;
        assert!((0.35..0.65).contains(&alike), "{alike}");
        assert!(realism(&off_the_beat, &real, 1)? > 0.95);
        assert_eq!(realism(&same, &real, 1)?, alike, "the same twice");
        Ok(())
    }
}
