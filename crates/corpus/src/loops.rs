//! Which two-bar windows of a song are its patterns: the repeated ones.

use std::collections::HashMap;

use serde::Serialize;

use crate::grid::{PATTERN_BARS, SongGrid};
use crate::quantise::Passage;

/// How often a pattern has to occur.
const OCCURRENCES: usize = 3;
/// In how many of 32 steps three human performances of one pattern may differ.
const HUMAN_STEPS_OF_32: usize = 10;

/// The rule by which a window is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// Three times in direct succession, the rule of arXiv 2007.06284.
    InARow,
    /// Three times anywhere in its song, without overlap.
    Recurring,
    /// For human performances: three windows in succession that differ in at most 10 of 32 steps from
    /// each other give one pattern, by majority for each cell.
    Majority,
    /// Every window.
    Every,
}

/// A pattern of a song, and where it is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPattern {
    /// Its grid.
    pub grid: SongGrid,
    /// Its steps; bit `i` is a hit of instrument `i` of the default kit.
    pub steps: Vec<u16>,
    /// Every window that plays it, or that agreed on it by majority, in the order of time. They may overlap.
    pub windows: Vec<WindowStart>,
}

/// Where a two-bar window begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowStart {
    /// Index of its passage.
    pub passage: usize,
    /// Its first bar in the passage.
    pub bar: usize,
}

impl WindowStart {
    /// Whether a window that begins here begins before `earlier` has ended.
    fn overlaps(&self, earlier: &Self) -> bool {
        self.passage == earlier.passage && self.bar < earlier.bar + PATTERN_BARS
    }
}

/// The windows without those that begin before the one before them has ended.
pub fn without_overlap(windows: &[WindowStart]) -> impl Iterator<Item = WindowStart> {
    let mut last: Option<WindowStart> = None;
    windows.iter().copied().filter(move |window| {
        let free = last.is_none_or(|last| !window.overlaps(&last));
        if free {
            last = Some(*window);
        }
        free
    })
}

/// The patterns of a song in the order in which they first occur, each once. Windows are two bars long and
/// start at every bar.
pub fn patterns_of(passages: &[Passage], keep: Keep) -> Vec<FoundPattern> {
    match keep {
        Keep::Majority => agreed_patterns(passages),
        Keep::Every => exact_patterns(passages, |_, _| true),
        Keep::InARow => exact_patterns(passages, |windows, at| {
            let window = windows[at];
            [at + PATTERN_BARS, at + 2 * PATTERN_BARS].iter().all(|&later| {
                windows.get(later).is_some_and(|later| {
                    (later.pattern, later.start.passage) == (window.pattern, window.start.passage)
                })
            })
        }),
        Keep::Recurring => {
            let mut counts: Vec<(usize, Option<WindowStart>)> = Vec::new();
            exact_patterns(passages, move |windows, at| {
                let SongWindow { start, pattern } = windows[at];
                if pattern >= counts.len() {
                    counts.resize(pattern + 1, (0, None));
                }
                let (count, last) = &mut counts[pattern];
                if last.is_none_or(|last| !start.overlaps(&last)) {
                    *count += 1;
                    *last = Some(start);
                }
                *count >= OCCURRENCES
            })
        }
    }
}

/// A window, and the index of its pattern among those of the song.
#[derive(Clone, Copy)]
struct SongWindow {
    start: WindowStart,
    pattern: usize,
}

/// The patterns of which `kept` keeps a window, given all windows and the index of the one in question.
fn exact_patterns(
    passages: &[Passage],
    mut kept: impl FnMut(&[SongWindow], usize) -> bool,
) -> Vec<FoundPattern> {
    let mut indices: HashMap<(SongGrid, &[u16]), usize> = HashMap::new();
    let mut windows = Vec::new();
    for (passage, start) in window_starts(passages) {
        let new = indices.len();
        let pattern = *indices.entry((passage.grid, passage.window(start.bar))).or_insert(new);
        windows.push(SongWindow { start, pattern });
    }
    let mut keeping = vec![false; indices.len()];
    for at in 0..windows.len() {
        if kept(&windows, at) {
            keeping[windows[at].pattern] = true;
        }
    }
    let mut found: Vec<FoundPattern> = Vec::new();
    let mut places = vec![None; indices.len()];
    for SongWindow { start, pattern } in windows.into_iter().filter(|window| keeping[window.pattern]) {
        let place = *places[pattern].get_or_insert_with(|| {
            let Passage { grid, .. } = passages[start.passage];
            let steps = passages[start.passage].window(start.bar).to_vec();
            found.push(FoundPattern { grid, steps, windows: Vec::new() });
            found.len() - 1
        });
        found[place].windows.push(start);
    }
    found
}

/// The start of every window, with its passage.
fn window_starts(passages: &[Passage]) -> impl Iterator<Item = (&Passage, WindowStart)> {
    passages.iter().enumerate().flat_map(|(index, passage)| {
        passage.windows().map(move |bar| (passage, WindowStart { passage: index, bar }))
    })
}

/// The patterns on which three similar windows in succession agree.
fn agreed_patterns(passages: &[Passage]) -> Vec<FoundPattern> {
    let mut indices: HashMap<(SongGrid, Vec<u16>), usize> = HashMap::new();
    let mut found: Vec<FoundPattern> = Vec::new();
    for (passage, start) in window_starts(passages) {
        let bars = [0, 1, 2].map(|window| start.bar + window * PATTERN_BARS);
        if bars[2] + PATTERN_BARS > passage.bars() {
            continue;
        }
        let [a, b, c] = bars.map(|bar| passage.window(bar));
        if let Some(steps) = agreed(a, b, c) {
            let grid = passage.grid;
            let index = *indices.entry((grid, steps)).or_insert_with_key(|(_, steps)| {
                found.push(FoundPattern { grid, steps: steps.clone(), windows: Vec::new() });
                found.len() - 1
            });
            found[index].windows.extend(bars.map(|bar| WindowStart { bar, ..start }));
        }
    }
    for pattern in &mut found {
        pattern.windows.sort_unstable();
        pattern.windows.dedup();
    }
    found
}

/// The majority of three similar windows; `None` where they are not similar.
fn agreed(a: &[u16], b: &[u16], c: &[u16]) -> Option<Vec<u16>> {
    let differing = |x: &[u16], y: &[u16]| x.iter().zip(y).filter(|(x, y)| x != y).count();
    let human_steps = a.len() * HUMAN_STEPS_OF_32 / beat::Grid::FOUR_FOUR.steps();
    let alike = [(a, b), (b, c), (a, c)].iter().all(|(x, y)| differing(x, y) <= human_steps);
    let majority = |((a, b), c): ((&u16, &u16), &u16)| a & b | b & c | a & c;
    alike.then(|| a.iter().zip(b).zip(c).map(majority).collect())
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;
    const STEPS_PER_BAR: usize = beat::Grid::FOUR_FOUR.bar_steps();

    /// A passage of bars by name: every letter stands for a bar that differs from the others in all steps.
    fn passage(bars: &str) -> Passage {
        let bar = |letter: char| [u16::from(letter as u8 - b'A' + 1); STEPS_PER_BAR];
        Passage::of_steps(bars.chars().flat_map(bar).collect())
    }

    /// The kept windows by the names of their bars.
    fn kept(passages: &[Passage], keep: Keep) -> Vec<String> {
        let name = |step: u16| char::from(b'A' - 1 + step as u8);
        patterns_of(passages, keep)
            .iter()
            .map(|pattern| [name(pattern.steps[0]), name(pattern.steps[STEPS_PER_BAR])].iter().collect())
            .collect()
    }

    fn check(bars: &str, keep: Keep, expected: &[&str]) {
        assert_eq!(kept(&[passage(bars)], keep), expected, "{bars} {keep:?}");
    }

    #[test]
    fn the_papers_rule_wants_three_in_a_row() {
        check("ABABAB", Keep::InARow, &["AB"]);
        check("ABABCABAB", Keep::InARow, &[]);
        check("CABABABAC", Keep::InARow, &["AB", "BA"]);
        check("AAAAA", Keep::InARow, &[]);
        check("AAAAAA", Keep::InARow, &["AA"]);
    }

    #[test]
    fn a_recurring_pattern_occurs_three_times_anywhere_without_overlap() {
        check("ABCCABDDABEE", Keep::Recurring, &["AB"]);
        check("ABCCABDD", Keep::Recurring, &[]);
        check("AAAAA", Keep::Recurring, &[]);
        check("AAAAAA", Keep::Recurring, &["AA"]);
    }

    #[test]
    fn windows_do_not_cross_a_pause_but_recur_across_it() {
        assert_eq!(kept(&[passage("AB"), passage("AB"), passage("AB")], Keep::Recurring), ["AB"]);
        assert_eq!(kept(&[passage("A"), passage("B"), passage("A"), passage("B")], Keep::Every), [""; 0]);
        assert_eq!(kept(&[passage("ABAB"), passage("AB")], Keep::InARow), [""; 0]);
    }

    #[test]
    fn every_window_is_kept_once() {
        check("ABAB", Keep::Every, &["AB", "BA"]);
        check("A", Keep::Every, &[]);
    }

    /// Six bars of the same beat, with these (step of the passage, onsets) played differently.
    fn human(changes: &[(usize, u16)]) -> Vec<Vec<u16>> {
        let mut beat = passage("AAAAAA");
        for &(step, onsets) in changes {
            beat.steps[step] = onsets;
        }
        patterns_of(&[beat], Keep::Majority).into_iter().map(|pattern| pattern.steps).collect()
    }

    #[test]
    fn a_majority_irons_out_what_one_of_three_played() {
        let plain = vec![1; 32];
        assert_eq!(human(&[]), from_ref(&plain));
        assert_eq!(human(&[(3, 5), (40, 0)]), from_ref(&plain), "one extra, one missing");
        let mut twice = plain;
        twice[3] = 5;
        assert_eq!(human(&[(3, 5), (35, 5)]), [twice], "two of three agree");
    }

    #[test]
    fn performances_that_differ_in_more_than_ten_steps_do_not_agree() {
        let ten: Vec<_> = (0..10).map(|step| (step, 9)).collect();
        assert_eq!(human(&ten).len(), 1);
        let eleven: Vec<_> = (0..11).map(|step| (step, 9)).collect();
        assert_eq!(human(&eleven).len(), 0);
    }
}
