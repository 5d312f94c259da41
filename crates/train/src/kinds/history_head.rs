//! The history head: an autoregressive correction of a frozen decoder, trained on top of a model. `nets` has
//! its inference.

use anyhow::{Context, Result};
use beat::{Grid, INSTRUMENTS, Pattern};
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use nets::layers::{LayerReader, weights_of};
use nets::{
    Decoder, HEAD_WIDTH, HISTORY, LATENT, Latent, Model, Weights, WeightsFault, head_arrays, patterns_tensor,
};

use super::{Kind, Run, TrainKind, quality, set_quality};
use crate::adopt::adopted;
use crate::latents::encode;
use crate::layers::cross_entropy::binary_cross_entropy;
use crate::patterns::{Patterns, patterns_of};
use crate::rng::TrainingRng;
use crate::training::{Gradients, LearningRate, Objective, Recipe, ShuffledRows};

/// The kind.
pub(super) const KIND: Kind = Kind {
    name: "history-head",
    about: "History head for a trained model: draws each cell given those before it; learns from patterns",
    options: &[],
    train: TrainKind::PatternsOnModel(train),
    sequence: None,
};

/// Standard deviation of the noise on a latent, in deviations of all codes: the head must not rely on the
/// exact code.
const LATENT_NOISE: f32 = 0.05;
/// The share of patterns whose history is hidden, so that the head learns the first steps of a pattern too.
const HISTORY_DROPOUT: f32 = 0.08;

/// Trains a history head for a model that stays as it is.
fn train(run: &mut Run<'_>, patterns: &Patterns, model: Model) -> Result<Model> {
    let device = nets::device();
    let encoder = model.encoder(&device).with_context(|| {
        format!("{} came without its encoder, so no head can be trained for it", model.file())
    })?;
    let grid = *model.grid();
    let encoded = |patterns: Vec<Pattern>| -> Result<Vec<(Pattern, Latent)>> {
        let latents = encode(&encoder, &patterns, &grid)?;
        Ok(patterns.into_iter().zip(latents).collect())
    };
    let objective = HeadTraining {
        grid,
        start: run
            .start
            .as_ref()
            .map(|start| adopted(start, &grid))
            .filter(|start| start.has_prefix("head.")),
        decoder: model.decoder(&device),
        training: ShuffledRows(encoded(patterns.learnt())?),
        validation: encoded(patterns_of(&patterns.validation()))?,
        deviation: model.codes().deviation,
    };
    let subject = format!("HistoryHead of {} for {}", patterns.sha256, model.sha256_hex());
    let rate = LearningRate::OneCycle { peak: 4e-3, warm_up: 0.1 };
    let recipe = Recipe::new(subject, run.epochs.unwrap_or(16), 256, rate, run.seed);
    let (head, losses) = run.train(&objective, &recipe)?;
    let mut parts = model.into_parts();
    parts.weights.extend(weights_of(&head, head_arrays(&grid)));
    parts.provenance.commands.extend(run.provenance.commands.last().cloned());
    set_quality(&mut parts.provenance.quality, "head", quality(&losses));
    Ok(Model::new("the trained model", parts)?)
}

/// A history head to be trained beside a frozen decoder.
struct HeadTraining {
    grid: Grid,
    /// The weights to start from.
    start: Option<Weights>,
    /// The decoder, without autodiff.
    decoder: Decoder,
    training: ShuffledRows<(Pattern, Latent)>,
    validation: Vec<(Pattern, Latent)>,
    /// The deviation of all codes.
    deviation: Latent,
}

impl HeadTraining {
    /// The logits of a batch, on `device`.
    fn logits(
        &self,
        head: &HeadNetwork,
        rows: &[(Pattern, Latent)],
        hidden: &[bool],
        device: &Device,
    ) -> Tensor<2> {
        let latents: Vec<f32> = rows.iter().flat_map(|(_, latent)| *latent).collect();
        let data = TensorData::new(latents, [rows.len(), LATENT]);
        let decoded = self.decoder.forward(Tensor::from_data(data.clone(), &nets::device())); // [batch, 448]
        // Copying through host memory detaches the tensor, so that the frozen decoder has no backward pass.
        let decoded = Tensor::from_data(decoded.into_data(), device);
        let patterns: Vec<Pattern> = rows.iter().map(|(pattern, _)| *pattern).collect();
        let mut past = patterns.clone();
        for (past, hidden) in past.iter_mut().zip(hidden) {
            if *hidden {
                *past = Pattern::EMPTY;
            }
        }
        let [past, patterns] = [past, patterns].map(|rows| patterns_tensor(&rows, &self.grid, device)); // [batch, cells]
        head.forward(decoded, Tensor::from_data(data, device), past, patterns)
    }
}

impl Objective for HeadTraining {
    type Model = HeadNetwork;
    type Source = ShuffledRows<(Pattern, Latent)>;

    fn source(&self) -> &ShuffledRows<(Pattern, Latent)> {
        &self.training
    }

    fn initial(&self, seed: u64, device: &Device) -> Result<HeadNetwork> {
        let fresh = || Weights::initial(&head_arrays(&self.grid), seed);
        let weights = self.start.clone().unwrap_or_else(fresh);
        Ok(HeadNetwork::from_weights(&weights, &self.grid, device)?)
    }

    fn gradients(
        &self,
        model: &HeadNetwork,
        batch: &[&(Pattern, Latent)],
        rng: &mut TrainingRng,
        _: f64,
    ) -> Result<Gradients> {
        let device = nets::device().autodiff();
        let mut batch: Vec<(Pattern, Latent)> = batch.iter().map(|row| **row).collect();
        for (_, latent) in &mut batch {
            for (value, deviation) in latent.iter_mut().zip(self.deviation) {
                *value += LATENT_NOISE * deviation * rng.normal();
            }
        }
        let hidden: Vec<bool> = batch.iter().map(|_| rng.unit() < HISTORY_DROPOUT).collect();
        let truth: Vec<Pattern> = batch.iter().map(|(pattern, _)| *pattern).collect();
        let logits = self.logits(model, &batch, &hidden, &device);
        let loss = binary_cross_entropy(logits, patterns_tensor(&truth, &self.grid, &device)).sum()
            / batch.len() as f32;
        Gradients::of_loss(loss, model)
    }

    fn validation_loss(&self, model: &HeadNetwork) -> Result<f64> {
        let device = nets::device();
        let mut total = 0.0;
        for batch in self.validation.chunks(256) {
            let truth: Vec<Pattern> = batch.iter().map(|(pattern, _)| *pattern).collect();
            let logits = self.logits(model, batch, &vec![false; batch.len()], &device);
            let cells = binary_cross_entropy(logits, patterns_tensor(&truth, &self.grid, &device));
            total += f64::from(cells.sum().try_into_scalar::<f32>()?);
        }
        Ok(total / self.validation.len().max(1) as f64)
    }
}

/// The history head as a burn module, all 448 cells of a batch at once:
/// `logit = decoder(z) + C relu(M relu(A last-16-steps + B z + P[step])) + U (lower instruments)`.
/// [`HistoryHead`](nets::HistoryHead) is the same network for inference, cell by cell.
#[derive(Module, Debug)]
struct HeadNetwork {
    history: Param<Tensor<2>>,
    latent: Param<Tensor<2>>,
    position: Param<Tensor<2>>,
    inner: Linear,
    output: Linear,
    lower: Param<Tensor<2>>,
}

impl HeadNetwork {
    /// The head of these weights. Fresh ones: `Weights::initial(&head_arrays(&grid), seed)`.
    fn from_weights(weights: &Weights, grid: &Grid, device: &Device) -> Result<Self, WeightsFault> {
        let mut reader = LayerReader::new(weights, head_arrays(grid), device);
        Ok(Self {
            history: reader.parameter()?,
            latent: reader.parameter()?,
            position: reader.parameter()?,
            inner: reader.linear()?,
            output: reader.linear()?,
            lower: reader.parameter()?,
        })
    }

    /// The logits of every cell given the true cells before it. The history is taken from `past`: the patterns, with
    /// rows of zeros where training hides it.
    ///
    /// # Shapes
    ///
    /// - logits: `[batch, 448]`, of the decoder
    /// - latents: `[batch, 4]`
    /// - past and patterns: `[batch, 448]`, each cell 0 or 1
    /// - output: `[batch, 448]`, logits
    fn forward(
        &self,
        logits: Tensor<2>,
        latents: Tensor<2>,
        past: Tensor<2>,
        patterns: Tensor<2>,
    ) -> Tensor<2> {
        let ([batch, cells], [steps, _]) = (logits.dims(), self.position.dims());
        let rows = batch * steps;
        let history = windows(past, steps).matmul(self.history.val()).reshape([batch, steps, HEAD_WIDTH]);
        let place = latents.matmul(self.latent.val()).reshape([batch, 1, HEAD_WIDTH]);
        let position = self.position.val().reshape([1, steps, HEAD_WIDTH]);
        let h = relu(history + place + position).reshape([rows, HEAD_WIDTH]); // [batch x steps, 128]
        let h = relu(self.inner.forward(h)); // [batch x steps, 64]
        let now = patterns.reshape([rows, INSTRUMENTS]); // [batch x steps, 14]
        let lower = self.lower.val() * lower_instruments(&now.device());
        let added = self.output.forward(h) + now.matmul(lower); // [batch x steps, 14]
        logits + added.reshape([batch, cells]) // [batch, cells]
    }
}

/// The 16 steps before each step.
///
/// # Shapes
///
/// - past: `[batch, steps x 14]`
/// - output: `[batch x steps, 16 x 14]`, the step before first
fn windows(past: Tensor<2>, steps: usize) -> Tensor<2> {
    let [batch, _] = past.dims();
    let silence = Tensor::zeros([batch, HISTORY, INSTRUMENTS], &past.device());
    let padded = Tensor::cat(vec![silence, past.reshape([batch, steps, INSTRUMENTS])], 1); // [batch, 16 + steps, 14]
    let lagged = |lag: usize| padded.clone().narrow(1, HISTORY - lag, steps); // [batch, steps, 14]
    let windows = Tensor::cat((1..=HISTORY).map(lagged).collect(), 2); // [batch, steps, 224]
    windows.reshape([batch * steps, HISTORY * INSTRUMENTS])
}

/// # Shapes
///
/// - output: `[14, 14]`, 1 where the row is a lower instrument than the column
fn lower_instruments(device: &Device) -> Tensor<2> {
    let cell = |index: usize| f32::from(u8::from(index / INSTRUMENTS < index % INSTRUMENTS));
    let mask: Vec<f32> = (0..INSTRUMENTS * INSTRUMENTS).map(cell).collect();
    Tensor::from_data(TensorData::new(mask, [INSTRUMENTS, INSTRUMENTS]), device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nets::layers::floats;
    use nets::{CounterRng, HistoryHead, Logits, RngStream, device, probability};

    fn row(values: &[f32]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [1, values.len()]), &device())
    }

    #[test]
    fn inference_and_training_network_agree() {
        for (grid, take) in Grid::ALL.into_iter().flat_map(|grid| (0..4).map(move |take| (grid, take))) {
            let weights = Weights::initial(&head_arrays(&grid), 5);
            let inference = HistoryHead::from_weights(&weights, &grid).expect("sound weights");
            let head = HeadNetwork::from_weights(&weights, &grid, &device()).expect("sound weights");
            let rng = CounterRng { seed: 1, take };
            let decoded: Logits =
                std::array::from_fn(|cell| 4.0 * rng.uniform(cell, RngStream::Latent) - 3.0);
            let latent = [0.5, -1.0, 2.0, take as f32];
            let mut one_by_one = vec![0.0; grid.cells()];
            let pattern = inference.decode(
                |_| latent,
                &decoded,
                |step, instrument, logit| {
                    let cell = step * INSTRUMENTS + instrument;
                    one_by_one[cell] = logit;
                    rng.uniform(cell, RngStream::Onset) < probability(logit)
                },
            );
            assert!((20..300).contains(&pattern.hits()), "{} hits", pattern.hits());
            let cells = patterns_tensor(&[pattern], &grid, &device());
            let parallel =
                floats(head.forward(row(&decoded[..grid.cells()]), row(&latent), cells.clone(), cells));
            for (cell, (one_by_one, parallel)) in one_by_one.iter().zip(parallel).enumerate() {
                assert!((one_by_one - parallel).abs() < 1e-5, "cell {cell}: {one_by_one} and {parallel}");
            }
        }
    }

    #[test]
    fn a_head_is_restored_from_its_weights() {
        let grid = Grid::FOUR_FOUR;
        let weights = Weights::initial(&head_arrays(&grid), 5);
        let head = HeadNetwork::from_weights(&weights, &grid, &device()).expect("sound weights");
        assert_eq!(weights_of(&head, head_arrays(&grid)), weights);
        assert!(HeadNetwork::from_weights(&Weights::default(), &grid, &device()).is_err());
    }
}
