//! The phrase model: sixteen bars that develop a two-bar beat, with repeats, fills and crashes.
//!
//! A next-step model alone never returns to its theme and has no notion of a phrase's end. So two perceptrons
//! alternate bar by bar: the planner decides what the bar refers to, its edit distance from that, and whether
//! it ends in a fill or begins with a crash; the writer generates the steps of the halves that are not exact
//! copies.

mod features;
mod model;
mod plan;
mod takes;

pub use features::{PLANNER_FEATURES, WRITER_FEATURES, WriterContext, encode_plan, encode_writer};
pub use model::{Phrase, PhraseDraw, PhraseModel, difference_class};
pub use plan::{
    ALL_CHOICES, BarPlan, CHOICES, CHOICES_FROM, HALF, HalfBar, HalfPlan, PHRASE_BARS, PHRASE_STEPS,
    PlanContext, begins_with_crash, hamming, theme,
};
pub(crate) use takes::{added_velocities, takes};

use beat::{CLASSES, STEPS};

use crate::{CounterRng, PerceptronShape, StepModel, generate};

/// The planner's sizes: one logit for every choice of a bar.
pub const PLANNER_SHAPE: PerceptronShape =
    PerceptronShape { name: "plan", inputs: PLANNER_FEATURES, width: 256, outputs: ALL_CHOICES };
/// The writer's sizes: one logit for each class as the step, one for each class as its difference from the
/// reference.
pub const WRITER_SHAPE: PerceptronShape =
    PerceptronShape { name: "write", inputs: WRITER_FEATURES, width: 256, outputs: 2 * CLASSES };

/// The two bars of `beat` and fourteen that the step model generates after them at `temperature`: what the
/// continue button plays.
pub(crate) fn continue_beat(
    model: &StepModel,
    beat: &[u16; STEPS],
    temperature: f32,
    rng: CounterRng,
) -> Phrase {
    use crate::GenerationState;
    let mut state = model.start();
    beat.iter().for_each(|class| state.push(*class));
    let generated = generate(&mut state, STEPS, PHRASE_STEPS - STEPS, temperature, rng);
    let steps = std::array::from_fn(|step| if step < STEPS { beat[step] } else { generated[step - STEPS] });
    // Without plans every bar is orchestrated as the beat is.
    Phrase { steps, plans: [BarPlan::default(); PHRASE_BARS] }
}
