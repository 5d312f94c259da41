//! Phrase mode: sixteen bars that grow from a beat and go somewhere.
//!
//! A step model by itself wanders: it never comes back, and does not know where a phrase ends. So two
//! perceptrons take turns. The planner decides of each bar what it goes back to, how far it strays, whether
//! it ends in a fill and begins with a crash; the writer writes the steps that the plan leaves open, and
//! nothing else. What a plan copies is copied exactly, as songs do.

mod carry;
mod model;
mod plan;
mod seen;
mod takes;

pub(crate) use carry::carry_on;
pub use model::{Phrase, PhraseDraw, PhraseModel, differing};
pub use plan::{
    ALL_CHOICES, BarPlan, Before, CHOICES, CHOICES_FROM, HALF, HalfBar, HalfPlan, PHRASE_BARS, PHRASE_STEPS,
    home,
};
pub use seen::{PLAN_SEEN, WRITE_SEEN, Writing, see_plan, see_writing};
pub(crate) use takes::{takes, touched};

use beat::CLASSES;

use crate::SparseShape;

/// The planner's sizes: an answer for every choice of a bar.
pub const PLAN: SparseShape =
    SparseShape { name: "plan", inputs: PLAN_SEEN, width: 256, outputs: ALL_CHOICES };
/// The writer's sizes: what each class is worth as the step, and as its difference from the base.
pub const WRITE: SparseShape =
    SparseShape { name: "write", inputs: WRITE_SEEN, width: 256, outputs: 2 * CLASSES };
