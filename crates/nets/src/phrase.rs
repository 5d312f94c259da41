//! The phrase model: sixteen bars that develop a two-bar beat, with repeats, fills and crashes.
//!
//! A next-step model alone never returns to its theme and has no notion of a phrase's end. So two perceptrons
//! alternate bar by bar: the planner decides what the bar refers to, its edit distance from that, and whether
//! it ends in a fill or begins with a crash; the writer generates the steps of the halves that are not exact
//! copies. Runs on the decode thread and in the command line.

mod features;
mod plan;
mod takes;

pub use features::{PLANNER_FEATURES, WRITER_FEATURES, WriterContext, encode_plan, encode_writer};
pub use plan::{
    ALL_CHOICES, BarPlan, CHOICES, CHOICES_FROM, HALF, HalfBar, HalfPlan, PHRASE_BARS, PHRASE_STEPS,
    PlanContext, begins_with_crash, hamming, theme,
};
pub(crate) use takes::{added_velocities, takes};

use beat::CLASSES;

use crate::draw::within;
use crate::{
    CounterRng, ModelError, ModelFault, NamedShape, ONE_BAR, PerceptronShape, RngStream, SequenceModel,
    SparsePerceptron, StepModel, TWO_BARS, Weights, WeightsFault, generate, sample_categorical,
};
use plan::{CRASH, FILL, TOMS, edit_class, toms};

/// The planner's sizes: one logit for every choice of a bar.
pub const PLANNER_SHAPE: PerceptronShape =
    PerceptronShape { name: "plan", inputs: PLANNER_FEATURES, width: 256, outputs: ALL_CHOICES };
/// The writer's sizes: one logit for each class as the step, one for each class as its difference from the
/// reference.
pub const WRITER_SHAPE: PerceptronShape =
    PerceptronShape { name: "write", inputs: WRITER_FEATURES, width: 256, outputs: 2 * CLASSES };

/// Attempts at half a bar that does not follow its plan.
const TRIES: u32 = 4;
/// The fill control at 1 adds this much to the logit of a fill, at -1 it subtracts it.
const FILL_LOGITS: f32 = 3.0;
/// The first take number of a phrase's random numbers: above those of takes, so that beat and phrase are
/// uncorrelated.
const PHRASE_TAKE: u32 = 1 << 16;

/// How a phrase is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhraseDraw {
    /// Seed of all random numbers.
    pub seed: u64,
    /// Temperature of the written steps: 0 is the most probable class, 1 the model's distribution. Plans are
    /// always drawn at 1.
    pub temperature: f32,
    /// -1 (hardly a fill) to 1 (many); 0 is the model's own distribution.
    pub fills: f32,
}

/// Sixteen bars that develop a two-bar theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// The class of every step.
    pub steps: [u16; PHRASE_STEPS],
    /// The plan of each bar.
    pub plans: [BarPlan; PHRASE_BARS],
}

/// A trained phrase model: planner and writer.
#[derive(Clone, Debug, PartialEq)]
pub struct PhraseModel {
    planner: SparsePerceptron,
    writer: SparsePerceptron,
}

impl PhraseModel {
    /// The name of its kind in model files and on the command line.
    pub const KIND: &str = "phrase";

    /// Names and shapes of its weights; a matrix is `[inputs, outputs]`.
    pub fn arrays() -> Vec<NamedShape> {
        [PLANNER_SHAPE.arrays(), WRITER_SHAPE.arrays()].concat()
    }

    /// The model of these weights.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn new(weights: &Weights) -> Result<Self, WeightsFault> {
        Ok(Self {
            planner: SparsePerceptron::new(&PLANNER_SHAPE, weights)?,
            writer: SparsePerceptron::new(&WRITER_SHAPE, weights)?,
        })
    }

    /// The phrase model in a file, which errors call `file`.
    ///
    /// # Errors
    ///
    /// The file holds a sequence model of another kind.
    pub fn of(model: &SequenceModel, file: &str) -> Result<Self, ModelError> {
        Self::new(model.weights()).map_err(|fault| ModelFault::from(fault).of(file))
    }

    /// The phrase that develops `theme`. Deterministic for the same model, theme and draw.
    pub fn phrase(&self, theme: &[u16; TWO_BARS], draw: &PhraseDraw) -> Phrase {
        let mut past = Vec::with_capacity(PHRASE_STEPS);
        let mut plans = Vec::with_capacity(PHRASE_BARS);
        while plans.len() < PHRASE_BARS {
            let plan = self.plan(&PlanContext { theme, past: &past }, &plans, draw);
            let last = plans.last().copied().unwrap_or_default();
            let bar = self.write_bar(&PlanContext { theme, past: &past }, &[plan, last], draw);
            past.extend(bar);
            plans.push(plan);
        }
        let steps = std::array::from_fn(|step| past[step]);
        Phrase { steps, plans: std::array::from_fn(|bar| plans[bar]) }
    }

    /// Draws the plan of the next bar.
    fn plan(&self, before: &PlanContext<'_>, plans: &[BarPlan], draw: &PhraseDraw) -> BarPlan {
        let mut plan = BarPlan::default();
        let rng = CounterRng { seed: draw.seed, take: PHRASE_TAKE };
        for decision in 0..CHOICES.len() {
            let outputs = self.planner.logits(|on| encode_plan(before, plans, &plan, decision, on));
            let outputs = &outputs[CHOICES_FROM[decision]..];
            let mut logits = vec![f32::NEG_INFINITY; CHOICES[decision]];
            before.possible(&plan, decision).for_each(|choice| logits[choice] = outputs[choice]);
            if decision == FILL {
                logits[1] += FILL_LOGITS * within(draw.fills, -1.0, 1.0);
            }
            let cell = before.bar() * CHOICES.len() + decision;
            plan.0[decision] = sample_categorical(&logits, 1.0, rng.uniform(cell, RngStream::Plan)) as u8;
        }
        plan
    }

    /// Writes the bar of the first of `plans`; the second is that of the bar before.
    fn write_bar(&self, before: &PlanContext<'_>, plans: &[BarPlan; 2], draw: &PhraseDraw) -> [u16; ONE_BAR] {
        let mut past = before.past.to_vec();
        for half in 0..2 {
            let HalfPlan { reference, edits } = plans[0].half(half);
            // The planner only chooses references that exist.
            let reference = before.reference(half, reference).unwrap_or_default();
            let written = match edits {
                0 => reference,
                _ => self.best_attempt(before, &past, &reference, plans, half, draw),
            };
            past.extend(written);
        }
        std::array::from_fn(|step| past[before.past.len() + step])
    }

    /// The first attempt that follows the plan, or the closest one.
    fn best_attempt(
        &self,
        before: &PlanContext<'_>,
        past: &[u16],
        reference: &HalfBar,
        plans: &[BarPlan; 2],
        half: usize,
        draw: &PhraseDraw,
    ) -> HalfBar {
        let mut best = (u32::MAX, *reference);
        for number in 0..TRIES {
            let rng = CounterRng { seed: draw.seed, take: PHRASE_TAKE + number };
            let written = self.half(before.theme, past, reference, plans, draw.temperature, &rng);
            let violations = plan_violations(before, reference, &plans[0], half, &written);
            if violations < best.0 {
                best = (violations, written);
            }
            if violations == 0 || draw.temperature <= 0.0 {
                break;
            }
        }
        best.1
    }

    /// Writes half a bar, step by step.
    fn half(
        &self,
        theme: &[u16; TWO_BARS],
        past: &[u16],
        reference: &HalfBar,
        [plan, last]: &[BarPlan; 2],
        temperature: f32,
        rng: &CounterRng,
    ) -> HalfBar {
        let mut past = past.to_vec();
        for reference_step in reference {
            let writing = WriterContext { theme, past: &past, reference, plans: [plan, last] };
            let outputs = self.writer.logits(|on| encode_writer(&writing, on));
            let logits = class_logits(&outputs, *reference_step);
            let step = sample_categorical(&logits, temperature, rng.uniform(past.len(), RngStream::Written));
            past.push(step as u16);
        }
        let from = past.len() - HALF;
        std::array::from_fn(|step| past[from + step])
    }
}

/// The class of how a step of this class differs from its reference.
pub fn difference_class(class: usize, reference: u16) -> usize {
    (class ^ usize::from(reference)) % CLASSES
}

/// The logits of every class from the writer's two sets of outputs: one for the class of the step, one for
/// the class of its difference from the reference step.
fn class_logits(outputs: &[f32], reference: u16) -> Vec<f32> {
    let (absolute, difference) = outputs.split_at(CLASSES);
    (0..CLASSES).map(|class| absolute[class] + difference[difference_class(class, reference)]).collect()
}

/// By how much a written half differs from its plan; 0 follows it.
fn plan_violations(
    before: &PlanContext<'_>,
    reference: &HalfBar,
    plan: &BarPlan,
    half: usize,
    written: &HalfBar,
) -> u32 {
    let distance = edit_class(hamming(reference, written)).abs_diff(plan.half(half).edits) as u32;
    let follows = match half {
        0 => u8::from(begins_with_crash(written)) == plan.0[CRASH],
        _ => u8::from(before.is_fill(written)) == plan.0[FILL],
    };
    distance + u32::from(!follows) + u32::from(toms(written).abs_diff(plan.0[TOMS + half]))
}

/// The two bars of `beat` and fourteen that the step model generates after them at `temperature`: what the
/// continue button plays.
pub(crate) fn continue_beat(
    model: &StepModel,
    beat: &[u16; TWO_BARS],
    temperature: f32,
    rng: CounterRng,
) -> Phrase {
    let generated = generate(model, beat, PHRASE_STEPS - TWO_BARS, temperature, rng);
    let steps =
        std::array::from_fn(|step| if step < TWO_BARS { beat[step] } else { generated[step - TWO_BARS] });
    // Without plans every bar is orchestrated as the beat is.
    Phrase { steps, plans: [BarPlan::default(); PHRASE_BARS] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(seed: u64) -> PhraseModel {
        PhraseModel::new(&Weights::initial(&PhraseModel::arrays(), seed)).expect("sound weights")
    }

    fn beat() -> [u16; TWO_BARS] {
        std::array::from_fn(|step| [5, 4, 0, 6][step % 4])
    }

    #[test]
    fn a_seed_decides_the_phrase_and_every_step_is_a_class() {
        let draw = PhraseDraw { seed: 4711, temperature: 0.8, fills: 0.0 };
        let phrase = model(1).phrase(&beat(), &draw);
        assert_eq!(phrase, model(1).phrase(&beat(), &draw));
        assert_ne!(phrase, model(1).phrase(&beat(), &PhraseDraw { seed: 1, ..draw }));
        assert!(phrase.steps.iter().all(|step| usize::from(*step) < CLASSES));
    }

    #[test]
    fn halves_that_are_planned_as_copies_are_copies() {
        for seed in 0..6 {
            let draw = PhraseDraw { seed, temperature: 1.0, fills: 0.0 };
            let phrase = model(seed).phrase(&beat(), &draw);
            for (bar, plan) in phrase.plans.iter().enumerate() {
                let (past, rest) = phrase.steps.split_at(bar * ONE_BAR);
                let before = PlanContext { theme: &beat(), past };
                let played = rest.first_chunk().unwrap();
                let read = BarPlan::of_bar(&before, played);
                for half in (0..2).filter(|half| plan.half(*half).edits == 0) {
                    assert_eq!(read.half(half), plan.half(half), "bar {bar} of seed {seed}");
                }
            }
        }
    }

    #[test]
    fn the_fill_control_changes_how_many_fills_are_planned() {
        let planned = |fills: f32| {
            let draw = |seed| PhraseDraw { seed, temperature: 0.8, fills };
            let phrases = (0..8).map(|seed| model(2).phrase(&beat(), &draw(seed)));
            phrases.flat_map(|phrase| phrase.plans).filter(|plan| plan.0[FILL] == 1).count()
        };
        assert!(planned(-1.0) < planned(0.0) && planned(0.0) < planned(1.0));
    }
}
