//! A training run as a person sees it: a progress bar, a checkpoint after every epoch, Ctrl-C.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;

use super::{Checkpoint, Moment, Objective, Outcome, Recipe, train};
use crate::{interrupt, progress};

/// Trains under a progress bar and keeps a checkpoint after every epoch.
pub(crate) fn with_checkpoints<O: Objective>(
    objective: &O,
    recipe: &Recipe,
    place: &Path,
    resume: bool,
) -> Result<Outcome> {
    let start = match resume {
        true => Some(Checkpoint::load(place).context("nothing to resume; train without --resume")?),
        false => None,
    };
    interrupt::listen()?;
    let steps = recipe.epochs * objective.rows().div_ceil(recipe.batch);
    let bar = progress::bar("train", steps);
    let outcome = train(objective, recipe, start, |moment| watch(&bar, place, moment))?;
    bar.finish();
    if outcome.interrupted {
        bail!(interruption(outcome.epochs.len(), recipe.epochs, place));
    }
    Ok(outcome)
}

/// What is said when a run of `epochs` was interrupted after `done` of them.
pub(crate) fn interruption(done: usize, epochs: usize, place: &Path) -> String {
    if done == 0 {
        return "interrupted in the first epoch; nothing is kept yet, so start it again".to_owned();
    }
    format!(
        "interrupted; {done} of {epochs} epochs are kept in {}, and --resume goes on from there",
        place.display()
    )
}

fn watch(bar: &ProgressBar, place: &Path, moment: Moment) -> Result<ControlFlow<()>> {
    match moment {
        Moment::Step { done, loss } => {
            bar.set_position(done as u64);
            bar.set_message(format!("loss {loss:.2}"));
        }
        Moment::Epoch(checkpoint) => {
            checkpoint.save(place)?;
            if let Some(epoch) = checkpoint.epochs.last() {
                let number = checkpoint.epochs.len();
                let line = format!(
                    "epoch {number}: loss {:.3}, validation {:.3}",
                    epoch.training_loss, epoch.validation_loss
                );
                // Without a terminal the bar is silent, and a log wants its lines.
                if bar.is_hidden() { eprintln!("{line}") } else { bar.println(line) }
            }
        }
    }
    Ok(if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}
