//! Recurrent next-step models: how they are trained on songs. `nets` has their inference.

mod network;

use anyhow::{Context, Result};
use beat::{CLASSES, PIECES};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use ndarray::Array2;
use nets::{RecurrentConfig, RecurrentModel, SequenceModel, Weights};

use super::{Kind, KindOption, Run, SequenceKind, TrainKind, continued_phrases, evaluate_steps};
use crate::excerpts::RandomSteps;
use crate::layers::cross_entropy::class_cross_entropy;
use crate::layers::lstm_gradients::{LayerPass, array, forward, tensor};
use crate::rng::TrainingRng;
use crate::songs::Songs;
use crate::training::{BatchSource, Gradients, LearningRate, Objective, Recipe};
use network::RecurrentNetwork;

/// The names of the two kinds in model files.
const LSTM_FILE: &str = "lstm";
const DRUMS_RNN_FILE: &str = "drums-rnn";

/// Ortiz's LSTM.
pub(super) const LSTM: Kind = Kind {
    name: "lstm",
    about: "Next-step model: three LSTM layers of 64 (Ortiz 2020); learns from whole songs",
    options: &[KindOption {
        name: "lag",
        help: "Also input the step this many steps ago; may be repeated",
        range: (1, 1024),
        default: None,
        repeated: true,
    }],
    train: TrainKind::Songs(|run, songs| {
        let lags = run.options.get("lag").into_iter().flatten().map(|lag| *lag as usize);
        let config = RecurrentConfig::lstm(&lags.collect::<Vec<_>>());
        // The zero state at the start of a window costs accuracy; four bars keep that small.
        train(run, songs, LSTM_FILE, config, WindowRecipe { window: 256, batch: 8, epochs: 16 })
    }),
    sequence: Some(sequence(|model| model.kind() == LSTM_FILE, |_| None, "LSTM")),
};

/// Magenta's DrumsRNN.
pub(super) const DRUMS_RNN: Kind = Kind {
    name: "drumsrnn",
    about: "Next-step model: two LSTM layers of 64 with attention (Magenta's DrumsRNN); learns from whole songs",
    options: &[KindOption {
        name: "attention-window",
        help: "Steps that are attended to",
        range: (1, 1024),
        default: Some(64),
        repeated: false,
    }],
    train: TrainKind::Songs(|run, songs| {
        let config = RecurrentConfig::drums_rnn(run.option("attention-window").unwrap_or(64));
        train(run, songs, DRUMS_RNN_FILE, config, WindowRecipe { window: 128, batch: 64, epochs: 24 })
    }),
    sequence: Some(sequence(
        |model| model.kind() == DRUMS_RNN_FILE,
        |_| Some("drumsrnn.safetensors"),
        "DrumsRNN",
    )),
};

const fn sequence(
    matches: fn(&SequenceModel) -> bool,
    shipped: fn(usize) -> Option<&'static str>,
    title: &'static str,
) -> SequenceKind {
    SequenceKind {
        matches,
        generator: |model| Ok(Box::new(load(model)?)),
        evaluate: |model, songs| Ok(evaluate_steps(&load(model)?, &songs)),
        shipped,
        title,
        predicts_steps: true,
        generates_phrases: |_| true,
        phrases: |model, request| Ok(continued_phrases(&load(model)?, request)),
    }
}

fn load(model: &SequenceModel) -> Result<RecurrentModel> {
    Ok(RecurrentModel::new(&model.config()?, model.weights())?)
}

/// Steps of an epoch: a million.
const EPOCH_STEPS: usize = 1 << 20;
/// Steps from the start of each validation song that are measured.
const VALIDATION_STEPS: usize = 512;
/// Validation songs of one forward pass.
const VALIDATION_BATCH: usize = 16;

/// What differs between the recipes of the two kinds.
struct WindowRecipe {
    /// Steps of a window.
    window: usize,
    /// Windows of a batch.
    batch: usize,
    /// Epochs of [`EPOCH_STEPS`].
    epochs: usize,
}

fn train(
    run: &mut Run<'_>,
    songs: Songs,
    kind: &str,
    config: RecurrentConfig,
    windows: WindowRecipe,
) -> Result<SequenceModel> {
    config.check()?;
    let subject = format!("{kind} {config:?} of {}", songs.sha256);
    let (epochs, rate) =
        (run.epochs.unwrap_or(windows.epochs), LearningRate::OneCycle { peak: 4e-3, warm_up: 0.05 });
    let recipe = Recipe { clip: 1.0, ..Recipe::new(subject, epochs, windows.batch, rate, run.seed) };
    let objective = RecurrentTraining::new(config.clone(), songs.training, &songs.validation, windows.window);
    run.train_sequence(&objective, &recipe, kind, &config, config.arrays())
}

/// A recurrent model to be trained on songs. Every window starts from the zero state: nothing is carried from
/// one batch to the next, so that a resumed run is the same run.
struct RecurrentTraining {
    config: RecurrentConfig,
    windows: BarWindows,
    /// The beginnings of the validation songs.
    validation: Vec<Vec<u16>>,
}

/// Windows of `steps` steps that begin at a random bar of a song.
struct BarWindows {
    songs: RandomSteps,
    steps: usize,
    epoch_len: usize,
}

impl BatchSource for BarWindows {
    type Example<'a> = (&'a [u16], usize);

    fn epoch_len(&self) -> usize {
        self.epoch_len
    }

    fn epoch<'a>(
        &'a self,
        _: u64,
        _: u64,
    ) -> impl FnMut(usize, &mut TrainingRng) -> Vec<(&'a [u16], usize)> + 'a {
        |count, rng| (0..count).map(|_| self.songs.bar(self.steps, rng)).collect()
    }
}

impl RecurrentTraining {
    fn new(config: RecurrentConfig, training: Vec<Vec<u16>>, validation: &[Vec<u16>], steps: usize) -> Self {
        let beginning = |song: &Vec<u16>| song[..song.len().min(VALIDATION_STEPS)].to_vec();
        let validation = validation.iter().map(beginning).collect();
        let windows = BarWindows { songs: RandomSteps::new(training), steps, epoch_len: EPOCH_STEPS / steps };
        Self { config, windows, validation }
    }
}

/// Windows of some songs: inputs and targets.
struct WindowBatch {
    windows: usize,
    steps: usize,
    /// `[steps * windows, inputs]`, row `step * windows + window`.
    inputs: Array2<f32>,
    /// The class of each step, `[windows, steps]`.
    classes: Vec<i32>,
    /// The pieces of each step, `[windows, steps, 9]`.
    pieces: Vec<f32>,
    /// 1 within the song, 0 after its end: `[windows, steps]`.
    mask: Vec<f32>,
}

impl WindowBatch {
    /// Windows of at most `steps` steps: songs and where in them they begin.
    fn of(config: &RecurrentConfig, windows: &[(&[u16], usize)], steps: usize) -> Self {
        let count = windows.len();
        let mut batch = Self {
            windows: count,
            steps,
            inputs: Array2::zeros([steps * count, config.inputs()]),
            classes: Vec::with_capacity(count * steps),
            pieces: Vec::with_capacity(count * steps * PIECES),
            mask: Vec::with_capacity(count * steps),
        };
        for (window, (song, from)) in windows.iter().enumerate() {
            for step in 0..steps {
                let class = song.get(from + step).copied();
                if class.is_some() {
                    let inputs = &mut batch.inputs;
                    let row = step * count + window;
                    config.encode_step(&song[..from + step], |input| inputs[[row, input]] = 1.0);
                }
                batch.mask.push(if class.is_some() { 1.0 } else { 0.0 });
                let class = class.unwrap_or(0);
                batch.classes.push(i32::from(class) % CLASSES as i32);
                batch.pieces.extend((0..PIECES).map(|piece| f32::from(class >> piece & 1)));
            }
        }
        batch
    }

    /// The forward passes of the LSTM layers, in order.
    fn passes(&mut self, model: &RecurrentNetwork) -> Result<Vec<LayerPass>> {
        let mut inputs = std::mem::take(&mut self.inputs);
        let mut passes = Vec::new();
        for layer in model.layers() {
            let pass = forward(layer, inputs, self.windows)?;
            inputs = pass.output().to_owned();
            passes.push(pass);
        }
        Ok(passes)
    }

    /// The number of steps within songs, at least 1.
    fn unmasked(&self) -> f32 {
        self.mask.iter().sum::<f32>().max(1.0)
    }

    /// The logits of every step, given the output of the last LSTM layer.
    ///
    /// # Shapes
    ///
    /// - hidden: `[steps * windows, width]`
    /// - output: `[windows * steps, 512]`
    fn logits(&self, model: &RecurrentNetwork, hidden: Tensor<2>) -> Tensor<2> {
        let [_, width] = hidden.dims();
        let device = hidden.device();
        let hidden = hidden.reshape([self.steps, self.windows, width]).swap_dims(0, 1); // [windows, steps, width]
        let pieces = TensorData::new(self.pieces.clone(), [self.windows, self.steps, PIECES]);
        model.logits(hidden, Tensor::from_data(pieces, &device))
    }

    /// The mean cross-entropy over all steps within songs, in nats, and its gradient with
    /// respect to the logits.
    fn loss(&self, logits: &Tensor<2>) -> Result<(f64, Tensor<2>)> {
        let [rows, classes] = logits.dims();
        let mut gradients = logits.to_data().try_into_vec_as::<f32>()?;
        let share = 1.0 / self.unmasked();
        let weights: Vec<f32> = self.mask.iter().map(|mask| mask * share).collect();
        let mean = class_cross_entropy(&mut gradients, classes, &self.classes, &weights);
        let gradients = Tensor::from_data(TensorData::new(gradients, [rows, classes]), &logits.device());
        Ok((mean, gradients))
    }
}

impl Objective for RecurrentTraining {
    type Model = RecurrentNetwork;
    type Source = BarWindows;

    fn source(&self) -> &BarWindows {
        &self.windows
    }

    fn initial(&self, seed: u64, device: &Device) -> Result<RecurrentNetwork> {
        let weights = Weights::initial(&self.config.arrays(), seed);
        Ok(RecurrentNetwork::from_weights(&self.config, &weights, device)?)
    }

    fn gradients(
        &self,
        model: &RecurrentNetwork,
        windows: &[(&[u16], usize)],
        _: &mut TrainingRng,
        _: f64,
    ) -> Result<Gradients> {
        let mut batch = WindowBatch::of(&self.config, windows, self.windows.steps);
        let passes = batch.passes(model)?;
        let hidden = passes.last().context("a recurrent model has layers")?.output().to_owned();
        let size = [hidden.nrows(), hidden.ncols()];

        // Autodiff covers attention and head; the backward pass of the LSTM layers is written by hand.
        let device = nets::device().autodiff();
        let hidden = Tensor::<2>::from_data(tensor(hidden).into_data(), &device).require_grad();
        let logits = batch.logits(model, hidden.clone());
        let (loss, grad_logits) = batch.loss(&logits)?;
        let mut graph = (logits * grad_logits).sum().backward();
        let grad_hidden = hidden.grad(&graph).context("the loss depends on the last layer")?;
        let mut grad_hidden = array(grad_hidden, size)?;
        let mut gradients = GradientsParams::from_module(&mut graph, model);
        for (layer, pass) in model.layers().iter().zip(&passes).rev() {
            grad_hidden = pass.backward(&grad_hidden).register(layer, &mut gradients);
        }
        Ok(Gradients::of(loss, gradients))
    }

    fn validation_loss(&self, model: &RecurrentNetwork) -> Result<f64> {
        let (mut total, mut counted) = (0.0, 0.0);
        for songs in self.validation.chunks(VALIDATION_BATCH) {
            let windows: Vec<(&[u16], usize)> = songs.iter().map(|song| (song.as_slice(), 0)).collect();
            let steps = songs.iter().map(Vec::len).max().unwrap_or(0);
            let mut batch = WindowBatch::of(&self.config, &windows, steps);
            let passes = batch.passes(model)?;
            let hidden = passes.last().context("a recurrent model has layers")?.output().to_owned();
            let count = f64::from(batch.unmasked());
            total += batch.loss(&batch.logits(model, tensor(hidden)))?.0 * count;
            counted += count;
        }
        Ok(total / f64::max(counted, 1.0))
    }
}

#[cfg(test)]
mod tests;
