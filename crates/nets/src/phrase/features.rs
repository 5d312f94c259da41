//! Input features of the phrase model's two perceptrons, as lists of the inputs that are 1.

use beat::PIECES;

use super::plan::{
    ALL_CHOICES, BarPlan, CHOICES, CHOICES_FROM, HALF, HalfBar, PHRASE_BARS, PlanContext, REFERENCES,
    edit_class, hamming,
};
use crate::{ONE_BAR, TWO_BARS};

const EDIT_CLASS_COUNT: usize = 6;
/// Previous bars that are encoded step by step.
const RECENT_BARS: usize = 2;

// The planner's features, in this order.
const BAR: usize = 0;
const DECISION: usize = BAR + PHRASE_BARS;
const DECIDED: usize = DECISION + CHOICES.len();
const PLANS: usize = DECIDED + ALL_CHOICES;
const THEME: usize = PLANS + (PHRASE_BARS - 1) * ALL_CHOICES;
const RECENT_STEPS_FROM: usize = THEME + TWO_BARS * PIECES;
const REFERENCE_DISTANCE: usize = RECENT_STEPS_FROM + RECENT_BARS * ONE_BAR * PIECES;
/// Number of inputs of the planner.
pub const PLANNER_FEATURES: usize = REFERENCE_DISTANCE + (REFERENCES - 1) * 2 * EDIT_CLASS_COUNT;

/// Calls `on` with each input of the planner that is 1 for `decision` (0..6) of the next bar, given the plans
/// of the bars before and the decisions `so_far` about this one.
pub fn encode_plan(
    before: &PlanContext<'_>,
    plans: &[BarPlan],
    so_far: &BarPlan,
    decision: usize,
    on: &mut dyn FnMut(usize),
) {
    on(BAR + before.bar().min(PHRASE_BARS - 1));
    on(DECISION + decision);
    encode_choices(so_far, decision, DECIDED, on);
    for (back, plan) in plans.iter().rev().enumerate().take(PHRASE_BARS - 1) {
        encode_choices(plan, CHOICES.len(), PLANS + back * ALL_CHOICES, on);
    }
    // The theme is rotated so that the next bar's position in it comes first.
    for step in 0..TWO_BARS {
        let place = (before.bar() % 2 * ONE_BAR + step) % TWO_BARS;
        hits(before.theme[place], THEME + step * PIECES, on);
    }
    for (back, class) in before.past.iter().rev().enumerate().take(RECENT_BARS * ONE_BAR) {
        hits(*class, RECENT_STEPS_FROM + back * PIECES, on);
    }
    for reference in 1..REFERENCES {
        for half in 0..2 {
            if let (Some(there), Some(theme)) = (before.reference(half, reference), before.reference(half, 0))
            {
                let class = edit_class(hamming(&there, &theme));
                on(REFERENCE_DISTANCE + ((reference - 1) * 2 + half) * EDIT_CLASS_COUNT + class);
            }
        }
    }
}

// The writer's features, in this order.
const PLACE: usize = 0;
const IN_PHRASE: usize = PLACE + TWO_BARS;
const REFERENCE: usize = IN_PHRASE + PHRASE_BARS;
const THEME_AROUND: usize = REFERENCE + HALF * PIECES;
const THEME_BEFORE: usize = 8;
const THEME_STEPS: usize = 17;
const RECENT: usize = THEME_AROUND + THEME_STEPS * PIECES;
const RECENT_STEPS: usize = ONE_BAR;
const LAGGED: usize = RECENT + RECENT_STEPS * PIECES;
const LAGS: [usize; 4] = [ONE_BAR, 2 * ONE_BAR, 4 * ONE_BAR, 8 * ONE_BAR];
const AROUND: usize = 5;
const LAG_EXISTS: usize = LAGGED + LAGS.len() * AROUND * PIECES;
const PLANNED: usize = LAG_EXISTS + LAGS.len();
const EDITS_SO_FAR: usize = PLANNED + 2 * ALL_CHOICES;
const MOST_EDITS: usize = 9;
/// Number of inputs of the writer.
pub const WRITER_FEATURES: usize = EDITS_SO_FAR + MOST_EDITS + 1;

/// The context in which a step is written.
#[derive(Clone, Copy, Debug)]
pub struct WriterContext<'a> {
    /// The two bars that the phrase develops.
    pub theme: &'a [u16; TWO_BARS],
    /// The classes of all steps before, from the phrase's first on.
    pub past: &'a [u16],
    /// The reference of this half bar.
    pub reference: &'a HalfBar,
    /// The plan of this bar, and of the bar before, which is the default before the first.
    pub plans: [&'a BarPlan; 2],
}

/// Calls `on` with each input of the writer that is 1 for the step behind `writing.past`.
pub fn encode_writer(writing: &WriterContext<'_>, on: &mut dyn FnMut(usize)) {
    let WriterContext { theme, past, reference, plans } = *writing;
    let now = past.len();
    on(PLACE + now % TWO_BARS);
    on(IN_PHRASE + (now / ONE_BAR).min(PHRASE_BARS - 1));
    // The reference is rotated so that this step's position in it comes first.
    let in_half = now % HALF;
    for step in 0..HALF {
        hits(reference[(in_half + step) % HALF], REFERENCE + step * PIECES, on);
    }
    for step in 0..THEME_STEPS {
        hits(theme[(now + TWO_BARS + step - THEME_BEFORE) % TWO_BARS], THEME_AROUND + step * PIECES, on);
    }
    for (back, class) in past.iter().rev().enumerate().take(RECENT_STEPS) {
        hits(*class, RECENT + back * PIECES, on);
    }
    for (index, lag) in LAGS.iter().enumerate().filter(|(_, lag)| **lag <= now) {
        on(LAG_EXISTS + index);
        for place in 0..AROUND {
            // From two steps before the lag to two after it; before the phrase's start there is silence.
            let step = (now + place).checked_sub(lag + AROUND / 2).and_then(|step| past.get(step));
            hits(step.copied().unwrap_or(0), LAGGED + (index * AROUND + place) * PIECES, on);
        }
    }
    for (which, plan) in plans.into_iter().enumerate() {
        encode_choices(plan, CHOICES.len(), PLANNED + which * ALL_CHOICES, on);
    }
    on(EDITS_SO_FAR + (hamming(&past[now - in_half..], reference) as usize).min(MOST_EDITS));
}

/// One-hot of the first `decisions` choices of a plan.
fn encode_choices(plan: &BarPlan, decisions: usize, from: usize, on: &mut dyn FnMut(usize)) {
    for (choice, first) in plan.0.iter().zip(CHOICES_FROM).take(decisions) {
        on(from + first + usize::from(*choice));
    }
}

/// One input for each piece that a class hits.
fn hits(class: u16, from: usize, on: &mut dyn FnMut(usize)) {
    (0..PIECES).filter(|piece| class >> piece & 1 == 1).for_each(|piece| on(from + piece));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_input_is_encoded_twice_or_out_of_range() {
        let theme = [0x1ff; TWO_BARS];
        let past = vec![0x1ff; 15 * ONE_BAR + 7];
        let plan = BarPlan([1, 1, 29, 29, 2, 2]);
        let sorted = |mut features: Vec<usize>| {
            let count = features.len();
            features.sort_unstable();
            features.dedup();
            assert_eq!(features.len(), count);
            features
        };
        let before = PlanContext { theme: &theme, past: &past[..15 * ONE_BAR] };
        let mut planner = Vec::new();
        encode_plan(&before, &[plan; 15], &plan, 5, &mut |input| planner.push(input));
        assert_eq!(sorted(planner).last(), Some(&(REFERENCE_DISTANCE + (7 * EDIT_CLASS_COUNT))));
        let writing = WriterContext { theme: &theme, past: &past, reference: &[0; HALF], plans: [&plan; 2] };
        let mut writer = Vec::new();
        encode_writer(&writing, &mut |input| writer.push(input));
        assert_eq!(sorted(writer).last(), Some(&(WRITER_FEATURES - 1)));
    }

    #[test]
    fn the_first_step_of_a_phrase_has_features() {
        let (theme, plan) = ([0; TWO_BARS], BarPlan::default());
        let writing = WriterContext { theme: &theme, past: &[], reference: &[0; HALF], plans: [&plan; 2] };
        let mut features = Vec::new();
        encode_writer(&writing, &mut |input| features.push(input));
        assert_eq!(features.len(), 2 + 2 * CHOICES.len() + 1);
        let before = PlanContext { theme: &theme, past: &[] };
        features.clear();
        encode_plan(&before, &[], &plan, 0, &mut |input| features.push(input));
        assert_eq!(features, [BAR, DECISION]);
    }
}
