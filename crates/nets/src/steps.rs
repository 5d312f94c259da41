//! The step model: what the next sixteenth of a song is, given what was played.
//!
//! A perceptron over lags. It sees the last bar whole, what stood around the places one, two, four and
//! eight bars ago, what followed there, and where in the bar the step lies. On drums, which come back after
//! whole bars, that beats a recurrent network that has to remember as much.

mod seen;

pub use seen::{LAGS, STEP_SEEN, see};

use beat::CLASSES;

use crate::{Fault, ModelError, SongModel, SparseShape, SparseWalk, Walk, Weights, WeightsFault};

/// The step model's sizes; [`see`] says what its inputs are.
pub const STEP: SparseShape = SparseShape { name: "step", inputs: STEP_SEEN, width: 256, outputs: CLASSES };

/// A trained step model, where it plays.
#[derive(Clone, Debug, PartialEq)]
pub struct StepModel(SparseWalk);

impl StepModel {
    /// The model of these weights.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn new(weights: &Weights) -> Result<Self, WeightsFault> {
        Ok(Self(SparseWalk::new(&STEP, weights)?))
    }

    /// The step model in a file, which errors call `file`.
    ///
    /// # Errors
    ///
    /// The file holds another model of time.
    pub fn of(model: &SongModel, file: &str) -> Result<Self, ModelError> {
        Self::new(model.weights()).map_err(|fault| Fault::from(fault).of(file))
    }

    /// The logits of every class for the step behind `past`: the classes of all steps so far, from the
    /// first step of a bar on.
    pub fn logits(&self, past: &[u16]) -> Vec<f32> {
        self.0.logits(|on| see(past, |_| false, on))
    }

    /// A walk that begins before the first step of a bar.
    pub fn walk(&self) -> StepWalk<'_> {
        StepWalk { model: self, past: Vec::new() }
    }
}

/// A walk through a song, which keeps what was played.
#[derive(Clone, Debug)]
pub struct StepWalk<'a> {
    model: &'a StepModel,
    past: Vec<u16>,
}

impl Walk for StepWalk<'_> {
    fn logits(&self) -> Vec<f32> {
        self.model.logits(&self.past)
    }

    fn play(&mut self, class: u16) {
        self.past.push(class);
    }
}
