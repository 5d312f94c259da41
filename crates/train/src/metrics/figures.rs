//! Statistics of sets of patterns, of reconstructions, and of the map.

use std::collections::HashSet;

use beat::{Grid, Pattern};
use corpus::filter::{PatternSet, passes};
use rayon::prelude::*;
use serde::Serialize;

/// The figures of a set of patterns. Shares are in percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// How many patterns were counted.
    pub count: usize,
    /// Entropy above 0.9 nats.
    pub pass: f64,
    /// The same, and no circular shift is among the training patterns.
    pub pass_and_novel: f64,
    /// Without any onset.
    pub empty: f64,
    /// Distinct patterns over all.
    pub distinct: f64,
    /// Mean number of onsets.
    pub hits: f64,
    /// Kick on step 0.
    pub kick_on_0: f64,
    /// Snare on steps 4, 12, 20 and 28.
    pub backbeat: f64,
    /// Mean Jaccard similarity of the two bars, 0..=1.
    pub bar_similarity: f64,
}

const KICK: usize = 0;
const SNARE: usize = 1;

/// The figures of patterns on `grid`; those of `training` are not novel. Instruments 0 and 1 are taken to be kick and
/// snare. The backbeat is on every second beat; in bars of three beats on all but the first.
pub fn figures(patterns: &[Pattern], training: &PatternSet, grid: &Grid) -> Figures {
    let share = |is: &(dyn Fn(&Pattern) -> bool + Sync)| {
        let yes = patterns.par_iter().filter(|pattern| is(pattern)).count();
        100.0 * yes as f64 / patterns.len().max(1) as f64
    };
    let mean =
        |of: &dyn Fn(&Pattern) -> f64| patterns.iter().map(of).sum::<f64>() / patterns.len().max(1) as f64;
    let different: HashSet<&Pattern> = patterns.iter().collect();
    Figures {
        count: patterns.len(),
        pass: share(&|pattern| passes(pattern, grid)),
        pass_and_novel: share(&|pattern| passes(pattern, grid) && !training.contains(pattern, grid)),
        empty: share(&|pattern| *pattern == Pattern::EMPTY),
        distinct: 100.0 * different.len() as f64 / patterns.len().max(1) as f64,
        hits: mean(&|pattern| f64::from(pattern.hits())),
        kick_on_0: share(&|pattern| pattern.has(0, KICK)),
        backbeat: share(&|pattern| backbeats(grid).all(|step| pattern.has(step, SNARE))),
        bar_similarity: mean(&|pattern| bar_similarity(pattern, grid)),
    }
}

/// The steps of the backbeat.
fn backbeats(grid: &Grid) -> impl Iterator<Item = usize> {
    let (beat, beats) = (grid.beat_steps(), grid.bar_steps() / grid.beat_steps());
    let is_backbeat =
        move |number: usize| if beats == 3 { !number.is_multiple_of(3) } else { !number.is_multiple_of(2) };
    (0..grid.steps() / beat).filter(move |number| is_backbeat(*number)).map(move |number| number * beat)
}

/// Onsets that both bars share over onsets that either has; 1 for silence.
fn bar_similarity(pattern: &Pattern, grid: &Grid) -> f64 {
    let (mut both, mut either) = (0, 0);
    for step in 0..grid.bar_steps() {
        let (first, second) = (pattern.step(step), pattern.step(step + grid.bar_steps()));
        both += (first & second).count_ones();
        either += (first | second).count_ones();
    }
    if either == 0 { 1.0 } else { f64::from(both) / f64::from(either) }
}

/// How well patterns are reconstructed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reconstruction {
    /// F1 over all onsets, 0..=1.
    pub f1: f64,
    /// Mean cells in which pattern and reconstruction differ.
    pub hamming: f64,
}

/// Compares patterns with their reconstructions.
pub fn reconstruction(patterns: &[Pattern], decoded: &[Pattern]) -> Reconstruction {
    let (mut shared, mut either, mut differing) = (0_u64, 0_u64, 0_u64);
    for (a, b) in patterns.iter().zip(decoded) {
        shared += a.steps().iter().zip(b.steps()).map(|(a, b)| u64::from((a & b).count_ones())).sum::<u64>();
        either += u64::from(a.hits() + b.hits());
        differing += u64::from(a.hamming(b));
    }
    Reconstruction {
        f1: 2.0 * shared as f64 / either.max(1) as f64,
        hamming: differing as f64 / patterns.len().max(1) as f64,
    }
}

/// The figures of the pad, which is the map on a square grid at temperature 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PadFigures {
    /// Those of the patterns of all cells.
    pub figures: Figures,
    /// Mean Hamming distance between neighbouring cells.
    pub neighbours_mean: f64,
    /// The 95th percentile of that distance.
    pub neighbours_95: u32,
    /// The number of distinct patterns.
    pub different: usize,
}

/// The figures of the pad from the pattern of each cell, row by row.
pub fn pad_figures(cells: &[Pattern], side: usize, training: &PatternSet, grid: &Grid) -> PadFigures {
    let mut distances: Vec<u32> = Vec::new();
    for (cell, pattern) in cells.iter().enumerate() {
        if (cell + 1) % side != 0 {
            distances.extend(cells.get(cell + 1).map(|right| pattern.hamming(right)));
        }
        distances.extend(cells.get(cell + side).map(|above| pattern.hamming(above)));
    }
    distances.sort_unstable();
    PadFigures {
        figures: figures(cells, training, grid),
        neighbours_mean: distances.iter().map(|d| f64::from(*d)).sum::<f64>() / distances.len().max(1) as f64,
        neighbours_95: distances.get(distances.len() * 95 / 100).copied().unwrap_or(0),
        different: cells.iter().collect::<HashSet<_>>().len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid::FOUR_FOUR;
    const STEPS: usize = GRID.steps();

    fn backbeat() -> Pattern {
        let hats = (0..STEPS).step_by(2).fold(Pattern::EMPTY, |pattern, step| pattern.with(step, 4));
        [0, 16].iter().fold(hats, |p, bar| p.with(*bar, 0).with(bar + 4, 1).with(bar + 12, 1))
    }

    #[test]
    fn a_known_beat_passes_but_is_not_novel() {
        let known = backbeat();
        let counted =
            figures(&[known, Pattern::EMPTY], &PatternSet::of([&known.rotated(3, &GRID)], &GRID), &GRID);
        assert_eq!((counted.pass, counted.pass_and_novel, counted.empty), (50.0, 0.0, 50.0));
        assert_eq!((counted.kick_on_0, counted.backbeat, counted.distinct), (50.0, 50.0, 100.0));
        assert_eq!((counted.hits, counted.bar_similarity), (11.0, 1.0));
        assert_eq!(figures(&[known], &PatternSet::default(), &GRID).pass_and_novel, 100.0);
    }

    #[test]
    fn reconstruction_counts_onsets_not_silence() {
        let pattern = backbeat();
        let same = reconstruction(&[pattern], &[pattern]);
        assert_eq!((same.f1, same.hamming), (1.0, 0.0));
        let gone = reconstruction(&[pattern], &[Pattern::EMPTY]);
        assert_eq!((gone.f1, gone.hamming), (0.0, 22.0));
    }

    #[test]
    fn neighbours_of_a_pad_are_beside_and_above_but_not_around_the_edge() {
        let (a, b) = (Pattern::EMPTY, Pattern::EMPTY.with(0, 0).with(1, 1));
        // a b
        // a b: two pairs of neighbours differ by 2, two by 0.
        let pad = pad_figures(&[a, b, a, b], 2, &PatternSet::default(), &GRID);
        assert_eq!((pad.neighbours_mean, pad.neighbours_95, pad.different), (1.0, 2, 2));
    }

    #[test]
    fn every_metre_has_its_backbeat() {
        let steps = Grid::ALL.map(|grid| backbeats(&grid).collect::<Vec<_>>());
        assert_eq!(steps, [vec![4, 12, 20, 28], vec![3, 9, 15, 21], vec![4, 8, 16, 20]]);
    }
}
