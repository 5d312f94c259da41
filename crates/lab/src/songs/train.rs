//! `train --kind …` of the models of time: songs in, a model out.

use anyhow::{Result, bail};
use nets::{Precision, RecurrentShape, STEP, SongKind, SongModel, Weights};
use serde_json::json;

use super::Songs;
use super::phrase_training::PhraseTraining;
use super::recurrent_training::RecurrentTraining;
use super::step_training::StepTraining;
use crate::train::{Train, checkpoint_path, finish, provenance, quality};
use crate::training::{Objective, OneCycle, Recipe, parameters, with_checkpoints};

/// Trains a step model and writes it, or leaves a checkpoint where Ctrl-C was pressed.
pub(crate) fn train_step(args: &Train) -> Result<()> {
    let songs = read(args)?;
    let objective = StepTraining::new(songs.training, &songs.validation);
    // Times that a million steps are seen.
    let recipe = recipe(args, format!("step of {}", songs.sha256), 8);
    train(args, &objective, &recipe, &songs.sha256, SongKind::Step, |network| network.weights(&STEP))
}

/// Trains a phrase model and writes it, or leaves a checkpoint where Ctrl-C was pressed.
pub(crate) fn train_phrase(args: &Train) -> Result<()> {
    let songs = read(args)?;
    let objective = PhraseTraining::new(songs.training, &songs.validation);
    // Times that 16,384 phrases are seen.
    let recipe = recipe(args, format!("phrase of {}", songs.sha256), 10);
    train(args, &objective, &recipe, &songs.sha256, SongKind::Phrase, |networks| networks.weights())
}

/// Trains Ortiz's model, three layers of 64, which hears `args`' lags beside the step before.
pub(crate) fn train_lstm(args: &Train) -> Result<()> {
    let shape = RecurrentShape::lstm(&args.lags);
    // As long as four bars are remembered from beginning to end.
    recurrent(args, SongKind::Lstm(shape.clone()), shape, Lesson { window: 256, batch: 8, epochs: 16 })
}

/// Trains DrumsRNN: two layers of 64 with attention.
pub(crate) fn train_drums_rnn(args: &Train) -> Result<()> {
    let shape = RecurrentShape::drums_rnn(args.reach);
    recurrent(args, SongKind::DrumsRnn(shape.clone()), shape, Lesson { window: 128, batch: 64, epochs: 24 })
}

/// How a recurrent model is taught: windows of so many steps, so many at once, and times that a million
/// steps are seen.
struct Lesson {
    window: usize,
    batch: usize,
    epochs: usize,
}

fn recurrent(args: &Train, kind: SongKind, shape: RecurrentShape, lesson: Lesson) -> Result<()> {
    shape.check()?;
    let songs = read(args)?;
    let objective = RecurrentTraining::new(shape.clone(), songs.training, &songs.validation, lesson.window);
    let recipe = Recipe {
        subject: format!("{kind:?} of {}", songs.sha256),
        epochs: args.epochs.unwrap_or(lesson.epochs),
        batch: lesson.batch,
        rate: OneCycle { peak: 4e-3, warm_up: 0.05 },
        critic_rate: 1e-3,
        clip: 1.0,
        patience: 5,
        seed: args.seed,
    };
    train(args, &objective, &recipe, &songs.sha256, kind, |network| network.weights(&shape))
}

/// How perceptrons over what was played are taught, eight songs at once.
fn recipe(args: &Train, subject: String, epochs: usize) -> Recipe {
    Recipe {
        subject,
        epochs: args.epochs.unwrap_or(epochs),
        batch: 8,
        rate: OneCycle { peak: 2e-3, warm_up: 0.05 },
        critic_rate: 1e-3,
        clip: 50.0,
        patience: 3,
        seed: args.seed,
    }
}

/// The songs that `args` names, enough of them.
pub(super) fn read(args: &Train) -> Result<Songs> {
    let songs = Songs::read(&args.patterns)?;
    let [training, validation, held_out] =
        [&songs.training, &songs.validation, &songs.held_out].map(Vec::len);
    eprintln!("{training} songs to learn from, {validation} to stop by, {held_out} held out");
    if training == 0 || validation == 0 {
        bail!("the files hold too few songs: training and validation are split by song, and one is empty");
    }
    Ok(songs)
}

/// Trains and writes a model of time of any kind.
pub(super) fn train<O: Objective>(
    args: &Train,
    objective: &O,
    recipe: &Recipe,
    sha256: &str,
    kind: SongKind,
    weights: impl FnOnce(&O::Model) -> Weights,
) -> Result<()> {
    let outcome = with_checkpoints(objective, recipe, &checkpoint_path(&args.out), args.resume)?;
    let device = nets::device();
    let network = parameters::write(objective.initial(recipe.seed, &device)?, &outcome.best, &device)?;
    let provenance = provenance(args, recipe.epochs, sha256, json!({ "training": quality(&outcome) }));
    let model = SongModel::new(kind, weights(&network), provenance)?;
    finish(args, &model.to_bytes(Precision::Half), model.provenance())
}
