//! The plan of a phrase: decisions about each bar that are made before its steps are written.
//!
//! Real songs repeat. So a plan names for each half of a bar its reference (the theme, or the same half one,
//! two, four or eight bars before) and its edit distance from it in cells; and for each bar whether it ends in
//! a fill, whether it begins with a crash, and how much the toms play in each half. A half at distance 0 is a
//! copy; only the others have to be written.

use crate::{ONE_BAR, TWO_BARS};

/// Bars of a phrase.
pub const PHRASE_BARS: usize = 16;
/// Steps of a phrase.
pub const PHRASE_STEPS: usize = PHRASE_BARS * ONE_BAR;
/// Steps of half a bar.
pub const HALF: usize = ONE_BAR / 2;
/// How many bars back a reference may lie.
const BACK: [usize; 4] = [1, 2, 4, 8];
/// Number of references: the theme, then each of [`BACK`].
pub(super) const REFERENCES: usize = 1 + BACK.len();
/// Classes of edit distance from the reference: the fewest cells of each class.
const EDIT_CLASSES: [u32; 6] = [0, 1, 2, 3, 5, 9];
/// Choices for a half: each reference with each class of edit distance.
const HALVES: usize = REFERENCES * EDIT_CLASSES.len();

/// The decisions about a bar with the number of choices of each, in this order: does it end in a fill, does
/// it begin with a crash, first half, second half, toms of the first half, toms of the second half.
pub const CHOICES: [usize; 6] = [2, 2, HALVES, HALVES, 3, 3];
/// Where each decision's choices begin among all of them.
pub const CHOICES_FROM: [usize; 6] = [0, 2, 4, 4 + HALVES, 4 + 2 * HALVES, 7 + 2 * HALVES];
/// All choices of a bar.
pub const ALL_CHOICES: usize = 10 + 2 * HALVES;

/// The decision about a fill.
pub(super) const FILL: usize = 0;
/// The decision about a crash on one.
pub(super) const CRASH: usize = 1;
/// The decision about the first half; the second's is the next.
pub(super) const FIRST: usize = 2;
/// The decision about the second half.
const SECOND: usize = FIRST + 1;
/// The decision about the toms of the first half; the second's is the next.
pub(super) const TOMS: usize = 4;

const SNARE_AND_TOMS: u16 = 0b111_0010;
const ALL_TOMS: u16 = 0b111_0000;
const CRASHES: u16 = 0b1000_0000;
/// A second half with this many more hits of snare and toms than the theme's is a fill.
const FILL_HITS: u32 = 2;

/// Half a bar, as classes.
pub type HalfBar = [u16; HALF];

/// The context in which a bar is planned.
#[derive(Clone, Copy, Debug)]
pub struct PlanContext<'a> {
    /// The two bars that the phrase develops.
    pub theme: &'a [u16; TWO_BARS],
    /// The classes of all bars before, from the phrase's first on.
    pub past: &'a [u16],
}

impl PlanContext<'_> {
    /// The index of the next bar, 0..16.
    pub fn bar(&self) -> usize {
        self.past.len() / ONE_BAR
    }

    /// How many bars back a reference lies; `None` is the theme.
    pub(super) fn bars_back(reference: usize) -> Option<usize> {
        reference.checked_sub(1).and_then(|back| BACK.get(back).copied())
    }

    /// The reference number `reference` for half `half` (0 or 1) of the next bar; `None` before the phrase's
    /// start.
    pub fn reference(&self, half: usize, reference: usize) -> Option<HalfBar> {
        let bar = self.bar();
        let (steps, from) = match reference.checked_sub(1) {
            None => (&self.theme[..], bar % 2 * ONE_BAR),
            Some(back) => (self.past, bar.checked_sub(*BACK.get(back)?)? * ONE_BAR),
        };
        steps.get(from + half * HALF..)?.first_chunk().copied()
    }

    /// The choices of `decision` that are consistent with the decisions `so_far` about the next bar. A copy
    /// has an existing reference, uses the first of several equal ones, and has the fill and crash that were
    /// decided; the toms of a copy are known.
    pub fn possible(&self, so_far: &BarPlan, decision: usize) -> impl Iterator<Item = usize> {
        (0..CHOICES[decision]).filter(move |choice| match decision {
            FIRST | SECOND => self.is_consistent(so_far, decision - FIRST, HalfPlan::of(*choice)),
            TOMS.. => {
                self.known_toms(so_far, decision - TOMS).is_none_or(|toms| usize::from(toms) == *choice)
            }
            _ => true,
        })
    }

    fn is_consistent(&self, so_far: &BarPlan, half: usize, HalfPlan { reference, edits }: HalfPlan) -> bool {
        let Some(copied) = self.reference(half, reference) else { return false };
        let is_duplicate = (0..reference).any(|earlier| self.reference(half, earlier) == Some(copied));
        let agrees = match half {
            0 => u8::from(begins_with_crash(&copied)) == so_far.0[CRASH],
            _ => u8::from(self.is_fill(&copied)) == so_far.0[FILL],
        };
        edits > 0 || agrees && !is_duplicate
    }

    fn known_toms(&self, so_far: &BarPlan, half: usize) -> Option<u8> {
        let HalfPlan { reference, edits } = so_far.half(half);
        if edits > 0 { None } else { self.reference(half, reference).map(|copied| toms(&copied)) }
    }

    /// Whether a second half is a fill: clearly more snare and toms than the theme's.
    pub fn is_fill(&self, second: &HalfBar) -> bool {
        let theme = self.reference(1, 0).unwrap_or_default();
        count(second, SNARE_AND_TOMS) >= count(&theme, SNARE_AND_TOMS) + FILL_HITS
    }
}

/// The plan of one bar: the choice of each decision in [`CHOICES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BarPlan(pub [u8; CHOICES.len()]);

/// The plan of half a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalfPlan {
    /// The reference: 0 is the theme, then one, two, four and eight bars back.
    pub reference: usize,
    /// The class of edit distance from the reference; 0 is an exact copy.
    pub edits: usize,
}

impl HalfPlan {
    /// The plan with this index among the choices of a half.
    pub fn of(choice: usize) -> Self {
        Self { reference: choice / EDIT_CLASSES.len(), edits: choice % EDIT_CLASSES.len() }
    }

    fn choice(self) -> u8 {
        (self.reference * EDIT_CLASSES.len() + self.edits) as u8
    }
}

impl BarPlan {
    /// The plan that describes an existing bar in its context: the target of training.
    pub fn of_bar(before: &PlanContext<'_>, bar: &[u16; ONE_BAR]) -> Self {
        let mut halves = [HalfBar::default(); 2];
        halves.as_flattened_mut().copy_from_slice(bar);
        let [first, second] = [0, 1].map(|half| nearest(before, half, &halves[half]).choice());
        let [low, high] = halves.map(|half| toms(&half));
        let fill = u8::from(before.is_fill(&halves[1]));
        Self([fill, u8::from(begins_with_crash(&halves[0])), first, second, low, high])
    }

    /// The plan of half `half`.
    pub fn half(&self, half: usize) -> HalfPlan {
        HalfPlan::of(usize::from(self.0[FIRST + half]))
    }
}

/// The reference that the given half is closest to; the first of several.
fn nearest(before: &PlanContext<'_>, half: usize, played: &HalfBar) -> HalfPlan {
    let distances = (0..REFERENCES)
        .filter_map(|reference| Some((hamming(&before.reference(half, reference)?, played), reference)));
    let (cells, reference) = distances.min().unwrap_or((0, 0));
    HalfPlan { reference, edits: edit_class(cells) }
}

/// The Hamming distance of two runs of steps, in cells.
pub fn hamming(one: &[u16], other: &[u16]) -> u32 {
    one.iter().zip(other).map(|(one, other)| (one ^ other).count_ones()).sum()
}

/// The class of an edit distance in cells; class 0 is no edit.
pub(super) fn edit_class(cells: u32) -> usize {
    EDIT_CLASSES.partition_point(|least| *least <= cells) - 1
}

/// How much the toms play: not at all, a little, much.
pub(super) fn toms(half: &HalfBar) -> u8 {
    match count(half, ALL_TOMS) {
        0 => 0,
        1..=2 => 1,
        _ => 2,
    }
}

/// Whether a bar, or its first half, begins with a crash.
pub fn begins_with_crash(bar: &[u16]) -> bool {
    bar.first().is_some_and(|class| class & CRASHES != 0)
}

fn count(half: &HalfBar, pieces: u16) -> u32 {
    half.iter().map(|step| (step & pieces).count_ones()).sum()
}

/// The theme of a phrase: of its eight pairs of bars the one with the smallest total Hamming distance to the
/// others, the first of several.
pub fn theme(phrase: &[u16; PHRASE_STEPS]) -> [u16; TWO_BARS] {
    let (pairs, _) = phrase.as_chunks::<TWO_BARS>();
    let distance = |pair: &&[u16; TWO_BARS]| pairs.iter().map(|other| hamming(*pair, other)).sum::<u32>();
    pairs.iter().min_by_key(distance).copied().unwrap_or([0; TWO_BARS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_planned_as_the_theme_and_a_crash_as_one_edit() {
        let theme: [u16; TWO_BARS] = std::array::from_fn(|step| [1, 4, 2, 4][step % 4]);
        let before = PlanContext { theme: &theme, past: &theme };
        let mut bar: [u16; ONE_BAR] = theme[..16].try_into().unwrap();
        assert_eq!(BarPlan::of_bar(&before, &bar), BarPlan::default());
        bar[0] |= CRASHES;
        let plan = BarPlan::of_bar(&before, &bar);
        assert_eq!(
            (plan.0[CRASH], plan.half(0), plan.half(1).edits),
            (1, HalfPlan { reference: 0, edits: 1 }, 0)
        );
        assert_eq!(before.bar(), 2);
    }

    #[test]
    fn a_fill_is_planned_with_its_toms_and_its_repetition_as_a_copy() {
        let theme = [1; TWO_BARS];
        let mut past = vec![1; 16];
        past[8..].copy_from_slice(&[0x12, 0x10, 0x20, 0x20, 0x40, 0x40, 0x40, 2]);
        let fill: [u16; ONE_BAR] = past[..].try_into().unwrap();
        let plan = BarPlan::of_bar(&PlanContext { theme: &theme, past: &[] }, &fill);
        assert_eq!(plan.0, [1, 0, 0, 5, 0, 2]);
        let again = BarPlan::of_bar(&PlanContext { theme: &theme, past: &past }, &fill);
        assert_eq!((again.half(1), again.0[FILL]), (HalfPlan { reference: 1, edits: 0 }, 1));
    }

    #[test]
    fn the_theme_is_the_pair_of_bars_closest_to_the_others() {
        let mut phrase = [1; PHRASE_STEPS];
        phrase[..64].fill(3);
        phrase[70] = 5;
        assert_eq!(theme(&phrase), [1; TWO_BARS]);
    }

    #[test]
    fn every_choice_has_its_own_index() {
        for decision in 1..CHOICES.len() {
            assert_eq!(CHOICES_FROM[decision], CHOICES_FROM[decision - 1] + CHOICES[decision - 1]);
        }
        assert_eq!(ALL_CHOICES, CHOICES.iter().sum::<usize>());
        assert!((0..HALVES).all(|choice| usize::from(HalfPlan::of(choice).choice()) == choice));
    }
}
