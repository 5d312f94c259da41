//! The training loop, the same for all models: they differ in the source of batches and in the objective.
//!
//! Nothing here prints, spawns threads or handles signals: progress and cancellation go through the `watch`
//! callback, and checkpoints are handed to it.

mod checkpoint;
mod recipe;

use std::ops::ControlFlow;

use anyhow::{Context, Result, ensure};
use burn::grad_clipping::GradientClippingConfig;
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};

use crate::rng::{Purpose, TrainingRng};

pub use checkpoint::{Checkpoint, Epoch, Parameters, read_parameters, write_parameters};
pub use recipe::{LearningRate, Recipe};

/// The source of the training examples.
pub trait BatchSource {
    /// One training example.
    type Example<'a>
    where
        Self: 'a;

    /// Examples of one epoch.
    fn epoch_len(&self) -> usize;

    /// The examples of an epoch in the order in which they are trained on: a function that gives the next
    /// `count` of them. It may draw from the epoch's random numbers.
    fn epoch<'a>(
        &'a self,
        seed: u64,
        epoch: u64,
    ) -> impl FnMut(usize, &mut TrainingRng) -> Vec<Self::Example<'a>> + 'a;
}

/// A source of rows that are all trained on once an epoch, in random order.
#[derive(Clone, Debug)]
pub struct ShuffledRows<T>(pub Vec<T>);

impl<T> BatchSource for ShuffledRows<T> {
    type Example<'a>
        = &'a T
    where
        T: 'a;

    fn epoch_len(&self) -> usize {
        self.0.len()
    }

    fn epoch<'a>(&'a self, seed: u64, epoch: u64) -> impl FnMut(usize, &mut TrainingRng) -> Vec<&'a T> + 'a {
        let mut order = TrainingRng::new(seed, Purpose::Order, epoch).order(self.0.len()).into_iter();
        move |count, _| order.by_ref().take(count).map(|row| &self.0[row]).collect()
    }
}

/// A network and the loss that it is trained for.
pub trait Objective {
    /// The network, with its adversary where it has one.
    type Model: Module;
    /// The source of its training examples.
    type Source: BatchSource;

    /// The training examples.
    fn source(&self) -> &Self::Source;

    /// The network before training, on `device`: the same for the same seed.
    ///
    /// # Errors
    ///
    /// The network can't be built from its config.
    fn initial(&self, seed: u64, device: &Device) -> Result<Self::Model>;

    /// Loss and gradients of a batch. `progress` (0..1) is the share of the run that is done.
    ///
    /// # Errors
    ///
    /// A tensor can't be read back.
    fn gradients(
        &self,
        model: &Self::Model,
        batch: &[<Self::Source as BatchSource>::Example<'_>],
        rng: &mut TrainingRng,
        progress: f64,
    ) -> Result<Gradients>;

    /// The mean loss on the validation examples, without noise. `model` has no autodiff.
    ///
    /// # Errors
    ///
    /// A tensor can't be read back.
    fn validation_loss(&self, model: &Self::Model) -> Result<f64>;
}

/// Loss and gradients of one batch.
pub struct Gradients {
    /// The mean loss of the batch.
    pub loss: f64,
    /// One set of gradients for each optimizer of the recipe: the model's, then its adversary's where it has
    /// one.
    pub by_optimizer: Vec<GradientsParams>,
}

impl Gradients {
    /// Those of a network with one optimizer.
    pub fn of(loss: f64, gradients: GradientsParams) -> Self {
        Self { loss, by_optimizer: vec![gradients] }
    }

    /// Those of a loss by autodiff, of a network with one optimizer.
    ///
    /// # Errors
    ///
    /// The loss can't be read back.
    pub fn of_loss(loss: Tensor<1>, model: &impl Module) -> Result<Self> {
        let gradients = GradientsParams::from_grads(loss.backward(), model);
        Ok(Self::of(f64::from(loss.try_into_scalar::<f32>()?), gradients))
    }
}

/// The mean loss over all examples; `loss` gives the mean over at most `batch` of them.
pub(crate) fn mean_loss<T>(
    examples: &[T],
    batch: usize,
    loss: impl Fn(&[T]) -> Result<Tensor<1>>,
) -> Result<f64> {
    let mut total = 0.0;
    for batch in examples.chunks(batch) {
        total += f64::from(loss(batch)?.try_into_scalar::<f32>()?) * batch.len() as f64;
    }
    Ok(total / examples.len().max(1) as f64)
}

/// Progress of the loop; at each of these points it can be stopped.
pub enum Progress<'a> {
    /// A step is done.
    Step {
        /// Steps done in the whole run.
        done: usize,
        /// Steps of the whole run.
        of: usize,
        /// The mean loss of the batch.
        loss: f64,
    },
    /// An epoch is done; a resumed run continues from the checkpoint.
    Epoch(&'a Checkpoint),
}

/// The result of a run.
pub struct Trained {
    /// The parameters after the best epoch.
    pub best: Parameters,
    /// The losses of each epoch.
    pub epochs: Vec<Epoch>,
    /// Whether `watch` stopped the run before its end.
    pub interrupted: bool,
}

/// Trains from scratch, or continues from a checkpoint to the same result. `watch` is called after every step
/// and every epoch, and stops the run by breaking.
///
/// # Errors
///
/// The checkpoint is of another run, the source is empty, the loss is no longer finite, or `watch` failed.
pub fn train<O: Objective>(
    objective: &O,
    recipe: &Recipe,
    start: Option<Checkpoint>,
    watch: &mut dyn FnMut(Progress<'_>) -> Result<ControlFlow<()>>,
) -> Result<Trained> {
    let device = nets::device().autodiff();
    let source = objective.source();
    let rows = source.epoch_len();
    let run = serde_json::to_string(&(recipe, rows))?;
    let mut state = match start {
        Some(checkpoint) => {
            ensure!(checkpoint.run == run, "the checkpoint belongs to another run ({})", checkpoint.run);
            checkpoint
        }
        None => initial_checkpoint(objective, recipe, run, &device)?,
    };
    let steps = rows.div_ceil(recipe.batch);
    while state.epochs.len() < recipe.epochs && !is_stale(&state.epochs, recipe.early_stop_epochs) {
        let epoch = state.epochs.len();
        let mut runner = Runner::new(objective, recipe, &state, &device)?;
        let mut rng = TrainingRng::new(recipe.seed, Purpose::Loss, epoch as u64);
        let mut next_batch = source.epoch(recipe.seed, epoch as u64);
        let mut total = 0.0;
        for step in 0..steps {
            let count = recipe.batch.min(rows - step * recipe.batch);
            let batch = next_batch(count, &mut rng);
            let done = epoch * steps + step;
            let loss = runner.step(&batch, &mut rng, done as f64 / (recipe.epochs * steps) as f64)?;
            total += loss * count as f64;
            if watch(Progress::Step { done: done + 1, of: recipe.epochs * steps, loss })?.is_break() {
                return Ok(Trained { best: state.best, epochs: state.epochs, interrupted: true });
            }
        }
        state = runner.finish(state, total / rows as f64)?;
        if watch(Progress::Epoch(&state))?.is_break() {
            return Ok(Trained { best: state.best, epochs: state.epochs, interrupted: true });
        }
    }
    Ok(Trained { best: state.best, epochs: state.epochs, interrupted: false })
}

/// The state before the first epoch.
fn initial_checkpoint<O: Objective>(
    objective: &O,
    recipe: &Recipe,
    run: String,
    device: &Device,
) -> Result<Checkpoint> {
    ensure!(objective.source().epoch_len() > 0, "there is no pattern to train on");
    let model = objective.initial(recipe.seed, device)?;
    let now = read_parameters(&model)?;
    Ok(Checkpoint { run, epochs: Vec::new(), best: now.clone(), now, optimizers: Vec::new() })
}

/// Whether the best validation loss is `early_stop_epochs` epochs old.
fn is_stale(epochs: &[Epoch], early_stop_epochs: usize) -> bool {
    let best =
        (0..epochs.len()).min_by(|&a, &b| epochs[a].validation_loss.total_cmp(&epochs[b].validation_loss));
    best.is_some_and(|best| epochs.len() - 1 - best >= early_stop_epochs)
}

/// Model and optimizers while an epoch runs. They are built from the checkpoint at the start of every
/// epoch, also in an uninterrupted run: so a resumed run can't differ from it.
struct Runner<'a, O: Objective> {
    objective: &'a O,
    recipe: &'a Recipe,
    model: Option<O::Model>,
    optimizers: Vec<ModuleOptimizer>,
}

impl<'a, O: Objective> Runner<'a, O> {
    fn new(objective: &'a O, recipe: &'a Recipe, from: &Checkpoint, device: &Device) -> Result<Self> {
        let fresh = || {
            AdamConfig::new()
                .with_epsilon(1e-8)
                .with_grad_clipping(Some(GradientClippingConfig::Norm(recipe.clip)))
                .init()
        };
        let mut optimizers: Vec<ModuleOptimizer> = recipe.rates.iter().map(|_| fresh()).collect();
        for (optimizer, state) in optimizers.iter_mut().zip(&from.optimizers) {
            *optimizer = checkpoint::with_optimizer_state(fresh(), state)?;
        }
        let model = Some(write_parameters(objective.initial(recipe.seed, device)?, &from.now, device)?);
        Ok(Self { objective, recipe, model, optimizers })
    }

    fn step(
        &mut self,
        batch: &[<O::Source as BatchSource>::Example<'_>],
        rng: &mut TrainingRng,
        progress: f64,
    ) -> Result<f64> {
        let mut model = self.model.take().context("the model was lost in a failed step")?;
        let gradients = self.objective.gradients(&model, batch, rng, progress)?;
        ensure!(gradients.loss.is_finite(), "the loss is no longer a number; try another seed");
        let optimizers = self.optimizers.iter_mut().zip(&self.recipe.rates);
        for ((optimizer, rate), gradients) in optimizers.zip(gradients.by_optimizer) {
            model = optimizer.step(rate.at(progress), model, gradients);
        }
        self.model = Some(model);
        Ok(gradients.loss)
    }

    fn finish(self, mut state: Checkpoint, training_loss: f64) -> Result<Checkpoint> {
        let model = self.model.context("the model was lost in a failed step")?;
        let validation_loss = self.objective.validation_loss(&model.valid())?;
        let better = state.epochs.iter().all(|epoch| validation_loss < epoch.validation_loss);
        state.epochs.push(Epoch { training_loss, validation_loss });
        state.now = read_parameters(&model)?;
        if better {
            state.best.clone_from(&state.now);
        }
        state.optimizers = self.optimizers.iter().map(checkpoint::optimizer_state).collect::<Result<_>>()?;
        Ok(state)
    }
}

/// Trains without checkpoints or progress, and returns the network of the best epoch.
///
/// # Errors
///
/// As [`train`].
pub fn train_to_end<O: Objective>(objective: &O, recipe: &Recipe) -> Result<O::Model> {
    let trained = train(objective, recipe, None, &mut |_| Ok(ControlFlow::Continue(())))?;
    let device = nets::device();
    write_parameters(objective.initial(recipe.seed, &device)?, &trained.best, &device)
}

/// For the tests of several kinds.
#[cfg(test)]
pub(crate) mod tests_support {
    use super::*;

    /// The losses of the first `steps` steps of a run.
    pub(crate) fn losses<O: Objective>(objective: &O, recipe: &Recipe, steps: usize) -> Result<Vec<f64>> {
        let mut losses = Vec::new();
        train(objective, recipe, None, &mut |progress| {
            if let Progress::Step { loss, .. } = progress {
                losses.push(loss);
            }
            Ok(if losses.len() < steps { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(losses)
    }

    /// The checkpoint of a run that is interrupted after its first epoch, written and read back.
    pub(crate) fn interrupted_after_an_epoch<O: Objective>(
        objective: &O,
        recipe: &Recipe,
    ) -> Result<Checkpoint> {
        let mut bytes = Vec::new();
        let trained = train(objective, recipe, None, &mut |progress| {
            let Progress::Epoch(checkpoint) = progress else { return Ok(ControlFlow::Continue(())) };
            bytes = checkpoint.to_bytes()?;
            Ok(ControlFlow::Break(()))
        })?;
        ensure!(trained.interrupted && trained.epochs.len() == 1, "not interrupted");
        Checkpoint::from_bytes(&bytes)
    }
}
