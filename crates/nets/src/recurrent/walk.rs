//! A recurrent model where it plays: in plain Rust over the weights' numbers, a step at a time, on the
//! decode thread or in the lab. `the_walk_and_the_network_agree_on_every_step` holds the two forms
//! together.

use std::collections::VecDeque;

use beat::{CLASSES, PIECES};

use super::RecurrentShape;
use crate::{Walk, Weights, WeightsFault};

/// A trained recurrent model.
#[derive(Clone, Debug, PartialEq)]
pub struct RecurrentModel {
    shape: RecurrentShape,
    layers: Vec<Layer>,
    attention: Option<Attention>,
    answering: Vec<Layer>,
}

#[derive(Clone, Debug, PartialEq)]
struct Attention {
    query: Layer,
    key: Layer,
    near: Vec<f32>,
}

/// A matrix and what is added.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    /// One row of outputs for each input.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl RecurrentModel {
    /// The model of these weights.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn new(shape: &RecurrentShape, weights: &Weights) -> Result<Self, WeightsFault> {
        shape.check()?;
        weights.check(&shape.arrays())?;
        let values = |name: &str| weights.get(name).map(|array| array.values.clone()).unwrap_or_default();
        let layer = |name: &str| Layer {
            weight: values(&format!("{name}.weight")),
            bias: values(&format!("{name}.bias")),
        };
        let attention = || Attention {
            query: layer("attention.query"),
            key: layer("attention.key"),
            near: values("attention.near"),
        };
        Ok(Self {
            shape: shape.clone(),
            layers: (0..shape.layers).map(|number| layer(&RecurrentShape::layer_name(number))).collect(),
            attention: (shape.reach > 0).then(attention),
            answering: shape.answering().into_iter().map(|(name, _)| layer(name)).collect(),
        })
    }

    /// A walk that begins before the first step of a bar.
    pub fn walk(&self) -> RecurrentWalk<'_> {
        let silent = || State { hidden: vec![0.0; self.shape.width], cell: vec![0.0; self.shape.width] };
        let states = (0..self.shape.layers).map(|_| silent()).collect();
        let mut walk = RecurrentWalk { model: self, past: Vec::new(), states, remembered: VecDeque::new() };
        walk.hear();
        walk
    }
}

/// A walk through a song, which remembers what was played.
#[derive(Clone, Debug)]
pub struct RecurrentWalk<'a> {
    model: &'a RecurrentModel,
    past: Vec<u16>,
    /// Of each layer, after everything that was played.
    states: Vec<State>,
    /// What there is to attend to, the last step first.
    remembered: VecDeque<Remembered>,
}

#[derive(Clone, Debug)]
struct State {
    hidden: Vec<f32>,
    cell: Vec<f32>,
}

/// What stands for a step that was played: what it is found by, what was said before it, what it was.
#[derive(Clone, Debug)]
struct Remembered {
    key: Vec<f32>,
    said: Vec<f32>,
    class: u16,
}

impl Walk for RecurrentWalk<'_> {
    fn logits(&self) -> Vec<f32> {
        let mut hidden = self.said().to_vec();
        if let Some(attention) = &self.model.attention {
            let found = self.found(attention);
            hidden.extend(found);
        }
        for (number, layer) in self.model.answering.iter().enumerate() {
            if number > 0 {
                hidden.iter_mut().for_each(|value| *value = value.max(0.0));
            }
            hidden = layer.after(&hidden);
        }
        hidden
    }

    fn play(&mut self, class: u16) {
        let class = class % CLASSES as u16;
        if let Some(attention) = &self.model.attention {
            let said = self.said().to_vec();
            self.remembered.truncate(self.model.shape.reach - 1);
            self.remembered.push_front(Remembered { key: attention.key.after(&said), said, class });
        }
        self.past.push(class);
        self.hear();
    }
}

impl RecurrentWalk<'_> {
    /// What the last layer says.
    fn said(&self) -> &[f32] {
        self.states.last().map_or(&[], |state| &state.hidden)
    }

    /// Hears what there is before the next step.
    fn hear(&mut self) {
        let Self { model, past, states, .. } = self;
        let mut heard = vec![0.0; model.shape.inputs()];
        model.shape.hears(past, |input| heard[input] = 1.0);
        for (layer, state) in model.layers.iter().zip(states) {
            state.step(layer, &heard);
            heard.clone_from(&state.hidden);
        }
    }

    /// What the next step finds among what is remembered: what was said then and which pieces followed.
    fn found(&self, attention: &Attention) -> Vec<f32> {
        let width = self.model.shape.width;
        let query = attention.query.after(self.said());
        let score = |(entry, near): (&Remembered, &f32)| {
            let product: f32 = query.iter().zip(&entry.key).map(|(one, other)| one * other).sum();
            product / (width as f32).sqrt() + near
        };
        let scores: Vec<f32> = self.remembered.iter().zip(&attention.near).map(score).collect();
        let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights: Vec<f32> = scores.iter().map(|score| (score - highest).exp()).collect();
        let total: f32 = weights.iter().sum();
        let mut found = vec![0.0; width + PIECES];
        for (entry, weight) in self.remembered.iter().zip(weights) {
            let weight = weight / total;
            found.iter_mut().zip(&entry.said).for_each(|(sum, value)| *sum += weight * value);
            for (piece, sum) in found[width..].iter_mut().enumerate() {
                *sum += if entry.class >> piece & 1 == 1 { weight } else { 0.0 };
            }
        }
        found
    }
}

impl State {
    /// What is remembered after one more input.
    fn step(&mut self, layer: &Layer, input: &[f32]) {
        let width = self.hidden.len();
        let mut gates = layer.bias.clone();
        layer.add(&mut gates, 0, input);
        layer.add(&mut gates, input.len(), &self.hidden);
        let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
        for unit in 0..width {
            let gate = |number: usize| gates[number * width + unit];
            // A fresh layer remembers: see `Lstm`.
            let cell = sigmoid(gate(1) + 1.0) * self.cell[unit] + sigmoid(gate(0)) * gate(2).tanh();
            (self.cell[unit], self.hidden[unit]) = (cell, sigmoid(gate(3)) * cell.tanh());
        }
    }
}

impl Layer {
    /// This layer's outputs.
    fn after(&self, inputs: &[f32]) -> Vec<f32> {
        let mut sums = self.bias.clone();
        self.add(&mut sums, 0, inputs);
        sums
    }

    /// Adds what `inputs` bring, the first of them by row `from`.
    fn add(&self, sums: &mut [f32], from: usize, inputs: &[f32]) {
        let rows = self.weight.chunks_exact(sums.len()).skip(from);
        for (row, input) in rows.zip(inputs).filter(|(_, input)| **input != 0.0) {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += input * value);
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Tensor, TensorData};

    use super::*;
    use crate::RecurrentNetwork;
    use crate::layers::floats;

    const SONG: [u16; 40] = {
        let mut song = [0; 40];
        let mut step = 0;
        while step < 40 {
            song[step] = (step * step * 37 % 512) as u16;
            step += 1;
        }
        song
    };

    /// The logits of every step by the network.
    fn by_network(shape: &RecurrentShape, weights: &Weights) -> Vec<f32> {
        let device = crate::device();
        let network = RecurrentNetwork::from_weights(shape, weights, &device).expect("sound weights");
        assert_eq!(network.weights(shape), *weights);
        let heard = (0..SONG.len()).map(|now| {
            let mut row = vec![0.0; shape.inputs()];
            shape.hears(&SONG[..now], |input| row[input] = 1.0);
            Tensor::<2>::from_data(TensorData::new(row, [1, shape.inputs()]), &device)
        });
        let pieces = |class: &u16| (0..PIECES).map(|piece| f32::from(class >> piece & 1)).collect::<Vec<_>>();
        let played: Vec<f32> = SONG.iter().flat_map(pieces).collect();
        let played = Tensor::<3>::from_data(TensorData::new(played, [1, SONG.len(), PIECES]), &device);
        floats(network.forward(heard.collect(), played))
    }

    #[test]
    fn the_walk_and_the_network_agree_on_every_step() {
        for shape in
            [RecurrentShape::lstm(&[]), RecurrentShape::lstm(&[16, 32]), RecurrentShape::drums_rnn(24)]
        {
            let shape = RecurrentShape { width: 12, ..shape };
            let weights = Weights::initial(&shape.arrays(), 3);
            let model = RecurrentModel::new(&shape, &weights).expect("sound weights");
            let (mut walk, network) = (model.walk(), by_network(&shape, &weights));
            for (step, expected) in network.chunks(CLASSES).enumerate() {
                for (one, other) in walk.logits().iter().zip(expected) {
                    assert!((one - other).abs() < 1e-4, "{one} and {other} in step {step} of {shape:?}");
                }
                walk.play(SONG[step]);
            }
        }
    }

    #[test]
    fn sizes_beyond_reason_are_refused() {
        let sound = RecurrentShape::drums_rnn(64);
        let wrong = [
            RecurrentShape { layers: 0, ..sound.clone() },
            RecurrentShape { width: usize::MAX, ..sound.clone() },
            RecurrentShape { reach: 1 << 40, ..sound.clone() },
            RecurrentShape { lags: vec![0], ..sound.clone() },
        ];
        assert!(wrong.iter().all(|shape| shape.check().is_err()) && sound.check().is_ok());
    }
}
