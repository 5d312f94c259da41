//! `train --kind step`: songs in, a step model out.

use anyhow::{Context, Result, bail};
use nets::{Precision, Provenance, StepModel};
use serde_json::json;

use super::Songs;
use super::step_training::StepTraining;
use crate::patterns::file_names;
use crate::train::{Train, checkpoint_path, command, quality};
use crate::training::{Objective, OneCycle, Recipe, parameters, with_checkpoints};

/// Times that a million steps are seen, unless the command line says otherwise.
const EPOCHS: usize = 8;

/// Trains and writes the model, or leaves a checkpoint where Ctrl-C was pressed.
pub(crate) fn train(args: &Train) -> Result<()> {
    let songs = Songs::read(&args.patterns)?;
    let Songs { training, validation, held_out, sha256 } = songs;
    eprintln!(
        "{} songs to learn from, {} to stop by, {} held out",
        training.len(),
        validation.len(),
        held_out.len()
    );
    if training.is_empty() || validation.is_empty() {
        bail!("the files hold too few songs: training and validation are split by song, and one is empty");
    }
    let objective = StepTraining::new(training, &validation);
    let recipe = Recipe {
        subject: format!("step of {sha256}"),
        epochs: args.epochs.unwrap_or(EPOCHS),
        batch: 8,
        rate: OneCycle { peak: 2e-3, warm_up: 0.05 },
        critic_rate: 1e-3,
        clip: 50.0,
        patience: 3,
        seed: args.seed,
    };
    let place = checkpoint_path(&args.out);
    let outcome = with_checkpoints(&objective, &recipe, &place, args.resume)?;
    let device = nets::device();
    let network = parameters::write(objective.initial(recipe.seed, &device)?, &outcome.best, &device)?;
    let provenance = Provenance {
        commands: vec![command(args, recipe.epochs)],
        seed: args.seed,
        corpus: if args.corpus.is_empty() {
            file_names(&args.patterns).join(" + ")
        } else {
            args.corpus.clone()
        },
        corpus_sha256: sha256,
        licences: args.licences.clone(),
        quality: json!({ "step": quality(&outcome) }),
    };
    let model = StepModel::new(network.weights(), provenance)?;
    let bytes = model.to_bytes(Precision::Half);
    corpus::rows::write_atomically(&args.out, |file| file.write_all(&bytes))?;
    if place.exists() {
        std::fs::remove_file(&place).with_context(|| format!("{}: can't be removed", place.display()))?;
    }
    println!("{}: {} bytes, quality {}", args.out.display(), bytes.len(), model.provenance().quality);
    Ok(())
}
