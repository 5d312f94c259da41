//! Teaches a recurrent model what comes next in songs.

use anyhow::{Context, Result};
use beat::{CLASSES, PIECES};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use ndarray::Array2;
use nets::{RecurrentNetwork, RecurrentShape, Weights};

use super::anywhere::Anywhere;
use crate::chance::Dice;
use crate::training::next_class::cross_entropy_slopes;
use crate::training::recurrence::{Pass, array, forward, tensor};
use crate::training::{Gradients, Objective};

/// Steps of an epoch: a million.
const EPOCH_STEPS: usize = 1 << 20;
/// Of each song that decides when to stop, so many steps from its start on are measured.
const VALIDATION_STEPS: usize = 512;
/// So many of those songs at once.
const VALIDATION_BATCH: usize = 16;

/// A recurrent model to be trained on songs. Every window begins with nothing remembered: nothing is kept
/// from one batch to the next, so that a resumed run is the same run.
pub(crate) struct RecurrentTraining {
    shape: RecurrentShape,
    training: Anywhere,
    /// Consecutive steps of one window.
    window: usize,
    /// The beginnings of the songs that decide when it has learnt enough.
    checks: Vec<Vec<u16>>,
}

impl RecurrentTraining {
    /// What these songs teach, in windows of so many steps.
    pub(crate) fn new(
        shape: RecurrentShape,
        training: Vec<Vec<u16>>,
        validation: &[Vec<u16>],
        window: usize,
    ) -> Self {
        let beginning = |song: &Vec<u16>| song[..song.len().min(VALIDATION_STEPS)].to_vec();
        let checks = validation.iter().map(beginning).collect();
        Self { shape, training: Anywhere::new(training), window, checks }
    }
}

/// Windows of some songs: what a model hears and what it should answer.
struct Batch {
    windows: usize,
    steps: usize,
    /// `[steps * windows, inputs]`, row `step * windows + window`.
    heard: Array2<f32>,
    /// `[windows, steps]`
    next: Vec<i32>,
    /// The pieces of `next`, `[windows, steps, 9]`.
    played: Vec<f32>,
    /// 1 where the song goes on, 0 behind its end: `[windows, steps]`
    counts: Vec<f32>,
}

impl Batch {
    /// Windows of at most `steps` steps: songs and where in them they begin.
    fn of(shape: &RecurrentShape, windows: &[(&[u16], usize)], steps: usize) -> Self {
        let count = windows.len();
        let mut batch = Self {
            windows: count,
            steps,
            heard: Array2::zeros([steps * count, shape.inputs()]),
            next: Vec::with_capacity(count * steps),
            played: Vec::with_capacity(count * steps * PIECES),
            counts: Vec::with_capacity(count * steps),
        };
        for (window, (song, from)) in windows.iter().enumerate() {
            for step in 0..steps {
                let class = song.get(from + step).copied();
                if class.is_some() {
                    let heard = &mut batch.heard;
                    shape.hears(&song[..from + step], |input| heard[[step * count + window, input]] = 1.0);
                }
                let played = class.unwrap_or(0);
                batch.next.push(i32::from(played) % CLASSES as i32);
                batch.played.extend((0..PIECES).map(|piece| f32::from(played >> piece & 1)));
                batch.counts.push(if class.is_some() { 1.0 } else { 0.0 });
            }
        }
        batch
    }

    /// What the layers did, the last one last.
    fn passes(&mut self, model: &RecurrentNetwork) -> Result<Vec<Pass>> {
        let mut heard = std::mem::take(&mut self.heard);
        let mut passes = Vec::new();
        for layer in model.layers() {
            let pass = forward(layer, heard, self.windows, None)?;
            heard = pass.said().to_owned();
            passes.push(pass);
        }
        Ok(passes)
    }

    /// How many steps count.
    fn counted(&self) -> f32 {
        self.counts.iter().sum::<f32>().max(1.0)
    }

    /// The logits of every step, `[windows * steps, 512]`, given what the last layer said, `[steps *
    /// windows, width]`.
    fn logits(&self, model: &RecurrentNetwork, said: Tensor<2>) -> Tensor<2> {
        let [_, width] = said.dims();
        let device = said.device();
        let said = said.reshape([self.steps, self.windows, width]).swap_dims(0, 1); // [windows, steps, width]
        let played = TensorData::new(self.played.clone(), [self.windows, self.steps, PIECES]);
        model.answer(said, Tensor::from_data(played, &device))
    }

    /// The mean nats over all steps that count, and how it follows each logit.
    fn missed(&self, logits: &Tensor<2>) -> Result<(f64, Tensor<2>)> {
        let [rows, classes] = logits.dims();
        let mut slopes = logits.to_data().try_into_vec_as::<f32>()?;
        let share = 1.0 / self.counted();
        let counts: Vec<f32> = self.counts.iter().map(|count| count * share).collect();
        let mean = cross_entropy_slopes(&mut slopes, classes, &self.next, &counts);
        let slopes = Tensor::from_data(TensorData::new(slopes, [rows, classes]), &logits.device());
        Ok((mean, slopes))
    }
}

impl Objective for RecurrentTraining {
    type Model = RecurrentNetwork;

    fn initial(&self, seed: u64, device: &Device) -> Result<RecurrentNetwork> {
        let weights = Weights::initial(&self.shape.arrays(), seed);
        Ok(RecurrentNetwork::from_weights(&self.shape, &weights, device)?)
    }

    fn rows(&self) -> usize {
        EPOCH_STEPS / self.window
    }

    fn gradients(
        &self,
        model: &RecurrentNetwork,
        rows: &[usize],
        dice: &mut Dice,
        _done: f64,
    ) -> Result<Gradients> {
        let windows: Vec<(&[u16], usize)> =
            rows.iter().map(|_| self.training.bars(self.window, dice)).collect();
        let mut batch = Batch::of(&self.shape, &windows, self.window);
        let passes = batch.passes(model)?;
        let said = passes.last().context("a recurrent model has layers")?.said().to_owned();
        let size = [said.nrows(), said.ncols()];

        // On the tape lies what is between the last layer and the logits; the rest of the way back is
        // written by hand.
        let device = nets::device().autodiff();
        let said = Tensor::<2>::from_data(tensor(said).into_data(), &device).require_grad();
        let logits = batch.logits(model, said.clone());
        let (loss, slopes) = batch.missed(&logits)?;
        let mut tape = (logits * slopes).sum().backward();
        let of_said = said.grad(&tape).context("the loss follows what the last layer said")?;
        let mut of_said = array(of_said, size)?;
        let mut gradients = GradientsParams::from_module(&mut tape, model);
        for (layer, pass) in model.layers().iter().zip(&passes).rev() {
            let slopes = pass.backward(&of_said);
            of_said = slopes.register(layer, &mut gradients);
        }
        Ok(Gradients { model: gradients, critic: None, loss })
    }

    fn validation_loss(&self, model: &RecurrentNetwork) -> Result<f64> {
        let (mut total, mut counted) = (0.0, 0.0);
        for songs in self.checks.chunks(VALIDATION_BATCH) {
            let windows: Vec<(&[u16], usize)> = songs.iter().map(|song| (song.as_slice(), 0)).collect();
            let steps = songs.iter().map(Vec::len).max().unwrap_or(0);
            let mut batch = Batch::of(&self.shape, &windows, steps);
            let passes = batch.passes(model)?;
            let said = passes.last().context("a recurrent model has layers")?.said().to_owned();
            let count = f64::from(batch.counted());
            total += batch.missed(&batch.logits(model, tensor(said)))?.0 * count;
            counted += count;
        }
        Ok(total / f64::max(counted, 1.0))
    }
}

#[cfg(test)]
mod tests;
