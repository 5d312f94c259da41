//! The recurrent critic: a GRU (Cho et al. 2014) over the bars of a phrase that classifies it at the end. Its
//! inputs are the hits and where they differ from some bars before; it gets no features of fills or form.

use anyhow::Result;
use beat::{Grid, PIECES};
use burn::module::Module;
use burn::tensor::activation::{sigmoid, tanh};
use burn::tensor::{Device, Tensor, TensorData};
use nets::ONE_BAR;
use nets::PHRASE_BARS;

use super::set::CriticData;
use super::statistics::REPEATS;
use crate::layers::cross_entropy::binary_cross_entropy;
use crate::layers::mlp::Mlp;
use crate::rng::TrainingRng;
use crate::training::{Gradients, LearningRate, Objective, Recipe, ShuffledRows, mean_loss, train_to_end};

/// One input for every piece on every step of a bar.
const HITS: usize = ONE_BAR * PIECES;
/// For every piece in every beat: in how many steps it differs from an earlier bar.
const CHANGES: usize = ONE_BAR / Grid::FOUR_FOUR.beat_steps() * PIECES;
/// Inputs of a bar: its hits, and its changes since 1, 2, 4 and 8 bars before.
const BAR: usize = HITS + REPEATS.len() * CHANGES;
/// Width of the hidden layer before the GRU.
const HIDDEN: usize = 64;
/// Width of the GRU.
const WIDTH: usize = 48;
/// Passes over the training phrases.
const EPOCHS: usize = 24;
/// One song in this many is a validation song.
const VALIDATION_ONE_IN: u32 = 8;

/// Trains on data, then gives each test phrase a score, high for generated.
pub(super) fn gru_scores(data: &CriticData, test: &[&[u16]], seed: u64) -> Result<Vec<f32>> {
    gru_scores_after(EPOCHS, data, test, seed)
}

/// The same after fewer epochs, for tests.
pub(super) fn gru_scores_after(
    epochs: usize,
    data: &CriticData,
    test: &[&[u16]],
    seed: u64,
) -> Result<Vec<f32>> {
    let (validation, training): (Vec<usize>, Vec<usize>) =
        (0..data.phrases.len()).partition(|row| data.song_hashes[*row].is_multiple_of(VALIDATION_ONE_IN));
    let rate = LearningRate::OneCycle { peak: 3e-3, warm_up: 0.1 };
    let recipe = Recipe::new("the critic of phrases".to_owned(), epochs, 32, rate, seed);
    // No early stopping: the model is best at the end, where the learning rate is low.
    let recipe = Recipe { clip: 5.0, early_stop_epochs: epochs, ..recipe };
    let critic = train_to_end(&GruTraining { data, training: ShuffledRows(training), validation }, &recipe)?;
    let device = nets::device();
    let mut scores = Vec::with_capacity(test.len());
    for phrases in test.chunks(256) {
        scores.extend(critic.forward(bar_inputs(phrases, &device), &device).try_into_vec_as::<f32>()?);
    }
    Ok(scores)
}

/// The network: a hidden layer over each bar, a GRU over the bars, a linear layer.
#[derive(Module, Debug)]
struct GruCritic {
    bar: Mlp,
    recurrent: Mlp,
    output: Mlp,
}

impl GruCritic {
    fn initial(seed: u64, device: &Device) -> Self {
        Self {
            bar: Mlp::initial(&[BAR, HIDDEN, 3 * WIDTH], seed, 0, device),
            recurrent: Mlp::initial(&[WIDTH, 3 * WIDTH], seed, 10, device),
            output: Mlp::initial(&[2 * WIDTH, 1], seed, 20, device),
        }
    }

    /// The logit of *generated*.
    ///
    /// # Shapes
    ///
    /// - bars: `PHRASE_BARS` times `[rows, BAR]`
    /// - output: `[rows, 1]`
    fn forward(&self, bars: Vec<Tensor<2>>, device: &Device) -> Tensor<2> {
        let rows = bars.first().map_or(0, |bar| bar.dims()[0]);
        let mut hidden = Tensor::<2>::zeros([rows, WIDTH], device);
        let mut sum = hidden.clone();
        for bar in bars {
            let bar = self.bar.forward(bar); // [rows, 3 WIDTH]: update, reset, new
            let recurrent = self.recurrent.forward(hidden.clone()); // [rows, 3 WIDTH]
            let part = |of: &Tensor<2>, from: usize, to: usize| of.clone().slice([0..rows, from..to]);
            let gates = sigmoid(part(&bar, 0, 2 * WIDTH) + part(&recurrent, 0, 2 * WIDTH));
            let (update, reset) = (part(&gates, 0, WIDTH), part(&gates, WIDTH, 2 * WIDTH)); // [rows, WIDTH]
            let new = part(&recurrent, 2 * WIDTH, 3 * WIDTH) * reset + part(&bar, 2 * WIDTH, 3 * WIDTH);
            let new = tanh(new);
            hidden = new.clone() + update * (hidden - new);
            sum = sum + hidden.clone();
        }
        let mean = sum / PHRASE_BARS as f32;
        self.output.forward(Tensor::cat(vec![hidden, mean], 1)) // [rows, 1]
    }
}

/// The inputs of phrases, bar by bar; a phrase that is too short ends in silence.
///
/// # Shapes
///
/// - output: `PHRASE_BARS` times `[phrases, BAR]`
fn bar_inputs(phrases: &[&[u16]], device: &Device) -> Vec<Tensor<2>> {
    let bar = |bar: usize| {
        let mut values = vec![0.0; phrases.len() * BAR];
        for (phrase, values) in phrases.iter().zip(values.chunks_exact_mut(BAR)) {
            encode_bar(phrase, bar, values);
        }
        Tensor::from_data(TensorData::new(values, [phrases.len(), BAR]), device)
    };
    (0..PHRASE_BARS).map(bar).collect()
}

/// The inputs of one bar of a phrase, `[BAR]`.
fn encode_bar(phrase: &[u16], bar: usize, values: &mut [f32]) {
    let class = |bar: usize, step: usize| phrase.get(bar * ONE_BAR + step).copied().unwrap_or(0);
    for step in 0..ONE_BAR {
        let mut add = |from: usize, class: u16, weight: f32| {
            for piece in (0..PIECES).filter(|piece| class >> piece & 1 == 1) {
                values[from + piece] += weight;
            }
        };
        add(step * PIECES, class(bar, step), 1.0);
        for (number, lag) in REPEATS.into_iter().enumerate().filter(|(_, lag)| *lag <= bar) {
            let from = HITS + number * CHANGES + step / Grid::FOUR_FOUR.beat_steps() * PIECES;
            add(from, class(bar, step) ^ class(bar - lag, step), 0.5);
        }
    }
}

struct GruTraining<'a> {
    data: &'a CriticData<'a>,
    /// Indices of the training phrases in the data.
    training: ShuffledRows<usize>,
    /// Indices of the validation phrases.
    validation: Vec<usize>,
}

impl GruTraining<'_> {
    fn loss(&self, model: &GruCritic, rows: &[usize], device: &Device) -> Tensor<1> {
        let phrases: Vec<&[u16]> = rows.iter().map(|row| self.data.phrases[*row]).collect();
        let labels: Vec<f32> =
            rows.iter().map(|row| f32::from(u8::from(self.data.generated[*row]))).collect();
        let labels = Tensor::<2>::from_data(TensorData::new(labels, [rows.len(), 1]), device);
        binary_cross_entropy(model.forward(bar_inputs(&phrases, device), device), labels).mean()
    }
}

impl Objective for GruTraining<'_> {
    type Model = GruCritic;
    type Source = ShuffledRows<usize>;

    fn source(&self) -> &ShuffledRows<usize> {
        &self.training
    }

    fn initial(&self, seed: u64, device: &Device) -> Result<GruCritic> {
        Ok(GruCritic::initial(seed, device))
    }

    fn gradients(
        &self,
        model: &GruCritic,
        rows: &[&usize],
        _: &mut TrainingRng,
        _: f64,
    ) -> Result<Gradients> {
        let rows: Vec<usize> = rows.iter().copied().copied().collect();
        Gradients::of_loss(self.loss(model, &rows, &nets::device().autodiff()), model)
    }

    fn validation_loss(&self, model: &GruCritic) -> Result<f64> {
        mean_loss(&self.validation, 256, |rows| Ok(self.loss(model, rows, &nets::device())))
    }
}
