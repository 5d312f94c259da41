//! A recurrent critic: it hears a phrase bar by bar (a GRU, Cho et al. 2014) and says at its end whether
//! that was generated. It hears the hits and where they are not as some bars before; what fills, phrases and forms
//! are it has to find by itself.

use std::ops::ControlFlow;

use anyhow::Result;
use beat::{PIECES, STEPS_PER_BAR};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::activation::{sigmoid, tanh};
use burn::tensor::{Device, Tensor, TensorData};

use super::bars::PHRASE_BARS;
use super::critics::Lesson;
use super::statistics::REPEATS;
use crate::chance::Dice;
use crate::training::{Gradients, Objective, OneCycle, Perceptron, Recipe, cross_entropy, parameters, train};

/// A hit or none of every piece on every step of a bar.
const HITS: usize = STEPS_PER_BAR * PIECES;
/// Steps of a beat.
const BEAT: usize = 4;
/// Of every piece in every beat, in how many steps it differs from an earlier bar.
const CHANGES: usize = STEPS_PER_BAR / BEAT * PIECES;
/// What is heard of a bar: its hits, and what changed since 1, 2, 4 and 8 bars before.
const BAR: usize = HITS + REPEATS.len() * CHANGES;
/// The width of what is made of a bar before it is remembered.
const HEARD: usize = 64;
/// The width of the memory.
const MEMORY: usize = 48;
/// Times that every phrase is heard.
const EPOCHS: usize = 24;
/// Of the phrases to learn from, one song in this many decides when the critic has learnt enough.
const STOP_ONE_IN: u32 = 8;

/// Learns from a lesson, then gives each of `told` a score that is high where it takes it for generated.
pub(super) fn listened(lesson: &Lesson, told: &[&[u16]], seed: u64) -> Result<Vec<f32>> {
    listened_for(EPOCHS, lesson, told, seed)
}

/// The same with less patience than a critic has to have, for tests.
pub(super) fn listened_for(epochs: usize, lesson: &Lesson, told: &[&[u16]], seed: u64) -> Result<Vec<f32>> {
    let (stop, learn): (Vec<usize>, Vec<usize>) =
        (0..lesson.phrases.len()).partition(|row| lesson.numbers[*row].is_multiple_of(STOP_ONE_IN));
    let listening = Listening { lesson, learn, stop };
    let recipe = Recipe {
        subject: "the critic of phrases".to_owned(),
        epochs,
        batch: 32,
        rate: OneCycle { peak: 3e-3, warm_up: 0.1 },
        critic_rate: 0.0,
        clip: 5.0,
        // To the end: only there the rate is low enough to tell what was learnt.
        patience: epochs,
        seed,
    };
    let outcome = train(&listening, &recipe, None, |_| Ok(ControlFlow::Continue(())))?;
    let device = nets::device();
    let listener = parameters::write(listening.initial(seed, &device)?, &outcome.best, &device)?;
    let mut scores = Vec::with_capacity(told.len());
    for phrases in told.chunks(256) {
        scores.extend(listener.forward(heard(phrases, &device), &device).try_into_vec_as::<f32>()?);
    }
    Ok(scores)
}

/// The network.
#[derive(Module, Debug)]
struct Listener {
    bar: Perceptron,
    memory: Perceptron,
    answer: Perceptron,
}

impl Listener {
    fn initial(seed: u64, device: &Device) -> Self {
        Self {
            bar: Perceptron::initial(&[BAR, HEARD, 3 * MEMORY], seed, 0, device),
            memory: Perceptron::initial(&[MEMORY, 3 * MEMORY], seed, 10, device),
            answer: Perceptron::initial(&[2 * MEMORY, 1], seed, 20, device),
        }
    }

    /// # Shapes
    /// `bars` times `[rows, BAR]` to `[rows, 1]`, the logit of generated
    fn forward(&self, bars: Vec<Tensor<2>>, device: &Device) -> Tensor<2> {
        let rows = bars.first().map_or(0, |bar| bar.dims()[0]);
        let mut memory = Tensor::<2>::zeros([rows, MEMORY], device);
        let mut sum = memory.clone();
        for bar in bars {
            let bar = self.bar.forward(bar); // [rows, 3 MEMORY]: update, reset, new
            let before = self.memory.forward(memory.clone()); // [rows, 3 MEMORY]
            let part = |of: &Tensor<2>, from: usize, to: usize| of.clone().slice([0..rows, from..to]);
            let gates = sigmoid(part(&bar, 0, 2 * MEMORY) + part(&before, 0, 2 * MEMORY));
            let (keep, reset) = (part(&gates, 0, MEMORY), part(&gates, MEMORY, 2 * MEMORY)); // [rows, MEMORY]
            let new = part(&before, 2 * MEMORY, 3 * MEMORY) * reset + part(&bar, 2 * MEMORY, 3 * MEMORY);
            let new = tanh(new);
            memory = new.clone() + keep * (memory - new);
            sum = sum + memory.clone();
        }
        let mean = sum / PHRASE_BARS as f32;
        self.answer.forward(Tensor::cat(vec![memory, mean], 1)) // [rows, 1]
    }
}

/// What the network hears of phrases, bar by bar; a phrase that is too short ends in silence.
///
/// # Shapes
/// `PHRASE_BARS` times `[phrases, BAR]`
fn heard(phrases: &[&[u16]], device: &Device) -> Vec<Tensor<2>> {
    let bar = |bar: usize| {
        let mut values = vec![0.0; phrases.len() * BAR];
        for (phrase, values) in phrases.iter().zip(values.chunks_exact_mut(BAR)) {
            hear(phrase, bar, values);
        }
        Tensor::from_data(TensorData::new(values, [phrases.len(), BAR]), device)
    };
    (0..PHRASE_BARS).map(bar).collect()
}

/// What is heard of one bar of a phrase.
fn hear(phrase: &[u16], bar: usize, values: &mut [f32]) {
    let class = |bar: usize, step: usize| phrase.get(bar * STEPS_PER_BAR + step).copied().unwrap_or(0);
    for step in 0..STEPS_PER_BAR {
        let mut add = |from: usize, class: u16, weight: f32| {
            for piece in (0..PIECES).filter(|piece| class >> piece & 1 == 1) {
                values[from + piece] += weight;
            }
        };
        add(step * PIECES, class(bar, step), 1.0);
        for (number, lag) in REPEATS.into_iter().enumerate().filter(|(_, lag)| *lag <= bar) {
            let from = HITS + number * CHANGES + step / BEAT * PIECES;
            add(from, class(bar, step) ^ class(bar - lag, step), 0.5);
        }
    }
}

/// Teaches the network a lesson.
struct Listening<'a> {
    lesson: &'a Lesson<'a>,
    /// The rows to learn from.
    learn: Vec<usize>,
    /// The rows that decide when it has learnt enough.
    stop: Vec<usize>,
}

impl Listening<'_> {
    fn loss(&self, model: &Listener, rows: &[usize], device: &Device) -> Tensor<1> {
        let phrases: Vec<&[u16]> = rows.iter().map(|row| self.lesson.phrases[*row]).collect();
        let labels: Vec<f32> =
            rows.iter().map(|row| f32::from(u8::from(self.lesson.generated[*row]))).collect();
        let labels = Tensor::<2>::from_data(TensorData::new(labels, [rows.len(), 1]), device);
        cross_entropy(model.forward(heard(&phrases, device), device), labels).mean()
    }
}

impl Objective for Listening<'_> {
    type Model = Listener;

    fn initial(&self, seed: u64, device: &Device) -> Result<Listener> {
        Ok(Listener::initial(seed, device))
    }

    fn rows(&self) -> usize {
        self.learn.len()
    }

    fn gradients(&self, model: &Listener, rows: &[usize], _dice: &mut Dice, _done: f64) -> Result<Gradients> {
        let rows: Vec<usize> = rows.iter().map(|row| self.learn[*row]).collect();
        let loss = self.loss(model, &rows, &nets::device().autodiff());
        let gradients = GradientsParams::from_grads(loss.backward(), model);
        Ok(Gradients { model: gradients, critic: None, loss: f64::from(loss.try_into_scalar::<f32>()?) })
    }

    fn validation_loss(&self, model: &Listener) -> Result<f64> {
        let mut total = 0.0;
        for rows in self.stop.chunks(256) {
            let loss = self.loss(model, rows, &nets::device()).try_into_scalar::<f32>()?;
            total += f64::from(loss) * rows.len() as f64;
        }
        Ok(total / self.stop.len().max(1) as f64)
    }
}
