//! The step model: what the next sixteenth of a song is, given what was played.
//!
//! A multilayer perceptron over lags. It sees the last bar whole, what stood around the places one, two,
//! four and eight bars ago, what followed there, and where in the bar the step lies. On drums, which come
//! back after whole bars, that beats a recurrent network that has to remember as much.
//!
//! [`StepNetwork`] is the form that is trained, a batch at once; [`StepModel`] walks the same numbers where
//! they play.

mod file;
mod network;
mod seen;
mod walk;

pub use network::StepNetwork;
pub use seen::{LAGS, STEP_SEEN, see};
pub use walk::StepModel;

use beat::CLASSES;

/// Width of the step model's hidden layers.
pub const STEP_WIDTH: usize = 256;

/// Names and shapes of the step model's weights; a matrix is `[inputs, outputs]`.
pub fn step_arrays() -> Vec<(String, Vec<usize>)> {
    [
        ("step.seen.weight", vec![STEP_SEEN, STEP_WIDTH]),
        ("step.seen.bias", vec![STEP_WIDTH]),
        ("step.inner.weight", vec![STEP_WIDTH, STEP_WIDTH]),
        ("step.inner.bias", vec![STEP_WIDTH]),
        ("step.output.weight", vec![STEP_WIDTH, CLASSES]),
        ("step.output.bias", vec![CLASSES]),
    ]
    .map(|(name, shape)| (name.to_owned(), shape))
    .to_vec()
}
