//! What the two perceptrons of phrase mode see, as lists of the inputs that are on.

use beat::{PIECES, STEPS, STEPS_PER_BAR};

use super::plan::{
    ALL_CHOICES, BASES, BarPlan, Before, CHOICES, CHOICES_FROM, HALF, HalfBar, PHRASE_BARS, changes, strays,
};

const CLASSES_OF_STRAYING: usize = 6;
/// How many bars before are seen as they were played.
const HEARD_BARS: usize = 2;

// What the planner sees, in this order.
const BAR: usize = 0;
const ASKED: usize = BAR + PHRASE_BARS;
const DECIDED: usize = ASKED + CHOICES.len();
const PLANS: usize = DECIDED + ALL_CHOICES;
const HOME: usize = PLANS + (PHRASE_BARS - 1) * ALL_CHOICES;
const HEARD: usize = HOME + STEPS * PIECES;
const FAR: usize = HEARD + HEARD_BARS * STEPS_PER_BAR * PIECES;
/// How many inputs the planner has.
pub const PLAN_SEEN: usize = FAR + (BASES - 1) * 2 * CLASSES_OF_STRAYING;

/// Calls `on` with each input of the planner that is 1 where decision `asked` (0..6) of the next bar is to
/// be made, behind the plans of the bars before and the decisions `so_far` of this one.
pub fn see_plan(
    before: &Before<'_>,
    plans: &[BarPlan],
    so_far: &BarPlan,
    asked: usize,
    on: &mut dyn FnMut(usize),
) {
    on(BAR + before.bar().min(PHRASE_BARS - 1));
    on(ASKED + asked);
    chosen(so_far, asked, DECIDED, on);
    for (back, plan) in plans.iter().rev().enumerate().take(PHRASE_BARS - 1) {
        chosen(plan, CHOICES.len(), PLANS + back * ALL_CHOICES, on);
    }
    // Home is seen from where the next bar stands in it.
    for step in 0..STEPS {
        let place = (before.bar() % 2 * STEPS_PER_BAR + step) % STEPS;
        hits(before.home[place], HOME + step * PIECES, on);
    }
    for (back, class) in before.past.iter().rev().enumerate().take(HEARD_BARS * STEPS_PER_BAR) {
        hits(*class, HEARD + back * PIECES, on);
    }
    for base in 1..BASES {
        for half in 0..2 {
            if let (Some(there), Some(home)) = (before.base(half, base), before.base(half, 0)) {
                let class = strays(changes(&there, &home));
                on(FAR + ((base - 1) * 2 + half) * CLASSES_OF_STRAYING + class);
            }
        }
    }
}

// What the writer sees, in this order.
const PLACE: usize = 0;
const IN_PHRASE: usize = PLACE + STEPS;
const BASE: usize = IN_PHRASE + PHRASE_BARS;
const AT_HOME: usize = BASE + HALF * PIECES;
const HOME_BEFORE: usize = 8;
const HOME_STEPS: usize = 17;
const RECENT: usize = AT_HOME + HOME_STEPS * PIECES;
const RECENT_STEPS: usize = 16;
const LAGGED: usize = RECENT + RECENT_STEPS * PIECES;
const LAGS: [usize; 4] = [16, 32, 64, 128];
const AROUND: usize = 5;
const THERE: usize = LAGGED + LAGS.len() * AROUND * PIECES;
const PLANNED: usize = THERE + LAGS.len();
const STRAYED: usize = PLANNED + 2 * ALL_CHOICES;
const MOST_STRAYED: usize = 9;
/// How many inputs the writer has.
pub const WRITE_SEEN: usize = STRAYED + MOST_STRAYED + 1;

/// What is known where a step is written.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    /// The home beat.
    pub home: &'a [u16; STEPS],
    /// The classes of all steps before, from the phrase's first on.
    pub past: &'a [u16],
    /// What this half goes back to.
    pub base: &'a HalfBar,
    /// The plan of this bar, and of the bar before, which is the default before the first.
    pub plans: [&'a BarPlan; 2],
}

/// Calls `on` with each input of the writer that is 1 for the step behind `writing.past`.
pub fn see_writing(writing: &Writing<'_>, on: &mut dyn FnMut(usize)) {
    let Writing { home, past, base, plans } = *writing;
    let now = past.len();
    on(PLACE + now % STEPS);
    on(IN_PHRASE + (now / STEPS_PER_BAR).min(PHRASE_BARS - 1));
    // The base is seen from this step on, and what of it is behind at the end.
    let in_half = now % HALF;
    for step in 0..HALF {
        hits(base[(in_half + step) % HALF], BASE + step * PIECES, on);
    }
    for step in 0..HOME_STEPS {
        hits(home[(now + STEPS + step - HOME_BEFORE) % STEPS], AT_HOME + step * PIECES, on);
    }
    for (back, class) in past.iter().rev().enumerate().take(RECENT_STEPS) {
        hits(*class, RECENT + back * PIECES, on);
    }
    for (index, lag) in LAGS.iter().enumerate().filter(|(_, lag)| **lag <= now) {
        on(THERE + index);
        for place in 0..AROUND {
            // From two steps before to two behind; what lies before the phrase is silence.
            let step = (now + place).checked_sub(lag + AROUND / 2).and_then(|step| past.get(step));
            hits(step.copied().unwrap_or(0), LAGGED + (index * AROUND + place) * PIECES, on);
        }
    }
    for (which, plan) in plans.into_iter().enumerate() {
        chosen(plan, CHOICES.len(), PLANNED + which * ALL_CHOICES, on);
    }
    on(STRAYED + (changes(&past[now - in_half..], base) as usize).min(MOST_STRAYED));
}

/// Switches on the first `decisions` choices of a plan.
fn chosen(plan: &BarPlan, decisions: usize, from: usize, on: &mut dyn FnMut(usize)) {
    for (choice, first) in plan.0.iter().zip(CHOICES_FROM).take(decisions) {
        on(from + first + usize::from(*choice));
    }
}

/// Switches on the pieces that a step hits.
fn hits(class: u16, from: usize, on: &mut dyn FnMut(usize)) {
    (0..PIECES).filter(|piece| class >> piece & 1 == 1).for_each(|piece| on(from + piece));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_seen_twice_and_nothing_beyond_the_inputs() {
        let home = [0x1ff; STEPS];
        let past = vec![0x1ff; 15 * STEPS_PER_BAR + 7];
        let plan = BarPlan([1, 1, 29, 29, 2, 2]);
        let sorted = |mut seen: Vec<usize>| {
            let count = seen.len();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), count);
            seen
        };
        let before = Before { home: &home, past: &past[..15 * STEPS_PER_BAR] };
        let mut planner = Vec::new();
        see_plan(&before, &[plan; 15], &plan, 5, &mut |input| planner.push(input));
        assert_eq!(sorted(planner).last(), Some(&(FAR + (7 * CLASSES_OF_STRAYING))));
        let writing = Writing { home: &home, past: &past, base: &[0; HALF], plans: [&plan; 2] };
        let mut writer = Vec::new();
        see_writing(&writing, &mut |input| writer.push(input));
        assert_eq!(sorted(writer).last(), Some(&(WRITE_SEEN - 1)));
    }

    #[test]
    fn the_first_step_of_a_phrase_can_be_seen() {
        let (home, plan) = ([0; STEPS], BarPlan::default());
        let writing = Writing { home: &home, past: &[], base: &[0; HALF], plans: [&plan; 2] };
        let mut seen = Vec::new();
        see_writing(&writing, &mut |input| seen.push(input));
        assert_eq!(seen.len(), 2 + 2 * CHOICES.len() + 1);
        let before = Before { home: &home, past: &[] };
        seen.clear();
        see_plan(&before, &[], &plan, 0, &mut |input| seen.push(input));
        assert_eq!(seen, [BAR, ASKED]);
    }
}
