//! Which two-bar windows of a song are its patterns: the repeated ones.

use std::collections::HashMap;

use beat::{Pattern, STEPS, STEPS_PER_BAR};
use serde::Serialize;

use crate::quantise::Passage;

/// How often a pattern has to occur.
const OCCURRENCES: usize = 3;
/// In how many of the 32 steps three human performances of one pattern may differ.
const HUMAN_STEPS: usize = 10;
/// Bars of a pattern.
const BARS: usize = STEPS / STEPS_PER_BAR;

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

/// The patterns of a song in the order in which they first occur, each once. Windows are 32 steps long
/// and start at every bar.
pub fn patterns_of(passages: &[Passage], keep: Keep) -> Vec<Pattern> {
    let mut found = Found::default();
    for (passage, windows) in passages.iter().map(windows).enumerate() {
        for (bar, &window) in windows.iter().enumerate() {
            let start = WindowStart { passage, bar };
            match keep {
                Keep::Every => found.note(window, start, OCCURRENCES),
                Keep::Recurring => found.note(window, start, 1),
                Keep::InARow => {
                    if followers(&windows, bar) == Some([window; 2]) {
                        found.note(window, start, OCCURRENCES);
                    }
                }
                Keep::Majority => {
                    if let Some(agreed) = followers(&windows, bar).and_then(|[a, b]| agreed(window, a, b)) {
                        found.note(agreed, start, OCCURRENCES);
                    }
                }
            }
        }
    }
    found.often_enough()
}

/// All windows of a passage, by the bar they start at.
fn windows(passage: &Passage) -> Vec<Pattern> {
    let (steps, _) = passage.steps.as_chunks::<STEPS_PER_BAR>();
    steps
        .windows(BARS)
        .filter_map(|bars| {
            let mut steps = [0; STEPS];
            steps.copy_from_slice(bars.as_flattened());
            Pattern::new(steps)
        })
        .collect()
}

/// The two windows that follow the one at `bar` without overlap.
fn followers(windows: &[Pattern], bar: usize) -> Option<[Pattern; 2]> {
    Some([*windows.get(bar + BARS)?, *windows.get(bar + 2 * BARS)?])
}

/// The majority of three similar windows; `None` where they are not similar.
fn agreed(a: Pattern, b: Pattern, c: Pattern) -> Option<Pattern> {
    let differing = |x: &Pattern, y: &Pattern| (0..STEPS).filter(|&s| x.step(s) != y.step(s)).count();
    let alike = [(a, b), (b, c), (a, c)].iter().all(|(x, y)| differing(x, y) <= HUMAN_STEPS);
    let majority = |s| a.step(s) & b.step(s) | b.step(s) & c.step(s) | a.step(s) & c.step(s);
    alike.then(|| Pattern::new(std::array::from_fn(majority))).flatten()
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct WindowStart {
    passage: usize,
    bar: usize,
}

/// Patterns in the order of their first occurrence, with how often they occur without overlap.
#[derive(Default)]
struct Found {
    index: HashMap<Pattern, usize>,
    occurrences: Vec<(Pattern, usize, WindowStart)>,
}

impl Found {
    fn note(&mut self, pattern: Pattern, start: WindowStart, times: usize) {
        let index = *self.index.entry(pattern).or_insert(self.occurrences.len());
        match self.occurrences.get_mut(index) {
            None => self.occurrences.push((pattern, times, start)),
            Some((_, count, last)) => {
                if last.passage != start.passage || last.bar + BARS <= start.bar {
                    *count += times;
                    *last = start;
                }
            }
        }
    }

    fn often_enough(self) -> Vec<Pattern> {
        let often = |(pattern, count, _)| (count >= OCCURRENCES).then_some(pattern);
        self.occurrences.into_iter().filter_map(often).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A passage of bars by name: every letter stands for a bar that differs from the others in all steps.
    fn passage(bars: &str) -> Passage {
        let bar = |letter: char| [u16::from(letter as u8 - b'A' + 1); STEPS_PER_BAR];
        Passage { steps: bars.chars().flat_map(bar).collect() }
    }

    /// The kept windows by the names of their bars.
    fn kept(passages: &[Passage], keep: Keep) -> Vec<String> {
        let name = |step: u16| char::from(b'A' - 1 + step as u8);
        patterns_of(passages, keep)
            .iter()
            .map(|pattern| [name(pattern.step(0)), name(pattern.step(STEPS_PER_BAR))].iter().collect())
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
    fn human(changes: &[(usize, u16)]) -> Vec<Pattern> {
        let mut beat = passage("AAAAAA");
        for &(step, onsets) in changes {
            beat.steps[step] = onsets;
        }
        patterns_of(&[beat], Keep::Majority)
    }

    #[test]
    fn a_majority_irons_out_what_one_of_three_played() {
        let plain = Pattern::new([1; STEPS]).unwrap();
        assert_eq!(human(&[]), [plain]);
        assert_eq!(human(&[(3, 5), (40, 0)]), [plain], "one extra, one missing");
        let twice = plain.with(3, 2);
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
