//! The registry of model kinds: what each is called, its options, and how it is trained, loaded, sampled and
//! evaluated. A new kind is one file in this folder and one line in [`KINDS`].

mod autoencoder;
mod history_head;
mod phrase;
mod recurrent;
mod step;
pub mod vae;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use anyhow::{Context, Result, bail};
use nets::layers::weights_of;
use nets::{CounterRng, Model, NamedShape, NextStepModel, Provenance, SequenceModel, Weights, generate};
use serde_json::{Value, json};

use crate::metrics::phrases::set::{PhraseSet, continued};
use crate::metrics::steps::{StepFigures, step_figures};
use crate::patterns::Patterns;
use crate::songs::Songs;
use crate::training::{Checkpoint, Objective, Progress, Recipe, Trained, train, write_parameters};

pub use phrase::PhraseGenerator;
pub use vae::ReconstructionFigures;

/// All kinds, in the order of the help.
pub static KINDS: &[Kind] = &[
    autoencoder::AE,
    autoencoder::VAE,
    autoencoder::ACAI,
    autoencoder::RESIDUAL_ACAI,
    history_head::KIND,
    step::KIND,
    phrase::KIND,
    vae::MLP,
    vae::FLAT,
    vae::HIERARCHICAL,
    recurrent::LSTM,
    recurrent::DRUMS_RNN,
];

/// One kind of model.
pub struct Kind {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Options that mean something for this kind alone.
    pub options: &'static [KindOption],
    /// How it is trained, and on what.
    pub train: TrainKind,
    /// What else a sequence model can do.
    pub sequence: Option<SequenceKind>,
}

/// How a kind is trained, by the data that it is trained on.
pub enum TrainKind {
    /// From two-bar patterns, to a model that gets a map.
    Patterns(fn(&mut Run<'_>, &Patterns) -> Result<Model>),
    /// From two-bar patterns on top of a trained model.
    PatternsOnModel(fn(&mut Run<'_>, &Patterns, Model) -> Result<Model>),
    /// From whole songs.
    Songs(fn(&mut Run<'_>, Songs) -> Result<SequenceModel>),
}

/// What a kind of sequence model can do besides training.
pub struct SequenceKind {
    /// Whether a file's model is of this kind.
    pub matches: fn(&SequenceModel) -> bool,
    /// Its generator of bars.
    pub generator: fn(&SequenceModel) -> Result<Box<dyn BarGenerator>>,
    /// Its figures on held-out songs.
    pub evaluate: fn(&SequenceModel, Songs) -> Result<SequenceFigures>,
    /// The file of this kind in assets/songs for this number of bars.
    pub shipped: fn(bars: usize) -> Option<&'static str>,
    /// Its name in tables.
    pub title: &'static str,
    /// Whether its loss is in nats a step, so that a perplexity follows from it.
    pub predicts_steps: bool,
    /// Whether a model of this kind generates sixteen bars or more.
    pub generates_phrases: fn(&SequenceModel) -> bool,
    /// Generates phrases of sixteen bars, and long pieces where it can, for evaluation.
    pub phrases: fn(&SequenceModel, &PhraseRequest<'_>) -> Result<[PhraseSet; 2]>,
}

/// What phrases to generate for evaluation.
pub struct PhraseRequest<'a> {
    /// Real phrases to start from.
    pub real: &'a PhraseSet,
    /// Long real pieces to start from.
    pub pieces: &'a PhraseSet,
    /// The name of the set in tables.
    pub name: String,
    /// Phrases to generate, for kinds that need no prime.
    pub count: usize,
    /// Sampling temperature.
    pub temperature: f32,
    /// Seed of all random numbers.
    pub seed: u64,
}

/// An option of a kind: a whole number within a range.
#[derive(Clone, Copy, Debug)]
pub struct KindOption {
    /// Its long flag, without dashes.
    pub name: &'static str,
    /// What it sets, with its unit.
    pub help: &'static str,
    /// The smallest and largest value.
    pub range: (u64, u64),
    /// Its value where it is left out; `None` leaves it to the kind.
    pub default: Option<u64>,
    /// Whether it may be given several times.
    pub repeated: bool,
}

/// The values of a kind's options, by name.
pub type Options = BTreeMap<&'static str, Vec<u64>>;

/// A training run: everything but the data.
pub struct Run<'a> {
    /// Passes over the data; the kind's own number if left out.
    pub epochs: Option<usize>,
    /// Seed of the first weights, the order of examples and all noise.
    pub seed: u64,
    /// The values of the kind's own options.
    pub options: Options,
    /// A model of another grid whose weights are the start; for kinds that learn from patterns.
    pub start: Option<Model>,
    /// The checkpoint of an interrupted run to continue.
    pub resume: Option<Checkpoint>,
    /// Called after every step and epoch; breaking stops the run.
    pub watch: &'a mut dyn FnMut(Progress<'_>) -> Result<ControlFlow<()>>,
    /// The model's provenance. Corpus, hash and licences are filled in by the caller; training adds the command
    /// and the losses.
    pub provenance: Provenance,
    /// The command that repeats this run, given its epochs.
    pub command: &'a dyn Fn(usize) -> String,
}

/// The run was stopped by its `watch` callback.
#[derive(Debug, thiserror::Error)]
#[error("interrupted after {done} of {epochs} epochs")]
pub struct Interrupted {
    /// Epochs that are done and in the last checkpoint.
    pub done: usize,
    /// Epochs that were to be done.
    pub epochs: usize,
}

impl Run<'_> {
    /// The value of an option, where one was given or is the default.
    pub fn option(&self, name: &str) -> Option<usize> {
        self.options.get(name)?.first().map(|value| *value as usize)
    }

    /// Trains to the end and returns the network of the best epoch, and the losses.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] where the run was stopped; else as [`train`].
    pub(crate) fn train<O: Objective>(
        &mut self,
        objective: &O,
        recipe: &Recipe,
    ) -> Result<(O::Model, Trained)> {
        let trained = train(objective, recipe, self.resume.take(), self.watch)?;
        if trained.interrupted {
            bail!(Interrupted { done: trained.epochs.len(), epochs: recipe.epochs });
        }
        let device = nets::device();
        let network = write_parameters(objective.initial(recipe.seed, &device)?, &trained.best, &device)?;
        self.provenance.commands.push((self.command)(recipe.epochs));
        Ok((network, trained))
    }

    /// Trains a sequence model whose network has these arrays, in the order of its fields.
    pub(crate) fn train_sequence<O: Objective>(
        &mut self,
        objective: &O,
        recipe: &Recipe,
        kind: &str,
        config: &impl serde::Serialize,
        arrays: Vec<NamedShape>,
    ) -> Result<SequenceModel> {
        let (network, trained) = self.train(objective, recipe)?;
        self.sequence_model(kind, config, weights_of(&network, arrays), &trained)
    }

    /// The sequence model of a run's weights and losses.
    pub(crate) fn sequence_model(
        &self,
        kind: &str,
        config: &impl serde::Serialize,
        weights: Weights,
        trained: &Trained,
    ) -> Result<SequenceModel> {
        let provenance =
            Provenance { quality: json!({ "training": quality(trained) }), ..self.provenance.clone() };
        Ok(SequenceModel::new(kind, config, weights, provenance)?)
    }
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl Kind {
    /// The kind of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// The kind of a sequence model, with what it can do.
    ///
    /// # Errors
    ///
    /// The model is of a kind that this build does not know.
    pub fn of(model: &SequenceModel) -> Result<(&'static Self, &'static SequenceKind)> {
        let of_kind = |kind: &'static Self| {
            kind.sequence
                .as_ref()
                .filter(|sequence| (sequence.matches)(model))
                .map(|sequence| (kind, sequence))
        };
        let found = KINDS.iter().find_map(of_kind);
        found.with_context(|| format!("this Beatfield knows no sequence model of kind {:?}", model.kind()))
    }
}

/// The losses of a run, as they are kept in the model file.
pub(crate) fn quality(trained: &Trained) -> Value {
    let best = trained.epochs.iter().map(|epoch| epoch.validation_loss).fold(f64::INFINITY, f64::min);
    json!({ "epochs": trained.epochs.len(), "validation_loss": best, "curve": trained.epochs })
}

/// Sets the entry `name` of a model's quality. A quality that is no JSON object, as files of other programs may
/// have, is replaced by one.
pub fn set_quality(quality: &mut Value, name: &str, value: Value) {
    if let Some(quality) = quality.as_object_mut() {
        quality.insert(name.to_owned(), value);
    } else {
        *quality = json!({ name: value });
    }
}

/// Generates bars of drums.
pub trait BarGenerator: Sync {
    /// `bars` bars as classes of nine pieces that continue, or start from, the two bars `prime`. At
    /// temperature 0 each step is the most probable class; the plans of a phrase model are drawn all the same.
    fn bars(&self, prime: Option<&[u16]>, bars: usize, temperature: f32, rng: CounterRng) -> Vec<u16>;

    /// The default prime; `None` where the kind needs none.
    fn default_prime(&self) -> Option<&[u16]>;
}

impl<M: NextStepModel> BarGenerator for M {
    fn bars(&self, prime: Option<&[u16]>, bars: usize, temperature: f32, rng: CounterRng) -> Vec<u16> {
        generate(self, prime.unwrap_or_default(), bars * nets::ONE_BAR, temperature, rng)
    }

    fn default_prime(&self) -> Option<&[u16]> {
        Some(&ROCK)
    }
}

/// The figures of a sequence model on held-out songs.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[serde(untagged)]
pub enum SequenceFigures {
    /// Of a model that predicts the next step.
    Steps(StepFigures),
    /// Of a model that reconstructs passages.
    Reconstruction(ReconstructionFigures),
}

/// Phrases and pieces that a next-step model generates after the first two bars of real ones.
fn continued_phrases(model: &dyn NextStepModel, request: &PhraseRequest<'_>) -> [PhraseSet; 2] {
    let PhraseRequest { real, pieces, name, temperature, seed, .. } = request;
    [real, pieces].map(|set| continued(model, name, set, *temperature, *seed))
}

/// The figures of a next-step model.
fn evaluate_steps(model: &dyn NextStepModel, songs: &Songs) -> SequenceFigures {
    SequenceFigures::Steps(step_figures(model, &songs.held_out))
}

/// A plain rock beat: kick on one and three, snare on two and four, closed hats on every eighth, as classes of
/// nine pieces.
pub(crate) const ROCK: [u16; nets::TWO_BARS] = {
    let mut steps = [0; nets::TWO_BARS];
    let mut step = 0;
    while step < nets::TWO_BARS {
        let beat = beat::Grid::FOUR_FOUR.beat_steps();
        let one_and_three = step % (2 * beat) == 0;
        let pushed = step == 6 * beat + beat / 2;
        let kick = if one_and_three || pushed { 1 } else { 0 };
        let snare = if step % (2 * beat) == beat { 1 << 1 } else { 0 };
        let hat = if step % 2 == 0 { 1 << 2 } else { 0 };
        steps[step] = kick | snare | hat;
        step += 1;
    }
    steps
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_the_quality_can_be_set_whatever_it_was() {
        for before in [json!(null), json!("good"), json!([1]), json!({ "head": 1 })] {
            let mut quality = before;
            set_quality(&mut quality, "head", json!(2));
            assert_eq!(quality, json!({ "head": 2 }));
        }
    }

    #[test]
    fn kinds_have_distinct_names() {
        let names: std::collections::BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), KINDS.len());
        assert!(KINDS.iter().all(|kind| Kind::named(kind.name).is_some()));
    }
}
