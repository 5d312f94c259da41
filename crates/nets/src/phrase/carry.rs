//! Fourteen bars behind two, by the step model: what the continue button asks for.

use beat::STEPS;

use super::model::Phrase;
use super::plan::{BarPlan, PHRASE_BARS, PHRASE_STEPS};
use crate::categorical::pick;
use crate::{Dice, StepModel, Stream};

/// The two bars of `beat` and fourteen that the step model hears behind them, each step drawn at
/// `temperature`.
pub(crate) fn carry_on(model: &StepModel, beat: &[u16; STEPS], temperature: f32, dice: &Dice) -> Phrase {
    let mut past = beat.to_vec();
    while past.len() < PHRASE_STEPS {
        let throw = dice.throw(past.len(), Stream::Written);
        let step = pick(&model.logits(&past), temperature, throw);
        past.push(step as u16);
    }
    // Nothing was planned: every bar is voiced as the beat is.
    Phrase { steps: std::array::from_fn(|step| past[step]), plans: [BarPlan::default(); PHRASE_BARS] }
}
