//! Models of time that remember: layers of long short-term memory, step by step through a song, with or
//! without attention to what they remembered before.
//!
//! [`RecurrentNetwork`] is the form that is trained, a batch of windows at once; [`RecurrentModel`] walks
//! the same numbers where they play, one step at a time.

mod attention;
mod lstm;
mod network;
mod seen;
mod walk;

use beat::{CLASSES, PIECES};
use serde::{Deserialize, Serialize};

pub use lstm::{Lstm, LstmState};
pub use network::RecurrentNetwork;
pub use walk::{RecurrentModel, RecurrentWalk};

use crate::WeightsFault;

/// The sizes of a recurrent model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecurrentShape {
    /// How many layers remember.
    pub layers: usize,
    /// How wide each of them is.
    pub width: usize,
    /// How many steps ago it hears again what was played, beside the step before: none in Ortiz's model.
    pub lags: Vec<usize>,
    /// Over how many of the last steps it attends to what it remembered and what followed then; 0 is not
    /// at all.
    pub reach: usize,
}

/// The width of the layer between attention and answer.
const INNER: usize = 128;
/// No size of a file is larger, so that a damaged one can't ask for all memory.
const LARGEST: usize = 1024;

impl RecurrentShape {
    /// Ortiz's step model (3.1): three layers of 64. It hears the step before, its place in the bar, and
    /// what stood at `lags`.
    pub fn lstm(lags: &[usize]) -> Self {
        Self { layers: 3, width: 64, lags: lags.to_vec(), reach: 0 }
    }

    /// Magenta's DrumsRNN as scaled by Paque (6.2): two layers of 64 and attention over `reach` steps.
    pub fn drums_rnn(reach: usize) -> Self {
        Self { layers: 2, width: 64, lags: Vec::new(), reach }
    }

    /// How many numbers a step hears.
    pub fn inputs(&self) -> usize {
        seen::inputs(&self.lags)
    }

    /// What it hears of `past`, the classes of all steps so far: calls `on` with each input that is 1.
    pub fn hears(&self, past: &[u16], on: impl FnMut(usize)) {
        seen::hears(&self.lags, past, on);
    }

    /// Whether no size is beyond reason.
    ///
    /// # Errors
    ///
    /// The first size that is.
    pub fn check(&self) -> Result<(), WeightsFault> {
        let Self { layers, width, lags, reach } = self;
        let lags_sound = lags.len() <= 16 && lags.iter().all(|lag| (1..=LARGEST).contains(lag));
        let sound = (1..=16).contains(layers) && (1..=LARGEST).contains(width) && *reach <= LARGEST;
        let fault =
            || WeightsFault::Sizes(format!("{layers} layers of {width}, lags {lags:?}, reach {reach}"));
        if lags_sound && sound { Ok(()) } else { Err(fault()) }
    }

    fn layer_name(layer: usize) -> String {
        format!("recurrent.{layer}")
    }

    fn layer_inputs(&self, layer: usize) -> usize {
        if layer == 0 { self.inputs() } else { self.width }
    }

    /// What the layers before the answer are: name, inputs, outputs.
    fn answering(&self) -> Vec<(&'static str, [usize; 2])> {
        if self.reach == 0 {
            return vec![("output", [self.width, CLASSES])];
        }
        let both = 2 * self.width + PIECES;
        vec![("inner", [both, INNER]), ("output", [INNER, CLASSES])]
    }

    /// Names and shapes of its weights; a matrix is `[inputs, outputs]`.
    pub fn arrays(&self) -> Vec<(String, Vec<usize>)> {
        let layers = (0..self.layers)
            .flat_map(|layer| Lstm::arrays(&Self::layer_name(layer), self.layer_inputs(layer), self.width));
        let attention = attention::arrays(self.width, self.reach);
        let answering = self.answering().into_iter().flat_map(|(name, [inputs, outputs])| {
            [(format!("{name}.weight"), vec![inputs, outputs]), (format!("{name}.bias"), vec![outputs])]
        });
        layers.chain(attention).chain(answering).collect()
    }
}
