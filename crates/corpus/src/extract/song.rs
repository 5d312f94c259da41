//! What is taken from one song, and where each of its hits went.

use crate::filter::steps_pass;
use crate::grid::{PATTERN_BARS, SongGrid};
use crate::intake::Performance;
use crate::loops::{FoundPattern, Keep, WindowStart, patterns_of, without_overlap};
use crate::quantise::{Passage, QuantisedSong};
use crate::remainder::{HitCounts, Remainder, Remainders};
use crate::rows::grooves::{PerformedWindow, Played, TEMPOS};
use crate::sequences::parts_of;

/// What is taken from one song.
#[derive(Default)]
pub(super) struct SongPatterns {
    /// Patterns of the song, of which those that are known from other songs are not taken.
    pub(super) patterns: Vec<TakenPattern>,
    /// Windows of a performance, which are all taken.
    pub(super) windows: Vec<TakenPattern>,
    /// Parts of several bars.
    pub(super) parts: Vec<Vec<u16>>,
    /// How many patterns were dropped because too little happens in them.
    pub(super) dull: usize,
    /// How far the onsets of a performance lie from their steps.
    pub(super) offsets: OffsetSum,
    /// Hits of the song that were quantised.
    pub(super) quantised_hits: usize,
    /// The sum of their distances to their steps, in steps.
    pub(super) error_sum_steps: f64,
}

impl SongPatterns {
    /// Whether nothing was found in the song.
    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.windows.is_empty() && self.parts.is_empty()
    }
}

/// A pattern of a song, with how it is played where that is wanted.
pub(super) struct TakenPattern {
    pub(super) grid: SongGrid,
    pub(super) steps: Vec<u16>,
    pub(super) played: Option<Played>,
}

/// The distances of onsets to their steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct OffsetSum {
    pub(super) onsets: usize,
    pub(super) sum_ms: f64,
}

/// The patterns that `keep` keeps, with how they are played, and where each hit went.
pub(super) fn recurring(song: &QuantisedSong, keep: Keep, feel: Feel) -> (SongPatterns, HitCounts) {
    let found = patterns_of(&song.passages, keep);
    let (passing, dull): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| steps_pass(&found.steps));
    let counts = counts_of_patterns(song, &passing, &dull);
    let taken = |found: FoundPattern| TakenPattern {
        played: (feel == Feel::Medians).then(|| median_of(&song.passages, &found)),
        grid: found.grid,
        steps: found.steps,
    };
    let patterns = passing.into_iter().map(taken).collect();
    (SongPatterns { patterns, dull: dull.len(), ..SongPatterns::default() }, counts)
}

/// Whether patterns come with velocity and timing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feel {
    /// Onsets alone.
    None,
    /// The medians over the occurrences.
    Medians,
}

/// Consecutive parts of `bars` bars.
pub(super) fn consecutive(song: &QuantisedSong, bars: usize) -> (SongPatterns, HitCounts) {
    let parts = parts_of(&song.passages, bars);
    let taken = parts.iter().map(|part| hits_of(part)).sum();
    let mut counts = counts_of(song, taken);
    counts.remainders.add(Remainder::ShortPassage, onsets_of(song) - taken);
    (SongPatterns { parts, ..SongPatterns::default() }, counts)
}

/// Every two-bar window with a hit, as it was played by whoever `performance` says.
pub(super) fn performed(
    song: &QuantisedSong,
    performance: Option<&Performance>,
) -> (SongPatterns, HitCounts) {
    let mut found = SongPatterns::default();
    let (mut taken, mut remainders) = (0, Remainders::default());
    for passage in &song.passages {
        found.offsets.add_passage(passage, performance);
        let windows = passage.windows();
        if windows.is_empty() {
            remainders.add(Remainder::ShortPassage, passage.onsets.len());
            continue;
        }
        taken += passage.onsets.len();
        for bar in windows.filter(|bar| !passage.window_onsets(*bar).is_empty()) {
            found.windows.push(window_of(passage, bar, performance));
        }
    }
    let mut counts = counts_of(song, taken);
    counts.remainders.add_all(&remainders);
    (found, counts)
}

fn window_of(passage: &Passage, bar: usize, performance: Option<&Performance>) -> TakenPattern {
    let onsets = passage.window_onsets(bar);
    let text = |of: fn(&Performance) -> &str| performance.map_or("-", of).to_owned();
    let played = Played {
        occurrences: 1,
        tempo: tempo_of(passage, bar, performance),
        velocities: onsets.iter().map(|onset| onset.velocity).collect(),
        offsets: onsets.iter().map(|onset| onset.offset).collect(),
        performance: Some(PerformedWindow {
            player: text(|performance| &performance.player),
            style: text(|performance| &performance.style),
            beat_type: text(|performance| &performance.beat_type),
            beats: (passage.beats_at(bar) * 1e3).round() / 1e3,
        }),
    };
    TakenPattern { grid: passage.grid, steps: passage.window(bar).to_vec(), played: Some(played) }
}

/// The tempo of a bar: that of the table of performances, or the file's.
fn tempo_of(passage: &Passage, bar: usize, performance: Option<&Performance>) -> f64 {
    let tempo = performance.and_then(|performance| performance.bpm).unwrap_or_else(|| passage.tempo_at(bar));
    ((tempo * 100.0).round() / 100.0).clamp(*TEMPOS.start(), *TEMPOS.end())
}

impl OffsetSum {
    /// Adds the onsets of another song.
    pub(super) fn add(&mut self, other: Self) {
        self.onsets += other.onsets;
        self.sum_ms += other.sum_ms;
    }

    fn add_passage(&mut self, passage: &Passage, performance: Option<&Performance>) {
        let steps_per_bar = passage.grid.steps_per_bar();
        for onset in &passage.onsets {
            let tempo = tempo_of(passage, onset.step as usize / steps_per_bar, performance);
            let step_ms = 60_000.0 / tempo / passage.grid.subdivision().steps_per_quarter() as f64;
            self.onsets += 1;
            self.sum_ms += f64::from(onset.offset.unsigned_abs()) / 100.0 * step_ms;
        }
    }
}

/// Velocity and timing of each onset of a pattern: the medians over its occurrences.
fn median_of(passages: &[Passage], found: &FoundPattern) -> Played {
    let occurrences: Vec<WindowStart> = without_overlap(&found.windows).collect();
    let drums = |step: u16| (0..beat::INSTRUMENTS).filter(move |drum| step >> drum & 1 == 1);
    let cells: Vec<(usize, usize)> = found
        .steps
        .iter()
        .enumerate()
        .flat_map(|(at, &step)| drums(step).map(move |drum| (at, drum)))
        .collect();
    let mut velocities = vec![Vec::with_capacity(occurrences.len()); cells.len()];
    let mut offsets = velocities.clone();
    for window in &occurrences {
        let passage = &passages[window.passage];
        let first = window.bar * passage.grid.steps_per_bar();
        let mut cell = 0;
        for onset in passage.window_onsets(window.bar) {
            let place = (onset.step as usize - first, usize::from(onset.instrument));
            // Both are in order. A performance that agreed by majority may have onsets more or less.
            while cells.get(cell).is_some_and(|cell| *cell < place) {
                cell += 1;
            }
            if cells.get(cell) == Some(&place) {
                velocities[cell].push(i16::from(onset.velocity));
                offsets[cell].push(i16::from(onset.offset));
            }
        }
    }
    let start = occurrences.first().copied().unwrap_or(WindowStart { passage: 0, bar: 0 });
    Played {
        occurrences: occurrences.len(),
        tempo: tempo_of(&passages[start.passage], start.bar, None),
        velocities: velocities.iter_mut().map(|values| median(values, 1) as u8).collect(),
        offsets: offsets.iter_mut().map(|values| median(values, 0) as i8).collect(),
        performance: None,
    }
}

/// The median, the mean of the two in the middle rounded away from 0; `without` for no values.
fn median(values: &mut [i16], without: i16) -> i16 {
    values.sort_unstable();
    match values.len() {
        0 => without,
        odd if odd % 2 == 1 => values[odd / 2],
        even => (f64::from(values[even / 2 - 1] + values[even / 2]) / 2.0).round() as i16,
    }
}

fn counts_of_patterns(song: &QuantisedSong, passing: &[FoundPattern], dull: &[FoundPattern]) -> HitCounts {
    let passages = &song.passages;
    let mut coverage: Vec<Vec<u16>> = passages.iter().map(|passage| vec![0; passage.steps.len()]).collect();
    let mut in_passing = bars_of(passages);
    for found in passing {
        for window in &found.windows {
            let first = window.bar * found.grid.steps_per_bar();
            for (cells, &steps) in coverage[window.passage][first..].iter_mut().zip(&found.steps) {
                *cells |= steps;
            }
            in_passing[window.passage][window.bar..][..PATTERN_BARS].fill(true);
        }
    }
    let mut in_dull = bars_of(passages);
    for window in dull.iter().flat_map(|found| &found.windows) {
        in_dull[window.passage][window.bar..][..PATTERN_BARS].fill(true);
    }
    let (mut taken, mut remainders) = (0, Remainders::default());
    for (index, passage) in passages.iter().enumerate() {
        let steps_per_bar = passage.grid.steps_per_bar();
        let short = passage.windows().is_empty();
        for (bar, steps) in passage.steps.chunks_exact(steps_per_bar).enumerate() {
            let cells = &coverage[index][bar * steps_per_bar..];
            let within: usize = steps.iter().zip(cells).map(|(a, b)| (a & b).count_ones() as usize).sum();
            let reason = match (short, in_passing[index][bar], in_dull[index][bar]) {
                (true, ..) => Remainder::ShortPassage,
                (_, true, _) => Remainder::Outvoted,
                (_, _, true) => Remainder::Dull,
                _ => Remainder::NotRecurring,
            };
            taken += within;
            remainders.add(reason, hits_of(steps) - within);
        }
    }
    let mut counts = counts_of(song, taken);
    counts.remainders.add_all(&remainders);
    counts
}

/// A mark for every bar.
fn bars_of(passages: &[Passage]) -> Vec<Vec<bool>> {
    passages.iter().map(|passage| vec![false; passage.bars()]).collect()
}

/// The counts of a song of whose onsets `taken` are in patterns; the rest of the onsets is still to be added.
pub(super) fn counts_of(song: &QuantisedSong, taken: usize) -> HitCounts {
    HitCounts { read: song.all_hits, in_patterns: taken, in_refused_files: 0, remainders: song.remainders }
}

/// The onsets of all passages.
pub(super) fn onsets_of(song: &QuantisedSong) -> usize {
    song.passages.iter().map(|passage| passage.onsets.len()).sum()
}

fn hits_of(steps: &[u16]) -> usize {
    steps.iter().map(|step| step.count_ones() as usize).sum()
}

#[cfg(test)]
mod tests;
