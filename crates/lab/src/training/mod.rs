//! The training loop. It is written once; objectives are what differ.

mod checkpoint;
mod head;
mod kept;
mod losses;
pub(crate) mod next_class;
pub(crate) mod parameters;
mod perceptron;
pub(crate) mod quick;
pub(crate) mod recurrence;
mod schedule;

use std::ops::ControlFlow;

use anyhow::{Result, ensure};
use burn::grad_clipping::GradientClippingConfig;
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::Device;

use crate::chance::{Dice, Purpose};
use parameters::Parameters;

pub(crate) use checkpoint::{Checkpoint, Epoch};
pub(crate) use head::HeadTraining;
#[cfg(test)]
pub(crate) use kept::interruption;
pub(crate) use kept::with_checkpoints;
pub(crate) use losses::{Autoencoding, Loss, cross_entropy};
pub(crate) use perceptron::Perceptron;
pub(crate) use schedule::OneCycle;

/// What is trained, and what it is trained for.
pub(crate) trait Objective {
    /// The network, with its critic where it has one.
    type Model: Module;

    /// The network before training, on `device`: the same for the same seed.
    fn initial(&self, seed: u64, device: &Device) -> Result<Self::Model>;

    /// How many training rows there are.
    fn rows(&self) -> usize;

    /// The gradients for a batch of rows. `done` (0..1) is how much of the run lies behind.
    fn gradients(&self, model: &Self::Model, rows: &[usize], dice: &mut Dice, done: f64)
    -> Result<Gradients>;

    /// The mean loss on the validation rows, without noise; `model` is off the tape.
    fn validation_loss(&self, model: &Self::Model) -> Result<f64>;
}

/// What a batch asks for.
pub(crate) struct Gradients {
    /// For the part that is wanted in the end.
    pub(crate) model: GradientsParams,
    /// For the critic, which has an optimizer of its own.
    pub(crate) critic: Option<GradientsParams>,
    /// The mean loss of the batch, for the display.
    pub(crate) loss: f64,
}

/// How a run goes, whatever the objective.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Recipe {
    /// What is trained on what: the kind and the hashes of the files. A run is resumed only on the same.
    pub(crate) subject: String,
    /// Times that every training row is seen.
    pub(crate) epochs: usize,
    /// Rows of one step.
    pub(crate) batch: usize,
    /// The learning rate of the model.
    pub(crate) rate: OneCycle,
    /// The learning rate of the critic.
    pub(crate) critic_rate: f64,
    /// A parameter's gradient is shortened to this length.
    pub(crate) clip: f32,
    /// The run ends after this many epochs without a better validation loss.
    pub(crate) patience: usize,
    /// Decides the first weights, the order of rows and all noise.
    pub(crate) seed: u64,
}

/// A point at which the loop can be watched and stopped.
pub(crate) enum Moment<'a> {
    /// A step is done.
    Step {
        /// Steps done in the whole run.
        done: usize,
        /// The mean loss of the batch.
        loss: f64,
    },
    /// An epoch is done; the checkpoint is what a resumed run goes on from.
    Epoch(&'a Checkpoint),
}

/// What came out.
pub(crate) struct Outcome {
    /// The model of the best epoch.
    pub(crate) best: Parameters,
    /// What was measured in each epoch.
    pub(crate) epochs: Vec<Epoch>,
    /// Whether the run was stopped by its watcher, and has more to do.
    pub(crate) interrupted: bool,
}

/// Trains from scratch, or goes on from a checkpoint to the same result.
pub(crate) fn train<O: Objective>(
    objective: &O,
    recipe: &Recipe,
    start: Option<Checkpoint>,
    mut watch: impl FnMut(Moment) -> Result<ControlFlow<()>>,
) -> Result<Outcome> {
    let device = nets::device().autodiff();
    let run = serde_json::to_string(&(recipe, objective.rows()))?;
    let mut state = match start {
        Some(checkpoint) => {
            ensure!(checkpoint.run == run, "the checkpoint belongs to another run ({})", checkpoint.run);
            checkpoint
        }
        None => first(objective, recipe, run, &device)?,
    };
    let steps = objective.rows().div_ceil(recipe.batch);
    while state.epochs.len() < recipe.epochs && !is_stale(&state.epochs, recipe.patience) {
        let epoch = state.epochs.len();
        let mut runner = Runner::new(objective, recipe, &state, &device)?;
        let mut dice = Dice::new(recipe.seed, Purpose::Loss, epoch as u64);
        let order = Dice::new(recipe.seed, Purpose::Order, epoch as u64).order(objective.rows());
        let mut total = 0.0;
        for (step, rows) in order.chunks(recipe.batch).enumerate() {
            let done = epoch * steps + step;
            let loss = runner.step(rows, &mut dice, done as f64 / (recipe.epochs * steps) as f64)?;
            total += loss * rows.len() as f64;
            let moment = Moment::Step { done: done + 1, loss };
            if watch(moment)?.is_break() {
                return Ok(Outcome { best: state.best, epochs: state.epochs, interrupted: true });
            }
        }
        state = runner.finish(state, total / objective.rows() as f64)?;
        if watch(Moment::Epoch(&state))?.is_break() {
            return Ok(Outcome { best: state.best, epochs: state.epochs, interrupted: true });
        }
    }
    Ok(Outcome { best: state.best, epochs: state.epochs, interrupted: false })
}

fn first<O: Objective>(objective: &O, recipe: &Recipe, run: String, device: &Device) -> Result<Checkpoint> {
    ensure!(objective.rows() > 0, "there is no pattern to train on");
    let model = objective.initial(recipe.seed, device)?;
    let now = parameters::read(&model)?;
    Ok(Checkpoint { run, epochs: Vec::new(), best: now.clone(), now, optimizers: Vec::new() })
}

/// Whether the best validation loss is `patience` epochs old.
fn is_stale(epochs: &[Epoch], patience: usize) -> bool {
    let best =
        (0..epochs.len()).min_by(|&a, &b| epochs[a].validation_loss.total_cmp(&epochs[b].validation_loss));
    best.is_some_and(|best| epochs.len() - 1 - best >= patience)
}

/// Model and optimizers while an epoch runs. They are built from the checkpoint at the start of every
/// epoch, also in an uninterrupted run: so a resumed run can't differ from it.
struct Runner<'a, O: Objective> {
    objective: &'a O,
    recipe: &'a Recipe,
    model: Option<O::Model>,
    optimizers: [ModuleOptimizer; 2],
}

impl<'a, O: Objective> Runner<'a, O> {
    fn new(objective: &'a O, recipe: &'a Recipe, from: &Checkpoint, device: &Device) -> Result<Self> {
        let fresh = || {
            AdamConfig::new()
                .with_epsilon(1e-8)
                .with_grad_clipping(Some(GradientClippingConfig::Norm(recipe.clip)))
                .init()
        };
        let mut optimizers = [fresh(), fresh()];
        for (optimizer, moments) in optimizers.iter_mut().zip(&from.optimizers) {
            *optimizer = checkpoint::with_moments(fresh(), moments)?;
        }
        let model = Some(parameters::write(objective.initial(recipe.seed, device)?, &from.now, device)?);
        Ok(Self { objective, recipe, model, optimizers })
    }

    fn step(&mut self, rows: &[usize], dice: &mut Dice, done: f64) -> Result<f64> {
        let Some(mut model) = self.model.take() else { anyhow::bail!("the model was lost in a failed step") };
        let gradients = self.objective.gradients(&model, rows, dice, done)?;
        ensure!(gradients.loss.is_finite(), "the loss is no longer a number; try another seed");
        model = self.optimizers[0].step(self.recipe.rate.rate(done), model, gradients.model);
        if let Some(gradients) = gradients.critic {
            model = self.optimizers[1].step(self.recipe.critic_rate, model, gradients);
        }
        self.model = Some(model);
        Ok(gradients.loss)
    }

    fn finish(self, mut state: Checkpoint, training_loss: f64) -> Result<Checkpoint> {
        let Some(model) = self.model else { anyhow::bail!("the model was lost in a failed step") };
        let validation_loss = self.objective.validation_loss(&model.valid())?;
        let better = state.epochs.iter().all(|epoch| validation_loss < epoch.validation_loss);
        state.epochs.push(Epoch { training_loss, validation_loss });
        state.now = parameters::read(&model)?;
        if better {
            state.best.clone_from(&state.now);
        }
        state.optimizers = self.optimizers.iter().map(checkpoint::moments).collect::<Result<_>>()?;
        Ok(state)
    }
}
