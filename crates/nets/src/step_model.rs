//! The step model: predicts the next sixteenth of a song from the steps before it.
//!
//! A perceptron over lagged features: the last bar, five steps around the positions one, two, four and eight
//! bars ago, and the position in the bar. Drum songs repeat after whole bars, so this predicts them better
//! than a recurrent network of the same size (docs/report/sequences.md).

use std::ops::RangeInclusive;

use beat::{CLASSES, PIECES};

use crate::{
    GenerationState, ModelError, ModelFault, NextStepModel, ONE_BAR, PerceptronShape, SequenceModel,
    SparsePerceptron, Weights, WeightsFault,
};

/// The step model's sizes; [`encode_step`] defines its inputs.
pub const STEP_SHAPE: PerceptronShape =
    PerceptronShape { name: "step", inputs: STEP_FEATURES, width: 256, outputs: CLASSES };

/// Steps before the next one that are encoded completely.
const RECENT: usize = ONE_BAR;
/// Lags in steps around which the past is encoded: one, two, four and eight bars.
pub const LAGS: [usize; 4] = [ONE_BAR, 2 * ONE_BAR, 4 * ONE_BAR, 8 * ONE_BAR];
/// Steps encoded around each lag, relative to it.
const AROUND: RangeInclusive<isize> = -2..=2;
const AROUND_STEPS: usize = 5;

const LAGGED_FROM: usize = RECENT * PIECES;
const LAG_EXISTS_FROM: usize = LAGGED_FROM + LAGS.len() * AROUND_STEPS * PIECES;
const POSITION_FROM: usize = LAG_EXISTS_FROM + LAGS.len();
/// Number of binary inputs: the last 16 steps by piece, five steps around each lag by piece, whether the
/// song reaches back to each lag, the position in the bar.
pub const STEP_FEATURES: usize = POSITION_FROM + ONE_BAR;

/// Calls `on` with each input that is 1 for the step after `past`: the classes of all steps so far, from the
/// first step of a bar on. Lags (0..4) for which `hidden` is true are left out; training drops some at random.
pub fn encode_step(past: &[u16], hidden: impl Fn(usize) -> bool, mut on: impl FnMut(usize)) {
    let now = past.len();
    let hits = |from: usize, step: Option<&u16>, on: &mut dyn FnMut(usize)| {
        let class = step.copied().unwrap_or(0);
        (0..PIECES).filter(|piece| class >> piece & 1 == 1).for_each(|piece| on(from + piece));
    };
    for back in 1..=RECENT.min(now) {
        hits((back - 1) * PIECES, past.get(now - back), &mut on);
    }
    for (index, lag) in LAGS.iter().enumerate().filter(|(index, lag)| **lag <= now && !hidden(*index)) {
        for (place, offset) in AROUND.enumerate() {
            let step = (now - lag).checked_add_signed(offset);
            let from = LAGGED_FROM + (index * AROUND_STEPS + place) * PIECES;
            hits(from, step.and_then(|step| past.get(step)), &mut on);
        }
        on(LAG_EXISTS_FROM + index);
    }
    on(POSITION_FROM + now % ONE_BAR);
}

/// A trained step model.
#[derive(Clone, Debug, PartialEq)]
pub struct StepModel(SparsePerceptron);

impl StepModel {
    /// The name of its kind in model files and on the command line.
    pub const KIND: &str = "step";

    /// The model of these weights.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn new(weights: &Weights) -> Result<Self, WeightsFault> {
        Ok(Self(SparsePerceptron::new(&STEP_SHAPE, weights)?))
    }

    /// The step model in a file, which errors call `file`.
    ///
    /// # Errors
    ///
    /// The file holds a sequence model of another kind.
    pub fn of(model: &SequenceModel, file: &str) -> Result<Self, ModelError> {
        Self::new(model.weights()).map_err(|fault| ModelFault::from(fault).of(file))
    }

    /// The logits of every class for the step after `past`: the classes of all steps so far, from the first
    /// step of a bar on.
    pub fn logits(&self, past: &[u16]) -> Vec<f32> {
        self.0.logits(|on| encode_step(past, |_| false, on))
    }
}

impl NextStepModel for StepModel {
    fn start(&self) -> Box<dyn GenerationState + '_> {
        Box::new(StepState { model: self, past: Vec::new() })
    }
}

/// A step model with all steps generated so far.
#[derive(Clone, Debug)]
struct StepState<'a> {
    model: &'a StepModel,
    past: Vec<u16>,
}

impl GenerationState for StepState<'_> {
    fn logits(&self) -> Vec<f32> {
        self.model.logits(&self.past)
    }

    fn push(&mut self, class: u16) {
        self.past.push(class);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(past: &[u16]) -> Vec<usize> {
        let mut features = Vec::new();
        encode_step(past, |_| false, |input| features.push(input));
        features
    }

    #[test]
    fn the_first_step_has_only_its_position() {
        assert_eq!(features(&[]), [POSITION_FROM]);
        assert_eq!(features(&[0; 17]), [LAG_EXISTS_FROM, POSITION_FROM + 1]);
    }

    #[test]
    fn what_followed_a_bar_ago_is_encoded_beside_the_last_bar() {
        let mut past = [0; 20];
        past[5] = 0b10; // a snare 15 steps ago, one step behind the place a bar ago
        assert_eq!(
            features(&past),
            [14 * PIECES + 1, LAGGED_FROM + 3 * PIECES + 1, LAG_EXISTS_FROM, POSITION_FROM + 4]
        );
    }

    #[test]
    fn every_input_is_in_range_and_hiding_a_lag_removes_all_of_it() {
        let past = vec![0b1_1111_1111; 160];
        let all = features(&past);
        assert!(all.iter().all(|input| *input < STEP_FEATURES));
        let mut without = Vec::new();
        encode_step(&past, |lag| lag == 2, |input| without.push(input));
        assert_eq!(all.len() - without.len(), AROUND_STEPS * PIECES + 1);
    }
}
