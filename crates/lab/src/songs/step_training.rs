//! Teaches a step model what comes next in songs.

use anyhow::Result;
use burn::optim::GradientsParams;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use nets::{LAGS, STEP, STEP_SEEN, SparseNetwork, Weights, see};

use super::anywhere::Anywhere;
use crate::chance::Dice;
use crate::training::{Gradients, Objective};

/// Consecutive steps of one row of a batch.
const WINDOW: usize = 64;
/// Windows of an epoch: a million steps.
const WINDOWS: usize = 16_384;
/// How often each lag is hidden, so that the model does not only copy.
const HIDDEN: f32 = 0.1;
/// Every so many steps one is measured for validation.
const VALIDATION_ONE_IN: usize = 29;

/// A step model to be trained on songs.
pub(crate) struct StepTraining {
    training: Anywhere,
    /// The steps that decide when it has learnt enough: a song and a step in it.
    checks: Vec<(Vec<u16>, usize)>,
}

impl StepTraining {
    /// What these songs teach.
    pub(crate) fn new(training: Vec<Vec<u16>>, validation: &[Vec<u16>]) -> Self {
        // As much of the past as the model sees is enough.
        let reach = LAGS[LAGS.len() - 1] + 16;
        let check = |song: &Vec<u16>, step: usize| {
            let from = step.saturating_sub(reach) / 16 * 16;
            (song[from..=step].to_vec(), step - from)
        };
        let checks = validation
            .iter()
            .flat_map(|song| (0..song.len()).step_by(VALIDATION_ONE_IN).map(move |step| check(song, step)))
            .collect();
        Self { training: Anywhere::new(training), checks }
    }
}

/// Inputs and answers of some steps.
#[derive(Default)]
struct Batch {
    seen: Vec<f32>,
    next: Vec<i32>,
}

impl Batch {
    fn add(&mut self, song: &[u16], step: usize, hidden: impl Fn(usize) -> bool) {
        let from = self.seen.len();
        self.seen.resize(from + STEP_SEEN, 0.0);
        see(&song[..step], hidden, |input| self.seen[from + input] = 1.0);
        self.next.push(i32::from(song[step]));
    }

    /// The mean loss in nats a step.
    fn loss(self, model: &SparseNetwork, device: &Device) -> Tensor<1> {
        let rows = self.next.len();
        let seen = Tensor::<2>::from_data(TensorData::new(self.seen, [rows, STEP_SEEN]), device);
        let next = Tensor::<2, Int>::from_data(TensorData::new(self.next, [rows, 1]), device);
        log_softmax(model.forward(seen), 1).gather(1, next).mean().neg() // [batch, 512] to [1]
    }
}

impl Objective for StepTraining {
    type Model = SparseNetwork;

    fn initial(&self, seed: u64, device: &Device) -> Result<SparseNetwork> {
        Ok(SparseNetwork::from_weights(&STEP, &Weights::initial(&STEP.arrays(), seed), device)?)
    }

    fn rows(&self) -> usize {
        WINDOWS
    }

    fn gradients(
        &self,
        model: &SparseNetwork,
        rows: &[usize],
        dice: &mut Dice,
        _done: f64,
    ) -> Result<Gradients> {
        let mut batch = Batch::default();
        for _ in rows {
            let (song, first) = self.training.step(dice);
            let hidden: [bool; LAGS.len()] = std::array::from_fn(|_| dice.unit() < HIDDEN);
            for step in (first..song.len()).take(WINDOW) {
                batch.add(song, step, |lag| hidden[lag]);
            }
        }
        let loss = batch.loss(model, &nets::device().autodiff());
        let gradients = GradientsParams::from_grads(loss.backward(), model);
        Ok(Gradients { model: gradients, critic: None, loss: f64::from(loss.try_into_scalar::<f32>()?) })
    }

    fn validation_loss(&self, model: &SparseNetwork) -> Result<f64> {
        let mut total = 0.0;
        for checks in self.checks.chunks(1024) {
            let mut batch = Batch::default();
            checks.iter().for_each(|(song, step)| batch.add(song, *step, |_| false));
            let loss = batch.loss(model, &nets::device()).try_into_scalar::<f32>()?;
            total += f64::from(loss) * checks.len() as f64;
        }
        Ok(total / self.checks.len().max(1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{OneCycle, Recipe, train};
    use std::ops::ControlFlow;

    #[test]
    fn a_song_that_repeats_is_learnt() -> Result<()> {
        // Two bars of their own, over and over: whoever looks two bars back knows what comes.
        let song = |seed: u16| (0..512).map(|step: u16| (step % 32 * 37 + seed) % 512).collect::<Vec<u16>>();
        let objective = StepTraining::new(vec![song(2)], &[song(2)]);
        let recipe = Recipe {
            subject: String::new(),
            epochs: 1,
            batch: 2,
            rate: OneCycle { peak: 3e-3, warm_up: 0.0 },
            critic_rate: 1e-3,
            clip: 50.0,
            patience: 5,
            seed: 1,
        };
        let mut losses = Vec::new();
        train(&objective, &recipe, None, |moment| {
            if let crate::training::Moment::Step { loss, .. } = moment {
                losses.push(loss);
            }
            Ok(if losses.len() < 20 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        let last = losses[15..].iter().sum::<f64>() / 5.0;
        assert!(last < losses[0] / 2.0, "{losses:?}");
        Ok(())
    }
}
