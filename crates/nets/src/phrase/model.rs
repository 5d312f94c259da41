//! The phrase model: plans a bar, writes what its plan leaves open, plans the next. Runs on the decode
//! thread and in the lab.

use beat::{CLASSES, STEPS, STEPS_PER_BAR};

use super::plan::{
    BarPlan, Before, CHOICES, CHOICES_FROM, CRASH, FILL, HALF, HalfBar, HalfPlan, PHRASE_BARS, PHRASE_STEPS,
    TOMS, changes, crashes, strays, toms,
};
use super::seen::{Writing, see_plan, see_writing};
use super::{PLAN, WRITE};
use crate::categorical::pick;
use crate::draw::within;
use crate::{Dice, Fault, ModelError, SongModel, SparseWalk, Stream, Weights, WeightsFault};

/// How often half a bar is written anew where it does not do what its plan says.
const TRIES: u32 = 4;
/// The fill control at 1 adds this much to the logit of a fill, at -1 it takes it away.
const FILL_LOGITS: f32 = 3.0;
/// Phrases throw other dice than takes do, so that no cell of a beat decides a bar of its phrase.
const PHRASE_DICE: u32 = 1 << 16;

/// How a phrase is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhraseDraw {
    /// Decides everything that chance decides.
    pub seed: u64,
    /// How far the steps stray that are written: 0 is the likeliest, 1 as in the songs that were learnt
    /// from. Plans are always drawn as in those songs.
    pub temperature: f32,
    /// -1 (hardly a fill) to 1 (many); 0 is as in the songs.
    pub fills: f32,
}

/// Sixteen bars that grow from a beat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// The class of every step.
    pub steps: [u16; PHRASE_STEPS],
    /// What each bar does.
    pub plans: [BarPlan; PHRASE_BARS],
}

/// A trained phrase model.
#[derive(Clone, Debug, PartialEq)]
pub struct PhraseModel {
    planner: SparseWalk,
    writer: SparseWalk,
}

impl PhraseModel {
    /// The model of these weights.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn new(weights: &Weights) -> Result<Self, WeightsFault> {
        Ok(Self { planner: SparseWalk::new(&PLAN, weights)?, writer: SparseWalk::new(&WRITE, weights)? })
    }

    /// The phrase model in a file, which errors call `file`.
    ///
    /// # Errors
    ///
    /// The file holds another model of time.
    pub fn of(model: &SongModel, file: &str) -> Result<Self, ModelError> {
        Self::new(model.weights()).map_err(|fault| Fault::from(fault).of(file))
    }

    /// The phrase that grows from `home`, as classes. The same for the same model, beat and draw.
    pub fn phrase(&self, home: &[u16; STEPS], draw: &PhraseDraw) -> Phrase {
        let mut past = Vec::with_capacity(PHRASE_STEPS);
        let mut plans = Vec::with_capacity(PHRASE_BARS);
        while plans.len() < PHRASE_BARS {
            let plan = self.plan(&Before { home, past: &past }, &plans, draw);
            let last = plans.last().copied().unwrap_or_default();
            let bar = self.written(&Before { home, past: &past }, &[plan, last], draw);
            past.extend(bar);
            plans.push(plan);
        }
        let steps = std::array::from_fn(|step| past[step]);
        Phrase { steps, plans: std::array::from_fn(|bar| plans[bar]) }
    }

    /// Draws the plan of the next bar.
    fn plan(&self, before: &Before<'_>, plans: &[BarPlan], draw: &PhraseDraw) -> BarPlan {
        let mut plan = BarPlan::default();
        let dice = Dice { seed: draw.seed, take: PHRASE_DICE };
        for decision in 0..CHOICES.len() {
            let heard = self.planner.logits(|on| see_plan(before, plans, &plan, decision, on));
            let heard = &heard[CHOICES_FROM[decision]..];
            let mut logits = vec![f32::NEG_INFINITY; CHOICES[decision]];
            before.possible(&plan, decision).for_each(|choice| logits[choice] = heard[choice]);
            if decision == FILL {
                logits[1] += FILL_LOGITS * within(draw.fills, -1.0, 1.0);
            }
            let cell = before.bar() * CHOICES.len() + decision;
            plan.0[decision] = pick(&logits, 1.0, dice.throw(cell, Stream::Plan)) as u8;
        }
        plan
    }

    /// The bar of the first of `plans`; the second is that of the bar before.
    fn written(&self, before: &Before<'_>, plans: &[BarPlan; 2], draw: &PhraseDraw) -> [u16; STEPS_PER_BAR] {
        let mut past = before.past.to_vec();
        for half in 0..2 {
            let HalfPlan { base, strays } = plans[0].half(half);
            // The planner only goes back to what there is.
            let base = before.base(half, base).unwrap_or_default();
            let written = match strays {
                0 => base,
                _ => self.best_try(before, &past, &base, plans, half, draw),
            };
            past.extend(written);
        }
        std::array::from_fn(|step| past[before.past.len() + step])
    }

    /// The first try that does what the plan says, or the one that comes nearest.
    fn best_try(
        &self,
        before: &Before<'_>,
        past: &[u16],
        base: &HalfBar,
        plans: &[BarPlan; 2],
        half: usize,
        draw: &PhraseDraw,
    ) -> HalfBar {
        let mut best = (u32::MAX, *base);
        for number in 0..TRIES {
            let dice = Dice { seed: draw.seed, take: PHRASE_DICE + number };
            let written = self.half(before.home, past, base, plans, draw.temperature, &dice);
            let off = misses(before, base, &plans[0], half, &written);
            if off < best.0 {
                best = (off, written);
            }
            if off == 0 || draw.temperature <= 0.0 {
                break;
            }
        }
        best.1
    }

    /// Writes half a bar, step by step.
    fn half(
        &self,
        home: &[u16; STEPS],
        past: &[u16],
        base: &HalfBar,
        [plan, last]: &[BarPlan; 2],
        temperature: f32,
        dice: &Dice,
    ) -> HalfBar {
        let mut past = past.to_vec();
        for base_step in base {
            let writing = Writing { home, past: &past, base, plans: [plan, last] };
            let heard = self.writer.logits(|on| see_writing(&writing, on));
            let logits = of_classes(&heard, *base_step);
            let step = pick(&logits, temperature, dice.throw(past.len(), Stream::Written));
            past.push(step as u16);
        }
        let from = past.len() - HALF;
        std::array::from_fn(|step| past[from + step])
    }
}

/// The class of how a step of this class differs from its base.
pub fn differing(class: usize, base: u16) -> usize {
    (class ^ usize::from(base)) % CLASSES
}

/// The logits of every class from the writer's outputs: one set for what a step is, one for how it differs
/// from its base.
fn of_classes(outputs: &[f32], base: u16) -> Vec<f32> {
    let (are, differ) = outputs.split_at(CLASSES);
    (0..CLASSES).map(|class| are[class] + differ[differing(class, base)]).collect()
}

/// In how many ways a written half does not do what its plan says.
fn misses(before: &Before<'_>, base: &HalfBar, plan: &BarPlan, half: usize, written: &HalfBar) -> u32 {
    let strayed = strays(changes(base, written)).abs_diff(plan.half(half).strays) as u32;
    let does = match half {
        0 => u8::from(crashes(written)) == plan.0[CRASH],
        _ => u8::from(before.is_fill(written)) == plan.0[FILL],
    };
    strayed + u32::from(!does) + u32::from(toms(written).abs_diff(plan.0[TOMS + half]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SongKind;

    fn model(seed: u64) -> PhraseModel {
        PhraseModel::new(&Weights::initial(&SongKind::Phrase.arrays(), seed)).expect("sound weights")
    }

    fn beat() -> [u16; STEPS] {
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
    fn what_is_planned_as_a_copy_is_one_and_what_is_written_is_read_back() {
        for seed in 0..6 {
            let draw = PhraseDraw { seed, temperature: 1.0, fills: 0.0 };
            let phrase = model(seed).phrase(&beat(), &draw);
            for (bar, plan) in phrase.plans.iter().enumerate() {
                let (past, rest) = phrase.steps.split_at(bar * STEPS_PER_BAR);
                let before = Before { home: &beat(), past };
                let played = rest.first_chunk().unwrap();
                let read = BarPlan::read(&before, played);
                for half in (0..2).filter(|half| plan.half(*half).strays == 0) {
                    assert_eq!(read.half(half), plan.half(half), "bar {bar} of seed {seed}");
                }
            }
        }
    }

    #[test]
    fn the_fill_control_asks_for_more_fills_or_none() {
        let planned = |fills: f32| {
            let draw = |seed| PhraseDraw { seed, temperature: 0.8, fills };
            let phrases = (0..8).map(|seed| model(2).phrase(&beat(), &draw(seed)));
            phrases.flat_map(|phrase| phrase.plans).filter(|plan| plan.0[FILL] == 1).count()
        };
        assert!(planned(-1.0) < planned(0.0) && planned(0.0) < planned(1.0));
    }
}
