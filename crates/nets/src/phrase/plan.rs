//! The plan of a phrase: what each of its bars does, before any of it is written.
//!
//! Real songs repeat. So a plan says of each half of a bar what it goes back to (the phrase's home beat, or
//! what stood one, two, four or eight bars before) and by how many cells it strays from that; and of each
//! bar whether it ends in a fill and begins with a crash, and how much of it the toms play. Where nothing
//! strays, the bar is known; only what strays has to be written.

use beat::{STEPS, STEPS_PER_BAR};

/// Bars of a phrase.
pub const PHRASE_BARS: usize = 16;
/// Steps of a phrase.
pub const PHRASE_STEPS: usize = PHRASE_BARS * STEPS_PER_BAR;
/// Steps of half a bar.
pub const HALF: usize = STEPS_PER_BAR / 2;
/// How many bars back a half may go for what it repeats; beside the home beat.
const BACK: [usize; 4] = [1, 2, 4, 8];
/// What a half may go back to: home, and each of [`BACK`].
pub(super) const BASES: usize = 1 + BACK.len();
/// By how many cells a half strays: the least of each class.
const STRAYS: [u32; 6] = [0, 1, 2, 3, 5, 9];
/// What a half may be planned as: each base with each class of straying.
const HALVES: usize = BASES * STRAYS.len();

/// What is decided of a bar, in this order: whether it ends in a fill, whether it begins with a crash, what
/// its first and second half are, how much the toms play in each. So many choices has each.
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
/// So many more hits of snare and toms than at home make the end of a bar a fill.
const FILL_HITS: u32 = 2;

/// Half a bar, as classes.
pub type HalfBar = [u16; HALF];

/// What is known where a bar is planned: home and everything before the bar.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// The home beat.
    pub home: &'a [u16; STEPS],
    /// The classes of all bars before, from the phrase's first on.
    pub past: &'a [u16],
}

impl Before<'_> {
    /// Which bar comes next, 0..16.
    pub fn bar(&self) -> usize {
        self.past.len() / STEPS_PER_BAR
    }

    /// How many bars back a base lies; `None` is home.
    pub(super) fn bars_back(base: usize) -> Option<usize> {
        base.checked_sub(1).and_then(|back| BACK.get(back).copied())
    }

    /// What half `half` (0 or 1) of the next bar would go back to, where there is such a thing.
    pub fn base(&self, half: usize, base: usize) -> Option<HalfBar> {
        let bar = self.bar();
        let (steps, from) = match base.checked_sub(1) {
            None => (&self.home[..], bar % 2 * STEPS_PER_BAR),
            Some(back) => (self.past, bar.checked_sub(*BACK.get(back)?)? * STEPS_PER_BAR),
        };
        steps.get(from + half * HALF..)?.first_chunk().copied()
    }

    /// The choices of `decision` that can follow what was decided `so_far` of the next bar. A copy is of
    /// something that is there, is named by the first base that holds it, and does what was decided of fill
    /// and crash; how much the toms of a copy play is known.
    pub fn possible(&self, so_far: &BarPlan, decision: usize) -> impl Iterator<Item = usize> {
        (0..CHOICES[decision]).filter(move |choice| match decision {
            FIRST | SECOND => self.may_be(so_far, decision - FIRST, HalfPlan::of(*choice)),
            TOMS.. => {
                self.known_toms(so_far, decision - TOMS).is_none_or(|toms| usize::from(toms) == *choice)
            }
            _ => true,
        })
    }

    fn may_be(&self, so_far: &BarPlan, half: usize, HalfPlan { base, strays }: HalfPlan) -> bool {
        let Some(copied) = self.base(half, base) else { return false };
        let named_before = (0..base).any(|earlier| self.base(half, earlier) == Some(copied));
        let does = match half {
            0 => u8::from(crashes(&copied)) == so_far.0[CRASH],
            _ => u8::from(self.is_fill(&copied)) == so_far.0[FILL],
        };
        strays > 0 || does && !named_before
    }

    fn known_toms(&self, so_far: &BarPlan, half: usize) -> Option<u8> {
        let HalfPlan { base, strays } = so_far.half(half);
        if strays > 0 { None } else { self.base(half, base).map(|copied| toms(&copied)) }
    }

    /// Whether a second half is a fill: clearly more snare and toms than at home.
    pub fn is_fill(&self, second: &HalfBar) -> bool {
        let home = self.base(1, 0).unwrap_or_default();
        count(second, SNARE_AND_TOMS) >= count(&home, SNARE_AND_TOMS) + FILL_HITS
    }
}

/// What one bar does: the choice of each decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BarPlan(pub [u8; CHOICES.len()]);

/// What half a bar is: what it goes back to and how far it strays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalfPlan {
    /// 0 is home, then one, two, four and eight bars back.
    pub base: usize,
    /// The class of straying; 0 is an exact copy.
    pub strays: usize,
}

impl HalfPlan {
    /// The half plan that a choice stands for.
    pub fn of(choice: usize) -> Self {
        Self { base: choice / STRAYS.len(), strays: choice % STRAYS.len() }
    }

    fn choice(self) -> u8 {
        (self.base * STRAYS.len() + self.strays) as u8
    }
}

impl BarPlan {
    /// The plan that a bar follows, as it was played behind `before`.
    pub fn read(before: &Before<'_>, bar: &[u16; STEPS_PER_BAR]) -> Self {
        let mut halves = [HalfBar::default(); 2];
        halves.as_flattened_mut().copy_from_slice(bar);
        let [first, second] = [0, 1].map(|half| nearest(before, half, &halves[half]).choice());
        let [low, high] = halves.map(|half| toms(&half));
        let fill = u8::from(before.is_fill(&halves[1]));
        Self([fill, u8::from(crashes(&halves[0])), first, second, low, high])
    }

    /// The plan of half `half`.
    pub fn half(&self, half: usize) -> HalfPlan {
        HalfPlan::of(usize::from(self.0[FIRST + half]))
    }
}

/// The base that half `half` of the next bar strays least from; the first of several.
fn nearest(before: &Before<'_>, half: usize, played: &HalfBar) -> HalfPlan {
    let strayed = (0..BASES).filter_map(|base| Some((changes(&before.base(half, base)?, played), base)));
    let (cells, base) = strayed.min().unwrap_or((0, 0));
    HalfPlan { base, strays: strays(cells) }
}

/// How many cells differ.
pub(super) fn changes(one: &[u16], other: &[u16]) -> u32 {
    one.iter().zip(other).map(|(one, other)| (one ^ other).count_ones()).sum()
}

/// The class of straying of so many cells; the first class begins at none.
pub(super) fn strays(cells: u32) -> usize {
    STRAYS.partition_point(|least| *least <= cells) - 1
}

/// How much the toms play: not at all, a little, much.
pub(super) fn toms(half: &HalfBar) -> u8 {
    match count(half, ALL_TOMS) {
        0 => 0,
        1..=2 => 1,
        _ => 2,
    }
}

/// Whether a bar that begins with this half begins with a crash.
pub(super) fn crashes(first: &HalfBar) -> bool {
    first[0] & CRASHES != 0
}

fn count(half: &HalfBar, pieces: u16) -> u32 {
    half.iter().map(|step| (step & pieces).count_ones()).sum()
}

/// The home beat of a phrase: of its eight pairs of bars the one that all others stray least from, the
/// first of several.
pub fn home(phrase: &[u16; PHRASE_STEPS]) -> [u16; STEPS] {
    let (pairs, _) = phrase.as_chunks::<STEPS>();
    let far = |pair: &&[u16; STEPS]| pairs.iter().map(|other| changes(*pair, other)).sum::<u32>();
    pairs.iter().min_by_key(far).copied().unwrap_or([0; STEPS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_planned_as_home_and_a_crash_as_one_cell_of_straying() {
        let home: [u16; STEPS] = std::array::from_fn(|step| [1, 4, 2, 4][step % 4]);
        let before = Before { home: &home, past: &home };
        let mut bar: [u16; STEPS_PER_BAR] = home[..16].try_into().unwrap();
        assert_eq!(BarPlan::read(&before, &bar), BarPlan::default());
        bar[0] |= CRASHES;
        let plan = BarPlan::read(&before, &bar);
        assert_eq!(
            (plan.0[CRASH], plan.half(0), plan.half(1).strays),
            (1, HalfPlan { base: 0, strays: 1 }, 0)
        );
        assert_eq!(before.bar(), 2);
    }

    #[test]
    fn a_fill_is_seen_with_its_toms_and_what_comes_back_is_a_copy() {
        let home = [1; STEPS];
        let mut past = vec![1; 16];
        past[8..].copy_from_slice(&[0x12, 0x10, 0x20, 0x20, 0x40, 0x40, 0x40, 2]);
        let fill: [u16; STEPS_PER_BAR] = past[..].try_into().unwrap();
        let plan = BarPlan::read(&Before { home: &home, past: &[] }, &fill);
        assert_eq!(plan.0, [1, 0, 0, 5, 0, 2]);
        let again = BarPlan::read(&Before { home: &home, past: &past }, &fill);
        assert_eq!((again.half(1), again.0[FILL]), (HalfPlan { base: 1, strays: 0 }, 1));
    }

    #[test]
    fn home_is_what_the_others_stray_least_from() {
        let mut phrase = [1; PHRASE_STEPS];
        phrase[..64].fill(3);
        phrase[70] = 5;
        assert_eq!(home(&phrase), [1; STEPS]);
    }

    #[test]
    fn every_choice_has_its_own_place() {
        for decision in 1..CHOICES.len() {
            assert_eq!(CHOICES_FROM[decision], CHOICES_FROM[decision - 1] + CHOICES[decision - 1]);
        }
        assert_eq!(ALL_CHOICES, CHOICES.iter().sum::<usize>());
        assert!((0..HALVES).all(|choice| usize::from(HalfPlan::of(choice).choice()) == choice));
    }
}
