//! Fourteen bars behind two, by the step model: what the continue button asks for.

use beat::STEPS;

use super::model::Phrase;
use super::plan::{BarPlan, PHRASE_BARS, PHRASE_STEPS};
use crate::{Dice, StepModel, Walk, go_on};

/// The two bars of `beat` and fourteen that the step model hears behind them, each step drawn at
/// `temperature`.
pub(crate) fn carry_on(model: &StepModel, beat: &[u16; STEPS], temperature: f32, dice: Dice) -> Phrase {
    let mut walk = model.walk();
    beat.iter().for_each(|class| walk.play(*class));
    let on = go_on(&mut walk, STEPS, PHRASE_STEPS - STEPS, temperature, dice);
    let steps = std::array::from_fn(|step| if step < STEPS { beat[step] } else { on[step - STEPS] });
    // Nothing was planned: every bar is voiced as the beat is.
    Phrase { steps, plans: [BarPlan::default(); PHRASE_BARS] }
}
