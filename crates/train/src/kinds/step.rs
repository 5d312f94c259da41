//! The step model: how it is trained on songs. `nets` has its inference.

use anyhow::Result;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use nets::{LAGS, STEP_FEATURES, STEP_SHAPE, SequenceModel, StepModel, Weights, encode_step};

use super::{Kind, Run, SequenceKind, TrainKind, continued_phrases, evaluate_steps};
use crate::excerpts::RandomSteps;
use crate::layers::mlp::PerceptronNetwork;
use crate::rng::TrainingRng;
use crate::songs::Songs;
use crate::training::{BatchSource, Gradients, LearningRate, Objective, Recipe, mean_loss};

/// The kind.
pub(super) const KIND: Kind = Kind {
    name: StepModel::KIND,
    about: "Next-step model: a perceptron over lagged steps; learns from whole songs",
    options: &[],
    train: TrainKind::Songs(train),
    sequence: Some(SequenceKind {
        matches: |model| model.kind() == StepModel::KIND,
        generator: |model| Ok(Box::new(StepModel::new(model.weights())?)),
        evaluate: |model, songs| Ok(evaluate_steps(&StepModel::new(model.weights())?, &songs)),
        shipped: |_| Some("step.safetensors"),
        title: "step model",
        predicts_steps: true,
        generates_phrases: |_| true,
        phrases: |model, request| Ok(continued_phrases(&StepModel::new(model.weights())?, request)),
    }),
};

/// Consecutive steps of one example.
const WINDOW: usize = 64;
/// Examples of an epoch: a million steps.
const WINDOWS: usize = 16_384;
/// The probability that a lag is hidden in an example, so that the model does not only copy.
const LAG_DROPOUT: f32 = 0.1;
/// One in this many steps of the validation songs is measured.
const VALIDATION_ONE_IN: usize = 29;

fn train(run: &mut Run<'_>, songs: Songs) -> Result<SequenceModel> {
    let recipe = recipe(run, format!("step of {}", songs.sha256), 8);
    let objective = StepTraining::new(songs.training, &songs.validation);
    run.train_sequence(&objective, &recipe, StepModel::KIND, &(), STEP_SHAPE.arrays())
}

/// The recipe of step and phrase model.
pub(super) fn recipe(run: &Run<'_>, subject: String, epochs: usize) -> Recipe {
    let rate = LearningRate::OneCycle { peak: 2e-3, warm_up: 0.05 };
    Recipe { early_stop_epochs: 3, ..Recipe::new(subject, run.epochs.unwrap_or(epochs), 8, rate, run.seed) }
}

/// A step model to be trained on songs.
struct StepTraining {
    windows: WindowsWithDropout,
    /// The validation steps: a part of a song and the index of the step in it.
    validation: Vec<(Vec<u16>, usize)>,
}

/// Windows that begin at a random step of a song, each with the lags that are hidden in it (lag dropout).
struct WindowsWithDropout(RandomSteps);

impl BatchSource for WindowsWithDropout {
    type Example<'a> = (&'a [u16], usize, [bool; LAGS.len()]);

    fn epoch_len(&self) -> usize {
        WINDOWS
    }

    fn epoch<'a>(
        &'a self,
        _: u64,
        _: u64,
    ) -> impl FnMut(usize, &mut TrainingRng) -> Vec<Self::Example<'a>> + 'a {
        |count, rng| {
            let mut example = |_| {
                let (song, first) = self.0.step(rng);
                (song, first, std::array::from_fn(|_| rng.unit() < LAG_DROPOUT))
            };
            (0..count).map(&mut example).collect()
        }
    }
}

impl StepTraining {
    fn new(training: Vec<Vec<u16>>, validation: &[Vec<u16>]) -> Self {
        // The model's features cover no more of the past.
        let longest = LAGS[LAGS.len() - 1] + nets::ONE_BAR;
        let example = |song: &Vec<u16>, step: usize| {
            let from = step.saturating_sub(longest) / nets::ONE_BAR * nets::ONE_BAR;
            (song[from..=step].to_vec(), step - from)
        };
        let validation = validation
            .iter()
            .flat_map(|song| (0..song.len()).step_by(VALIDATION_ONE_IN).map(move |step| example(song, step)))
            .collect();
        Self { windows: WindowsWithDropout(RandomSteps::new(training)), validation }
    }
}

/// Features and classes of some steps.
#[derive(Default)]
struct StepBatch {
    /// `[steps, STEP_FEATURES]`
    features: Vec<f32>,
    /// `[steps]`
    classes: Vec<i32>,
}

impl StepBatch {
    fn add(&mut self, song: &[u16], step: usize, hidden: impl Fn(usize) -> bool) {
        let from = self.features.len();
        self.features.resize(from + STEP_FEATURES, 0.0);
        encode_step(&song[..step], hidden, |input| self.features[from + input] = 1.0);
        self.classes.push(i32::from(song[step]));
    }

    /// The mean cross-entropy of a step, in nats.
    fn loss(self, model: &PerceptronNetwork, device: &Device) -> Tensor<1> {
        let rows = self.classes.len();
        let features = Tensor::<2>::from_data(TensorData::new(self.features, [rows, STEP_FEATURES]), device);
        let classes = Tensor::<2, Int>::from_data(TensorData::new(self.classes, [rows, 1]), device);
        log_softmax(model.forward(features), 1).gather(1, classes).mean().neg() // [steps, 512] to [1]
    }
}

impl Objective for StepTraining {
    type Model = PerceptronNetwork;
    type Source = WindowsWithDropout;

    fn source(&self) -> &WindowsWithDropout {
        &self.windows
    }

    fn initial(&self, seed: u64, device: &Device) -> Result<PerceptronNetwork> {
        let weights = Weights::initial(&STEP_SHAPE.arrays(), seed);
        Ok(PerceptronNetwork::from_weights(&STEP_SHAPE, &weights, device)?)
    }

    fn gradients(
        &self,
        model: &PerceptronNetwork,
        windows: &[(&[u16], usize, [bool; LAGS.len()])],
        _: &mut TrainingRng,
        _: f64,
    ) -> Result<Gradients> {
        let mut batch = StepBatch::default();
        for (song, first, hidden) in windows {
            for step in (*first..song.len()).take(WINDOW) {
                batch.add(song, step, |lag| hidden[lag]);
            }
        }
        Gradients::of_loss(batch.loss(model, &nets::device().autodiff()), model)
    }

    fn validation_loss(&self, model: &PerceptronNetwork) -> Result<f64> {
        mean_loss(&self.validation, 1024, |examples| {
            let mut batch = StepBatch::default();
            examples.iter().for_each(|(song, step)| batch.add(song, *step, |_| false));
            Ok(batch.loss(model, &nets::device()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::tests_support::losses;

    #[test]
    fn a_song_that_repeats_is_learnt() -> Result<()> {
        // Two bars over and over: the step two bars ago determines the next one.
        let song = |seed: u16| (0..512).map(|step: u16| (step % 32 * 37 + seed) % 512).collect::<Vec<u16>>();
        let objective = StepTraining::new(vec![song(2)], &[song(2)]);
        let rate = LearningRate::OneCycle { peak: 3e-3, warm_up: 0.0 };
        let recipe = Recipe::new(String::new(), 1, 2, rate, 1);
        let losses = losses(&objective, &recipe, 20)?;
        let last = losses[15..].iter().sum::<f64>() / 5.0;
        assert!(last < losses[0] / 2.0, "{losses:?}");
        Ok(())
    }
}
