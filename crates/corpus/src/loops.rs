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
mod tests;
