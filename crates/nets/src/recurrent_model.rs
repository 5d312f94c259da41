//! Recurrent next-step models for inference: the LSTM of Ortiz (2020) and DrumsRNN, which adds attention.
//!
//! Plain Rust over the weights, one step at a time, for the decode thread and the command line. `train` has
//! the same network as a burn module over whole windows; its test `inference_and_training_network_agree`
//! holds both together.

use std::collections::VecDeque;

use beat::{CLASSES, PIECES};
use serde::{Deserialize, Serialize};

use crate::perceptron::{LinearLayer, relu};
use crate::{GenerationState, NamedShape, NextStepModel, ONE_BAR, Weights, WeightsFault, linear_arrays};

/// The sizes of a recurrent model, as its file holds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecurrentConfig {
    /// Number of LSTM layers.
    pub layers: usize,
    /// Width of each of them.
    pub width: usize,
    /// Lags in steps whose classes are inputs beside the previous step's; none in Ortiz's model.
    pub lags: Vec<usize>,
    /// Attention window: how many of the last steps are attended to; 0 is no attention.
    #[serde(rename = "reach")]
    pub attention_window: usize,
}

/// Width of the hidden layer of the output head where there is attention.
const HEAD_WIDTH: usize = 128;
/// The largest size in a file, so that a damaged one can't allocate all memory.
const LARGEST: usize = 1024;

impl RecurrentConfig {
    /// Ortiz's next-step model (section 3.1): three layers of 64. Inputs are the previous step, the position
    /// in the bar, and the steps at `lags`.
    pub fn lstm(lags: &[usize]) -> Self {
        Self { layers: 3, width: 64, lags: lags.to_vec(), attention_window: 0 }
    }

    /// Magenta's DrumsRNN as scaled by Paque (section 6.2): two layers of 64 and attention over
    /// `attention_window` steps.
    pub fn drums_rnn(attention_window: usize) -> Self {
        Self { layers: 2, width: 64, lags: Vec::new(), attention_window }
    }

    /// Number of binary inputs of a step.
    pub fn inputs(&self) -> usize {
        (1 + self.lags.len()) * PIECES + ONE_BAR
    }

    /// Calls `on` with each input that is 1 for the step after `past`: the classes of all steps so far, from
    /// the first step of a bar on. Inputs are the position in the bar (one-hot), the pieces of the previous
    /// step and those at each lag.
    pub fn encode_step(&self, past: &[u16], mut on: impl FnMut(usize)) {
        let now = past.len();
        on(now % ONE_BAR);
        for (place, lag) in [1].iter().chain(&self.lags).enumerate() {
            let class = now.checked_sub(*lag).map_or(0, |step| past[step]);
            let from = ONE_BAR + place * PIECES;
            (0..PIECES).filter(|piece| class >> piece & 1 == 1).for_each(|piece| on(from + piece));
        }
    }

    /// Checks every size against its bounds.
    ///
    /// # Errors
    ///
    /// A size is 0 or too large; the fault names all of them.
    pub fn check(&self) -> Result<(), WeightsFault> {
        let Self { layers, width, lags, attention_window } = self;
        let lags_sound = lags.len() <= 16 && lags.iter().all(|lag| (1..=LARGEST).contains(lag));
        let sound =
            (1..=16).contains(layers) && (1..=LARGEST).contains(width) && *attention_window <= LARGEST;
        let fault = || {
            let sizes = format!("{layers} layers of {width}, lags {lags:?}, attention {attention_window}");
            WeightsFault::Sizes(sizes)
        };
        if lags_sound && sound { Ok(()) } else { Err(fault()) }
    }

    /// Name and `[inputs, outputs]` of LSTM layer `number`: rows of its inputs, then of its hidden state; columns of
    /// its four gates.
    fn layer(&self, number: usize) -> (String, [usize; 2]) {
        let inputs = if number == 0 { self.inputs() } else { self.width };
        (format!("recurrent.{number}"), [inputs + self.width, 4 * self.width])
    }

    /// The linear layers of the output head: name, `[inputs, outputs]`. With attention they read the hidden
    /// state beside the attended values.
    pub fn head_layers(&self) -> Vec<(&'static str, [usize; 2])> {
        if self.attention_window == 0 {
            return vec![("output", [self.width, CLASSES])];
        }
        let both = 2 * self.width + PIECES;
        vec![("inner", [both, HEAD_WIDTH]), ("output", [HEAD_WIDTH, CLASSES])]
    }

    /// Names and shapes of its weights; a matrix is `[inputs, outputs]`.
    pub fn arrays(&self) -> Vec<NamedShape> {
        let Self { layers, width, attention_window, .. } = *self;
        let lstms = (0..layers).map(|number| self.layer(number));
        let mut arrays: Vec<_> = lstms.flat_map(|(name, sizes)| linear_arrays(&name, sizes)).collect();
        if attention_window > 0 {
            arrays.extend(linear_arrays(ATTENTION_QUERY, [width, width]));
            arrays.extend(linear_arrays(ATTENTION_KEY, [width, width]));
            arrays.push((ATTENTION_POSITION_BIAS.to_owned(), vec![attention_window]));
        }
        arrays.extend(self.head_layers().into_iter().flat_map(|(name, sizes)| linear_arrays(name, sizes)));
        arrays
    }
}

/// Name of the attention's query layer, `[width, width]`.
const ATTENTION_QUERY: &str = "attention.query";
/// Name of the attention's key layer, `[width, width]`.
const ATTENTION_KEY: &str = "attention.key";
/// Name of the relative position bias, `[attention_window]`: one step ago first.
const ATTENTION_POSITION_BIAS: &str = "attention.near";

/// A trained recurrent model.
#[derive(Clone, Debug, PartialEq)]
pub struct RecurrentModel {
    config: RecurrentConfig,
    layers: Vec<LinearLayer>,
    attention: Option<Attention>,
    head: Vec<LinearLayer>,
}

#[derive(Clone, Debug, PartialEq)]
struct Attention {
    query: LinearLayer,
    key: LinearLayer,
    /// Relative position bias: added to the score of the step this many steps ago, one step ago first.
    position_bias: Vec<f32>,
}

impl RecurrentModel {
    /// The model of these weights.
    ///
    /// # Errors
    ///
    /// A size is out of bounds; a weight is missing, has the wrong shape, or is not finite.
    pub fn new(config: &RecurrentConfig, weights: &Weights) -> Result<Self, WeightsFault> {
        config.check()?;
        let layer = |name: &str, sizes| LinearLayer::from_weights(weights, name, sizes);
        let lstms = (0..config.layers).map(|number| config.layer(number));
        let head = config.head_layers().into_iter();
        let RecurrentConfig { width, attention_window, .. } = *config;
        let attention = || -> Result<Attention, WeightsFault> {
            let position_bias = weights.checked(ATTENTION_POSITION_BIAS, &[attention_window])?.values.clone();
            let [query, key] = [ATTENTION_QUERY, ATTENTION_KEY].map(|name| layer(name, [width, width]));
            Ok(Attention { query: query?, key: key?, position_bias })
        };
        Ok(Self {
            config: config.clone(),
            layers: lstms.map(|(name, sizes)| layer(&name, sizes)).collect::<Result<_, _>>()?,
            attention: (attention_window > 0).then(attention).transpose()?,
            head: head.map(|(name, sizes)| layer(name, sizes)).collect::<Result<_, _>>()?,
        })
    }
}

impl NextStepModel for RecurrentModel {
    fn start(&self) -> Box<dyn GenerationState + '_> {
        let zeros =
            || LayerState { hidden: vec![0.0; self.config.width], cell: vec![0.0; self.config.width] };
        let layers = (0..self.config.layers).map(|_| zeros()).collect();
        let mut state = RecurrentState { model: self, past: Vec::new(), layers, attended: VecDeque::new() };
        state.advance();
        Box::new(state)
    }
}

/// A recurrent model with its state after some steps.
#[derive(Clone, Debug)]
struct RecurrentState<'a> {
    model: &'a RecurrentModel,
    past: Vec<u16>,
    /// Hidden and cell state of each layer.
    layers: Vec<LayerState>,
    /// The steps within the attention window, the last one first.
    attended: VecDeque<AttendedStep>,
}

#[derive(Clone, Debug)]
struct LayerState {
    hidden: Vec<f32>,
    cell: Vec<f32>,
}

/// One step in the attention window: its key, and as its value the hidden state before it and its class.
#[derive(Clone, Debug)]
struct AttendedStep {
    key: Vec<f32>,
    hidden: Vec<f32>,
    class: u16,
}

impl GenerationState for RecurrentState<'_> {
    fn logits(&self) -> Vec<f32> {
        let mut hidden = self.output().to_vec();
        if let Some(attention) = &self.model.attention {
            let attended = self.attend(attention);
            hidden.extend(attended);
        }
        for (number, layer) in self.model.head.iter().enumerate() {
            hidden = layer.forward(&if number > 0 { relu(hidden) } else { hidden });
        }
        hidden
    }

    fn push(&mut self, class: u16) {
        let class = class % CLASSES as u16;
        if let Some(attention) = &self.model.attention {
            let hidden = self.output().to_vec();
            self.attended.truncate(self.model.config.attention_window - 1);
            self.attended.push_front(AttendedStep { key: attention.key.forward(&hidden), hidden, class });
        }
        self.past.push(class);
        self.advance();
    }
}

impl RecurrentState<'_> {
    /// The hidden state of the last layer.
    fn output(&self) -> &[f32] {
        self.layers.last().map_or(&[], |state| &state.hidden)
    }

    /// Runs the layers on the inputs of the next step.
    fn advance(&mut self) {
        let Self { model, past, layers, .. } = self;
        let mut inputs = vec![0.0; model.config.inputs()];
        model.config.encode_step(past, |input| inputs[input] = 1.0);
        for (layer, state) in model.layers.iter().zip(layers) {
            state.advance(layer, &inputs);
            inputs.clone_from(&state.hidden);
        }
    }

    /// The attended values for the next step: hidden state and pieces, `[width + 9]`.
    fn attend(&self, attention: &Attention) -> Vec<f32> {
        let width = self.model.config.width;
        let query = attention.query.forward(self.output());
        let score = |(step, bias): (&AttendedStep, &f32)| {
            let product: f32 = query.iter().zip(&step.key).map(|(one, other)| one * other).sum();
            product / (width as f32).sqrt() + bias
        };
        let scores: Vec<f32> = self.attended.iter().zip(&attention.position_bias).map(score).collect();
        let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights: Vec<f32> = scores.iter().map(|score| (score - highest).exp()).collect();
        let total: f32 = weights.iter().sum();
        let mut values = vec![0.0; width + PIECES];
        for (step, weight) in self.attended.iter().zip(weights) {
            let weight = weight / total;
            values.iter_mut().zip(&step.hidden).for_each(|(sum, value)| *sum += weight * value);
            for (piece, sum) in values[width..].iter_mut().enumerate() {
                *sum += if step.class >> piece & 1 == 1 { weight } else { 0.0 };
            }
        }
        values
    }
}

impl LayerState {
    /// One LSTM step; the formulas are those of `train`'s `Lstm`.
    fn advance(&mut self, layer: &LinearLayer, input: &[f32]) {
        let width = self.hidden.len();
        let mut gates = layer.bias.clone();
        layer.add(&mut gates, 0, input);
        layer.add(&mut gates, input.len(), &self.hidden);
        let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
        for unit in 0..width {
            let gate = |number: usize| gates[number * width + unit];
            // The stored forget bias is one less than the effective one, so that a fresh layer remembers.
            let cell = sigmoid(gate(1) + 1.0) * self.cell[unit] + sigmoid(gate(0)) * gate(2).tanh();
            (self.cell[unit], self.hidden[unit]) = (cell, sigmoid(gate(3)) * cell.tanh());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_encodes_its_position_the_previous_step_and_its_lags() {
        let mut past = vec![0; 40];
        (past[39], past[8]) = (0b11, 0b1_0000_0000);
        let config = RecurrentConfig::lstm(&[16, 32]);
        let mut features = Vec::new();
        config.encode_step(&past, |input| features.push(input));
        assert_eq!(features, [8, 16, 17, 16 + 2 * 9 + 8]);
        assert!(features.iter().all(|input| *input < config.inputs()));
        features.clear();
        config.encode_step(&[], |input| features.push(input));
        assert_eq!(features, [0]);
    }

    #[test]
    fn sizes_out_of_bounds_are_refused() {
        let sound = RecurrentConfig::drums_rnn(64);
        let wrong = [
            RecurrentConfig { layers: 0, ..sound.clone() },
            RecurrentConfig { width: usize::MAX, ..sound.clone() },
            RecurrentConfig { attention_window: 1 << 40, ..sound.clone() },
            RecurrentConfig { lags: vec![0], ..sound.clone() },
        ];
        assert!(wrong.iter().all(|config| config.check().is_err()) && sound.check().is_ok());
    }
}
