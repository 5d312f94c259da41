//! Which patterns count as beats, and which are new: the filter of the paper's Table 2.

use std::collections::HashSet;

use beat::{Grid, Pattern};

use crate::grid::SongGrid;

/// A pattern passes above this entropy, in nats (recovered from the samples of arXiv 2007.06284).
pub const PASSING_ENTROPY_NATS: f64 = 0.9;

/// Shannon entropy, in nats, of the histogram of the step symbols of a pattern on `grid`; silence is a symbol too.
/// 0 for a pattern that repeats one symbol, ln 32 for 32 different ones.
pub fn entropy(pattern: &Pattern, grid: &Grid) -> f64 {
    entropy_of_steps(&pattern.steps()[..grid.steps()])
}

/// Whether a pattern on `grid` counts as a beat: entropy above [`PASSING_ENTROPY_NATS`].
pub fn passes(pattern: &Pattern, grid: &Grid) -> bool {
    steps_pass(&pattern.steps()[..grid.steps()])
}

/// Whether a pattern of these steps, on any grid, counts as a beat.
pub fn steps_pass(steps: &[u16]) -> bool {
    entropy_of_steps(steps) > PASSING_ENTROPY_NATS
}

fn entropy_of_steps(steps: &[u16]) -> f64 {
    let mut symbols = steps.to_vec();
    symbols.sort_unstable();
    symbols
        .chunk_by(|a, b| a == b)
        .map(|equal| {
            let share = equal.len() as f64 / steps.len() as f64;
            -share * share.ln()
        })
        .sum()
}

/// A set of patterns in which a circular shift of a member counts as that member. Patterns on different grids
/// are different ones.
#[derive(Clone, Debug, Default)]
pub struct PatternSet(HashSet<(SongGrid, Vec<u16>)>);

impl PatternSet {
    /// The set of these patterns on `grid`.
    pub fn of<'a>(patterns: impl IntoIterator<Item = &'a Pattern>, grid: &Grid) -> Self {
        Self(patterns.into_iter().map(|pattern| key(pattern, grid)).collect())
    }

    /// Whether any circular shift of `pattern`, which is on `grid`, is in the set.
    pub fn contains(&self, pattern: &Pattern, grid: &Grid) -> bool {
        self.0.contains(&key(pattern, grid))
    }

    /// Adds `pattern`, which is on `grid`; true if no circular shift of it was in the set.
    pub fn insert(&mut self, pattern: &Pattern, grid: &Grid) -> bool {
        self.0.insert(key(pattern, grid))
    }

    /// Adds the pattern of these steps on `grid`; true if no circular shift of it was in the set.
    pub fn insert_steps(&mut self, grid: SongGrid, steps: &[u16]) -> bool {
        self.0.insert((grid, canonical(steps)))
    }

    /// How many patterns there are, shifts counted once.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn key(pattern: &Pattern, grid: &Grid) -> (SongGrid, Vec<u16>) {
    (SongGrid::of(grid), canonical(&pattern.steps()[..grid.steps()]))
}

/// The smallest rotation of the steps: equal for two patterns exactly if one is a circular shift of the other.
fn canonical(steps: &[u16]) -> Vec<u16> {
    let rotated = |by: usize| steps[by..].iter().chain(&steps[..by]);
    let smallest = (0..steps.len()).min_by(|&a, &b| rotated(a).cmp(rotated(b))).unwrap_or(0);
    rotated(smallest).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid::FOUR_FOUR;
    const STEPS: usize = GRID.steps();

    #[test]
    fn entropy_counts_silence_as_a_symbol() {
        assert_eq!(entropy(&Pattern::EMPTY, &GRID), 0.0);
        // Half kick, half silence: ln 2, too little for a beat.
        let four_on_eighths = (0..STEPS).step_by(2).fold(Pattern::EMPTY, |p, step| p.with(step, 0));
        assert!((entropy(&four_on_eighths, &GRID) - std::f64::consts::LN_2).abs() < 1e-12);
        assert!(!passes(&four_on_eighths, &GRID));
    }

    #[test]
    fn a_plain_rock_beat_passes() {
        let mut rock = (0..STEPS).step_by(2).fold(Pattern::EMPTY, |p, step| p.with(step, 4));
        for bar in [0, 16] {
            rock = rock.with(bar, 0).with(bar + 8, 0).with(bar + 4, 1).with(bar + 12, 1);
        }
        assert!(passes(&rock, &GRID), "{}", entropy(&rock, &GRID));
    }

    #[test]
    fn a_shifted_pattern_is_not_new() {
        let pattern = Pattern::EMPTY.with(0, 0).with(4, 1).with(10, 0);
        let mut known = PatternSet::of([&pattern], &GRID);
        assert!(known.contains(&pattern.rotated(7, &GRID), &GRID));
        assert!(!known.insert(&pattern.rotated(31, &GRID), &GRID));
        assert!(known.insert(&pattern.with(5, 5), &GRID));
        assert_eq!(known.len(), 2);
    }

    #[test]
    fn on_another_grid_a_pattern_is_another_one() {
        let mut known = PatternSet::default();
        let [waltz, six] = ["3/4s", "6/8s"].map(|grid| grid.parse().unwrap());
        let mut steps = [0; 24];
        steps[3] = 2;
        assert!(known.insert_steps(waltz, &steps));
        steps.rotate_left(5);
        assert!(!known.insert_steps(waltz, &steps));
        assert!(known.insert_steps(six, &steps));
    }
}
