//! The models of time that foretell a song step by step, whatever they are made of.

use anyhow::{Result, bail};
use nets::{RecurrentModel, SongKind, SongModel, StepModel, Walk};

/// A model that foretells the next step.
pub(crate) enum Foreteller {
    Step(StepModel),
    Recurrent(RecurrentModel),
}

impl Foreteller {
    /// The model in a file.
    pub(crate) fn new(model: &SongModel) -> Result<Self> {
        Ok(match model.kind() {
            SongKind::Step => Self::Step(StepModel::new(model.weights())?),
            SongKind::Lstm(shape) | SongKind::DrumsRnn(shape) => {
                Self::Recurrent(RecurrentModel::new(shape, model.weights())?)
            }
            SongKind::Vae(_) => bail!("a model of bars through one latent foretells no steps"),
            SongKind::Phrase => {
                bail!("a phrase model foretells no steps; measure what it plays with `cargo xtask phrases`")
            }
        })
    }

    /// A walk that begins before the first step of a bar.
    pub(crate) fn walk(&self) -> Box<dyn Walk + '_> {
        match self {
            Self::Step(model) => Box::new(model.walk()),
            Self::Recurrent(model) => Box::new(model.walk()),
        }
    }
}
