//! Combines the outcomes of single files into rows and a report, in order and on one thread.

use std::collections::BTreeMap;

use crate::filter::PatternSet;
use crate::grid::SongGrid;
use crate::midi::Repairs;
use crate::remainder::HitCounts;
use crate::report::{HitsRecord, OffsetRecord, Rejection, Report, SongRecord};
use crate::rows::grooves::Groove;
use crate::sequences::Sequence;
use crate::split::is_held_out;

use super::song::{OffsetSum, SongPatterns, TakenPattern};

/// The result of an extraction.
#[derive(Clone, Debug, PartialEq)]
pub struct Extraction {
    /// The patterns, in the order of the input; none where parts were taken.
    pub rows: Vec<Groove>,
    /// The parts, in the order of the input; none where patterns were taken.
    pub parts: Vec<Sequence>,
    /// Counts and rejections.
    pub report: Report,
    /// Damaged files as (path, reason), for the terminal; the report has them too.
    pub damaged: Vec<(String, String)>,
}

/// Rows and counts so far.
#[derive(Default)]
pub(super) struct Gathered {
    rows: Vec<Groove>,
    parts: Vec<Sequence>,
    pub(super) report: Report,
    damaged: Vec<(String, String)>,
    known: PatternSet,
    hits: HitCounts,
    offsets: BTreeMap<&'static str, OffsetSum>,
    by_grid: BTreeMap<SongGrid, usize>,
    error_sum_steps: f64,
}

impl Gathered {
    /// No rows yet; `report` has the options and the inputs.
    pub(super) fn new(report: Report) -> Self {
        Self { report, ..Self::default() }
    }

    /// Counts the hits of the next file.
    pub(super) fn count(&mut self, hits: &HitCounts) {
        self.hits.add_all(hits);
        self.report.other_metre_files += usize::from(hits.remainders.in_no_bar() > 0);
    }

    /// Counts what was repaired in the next file, and the notes of its hits where all are percussion.
    pub(super) fn note(&mut self, repairs: &Repairs, percussion_alone: &[(u8, u64)]) {
        for (repair, times) in repairs.iter() {
            let record = self.report.repairs.entry(repair.heading().to_owned()).or_default();
            record.files += 1;
            record.times += u64::from(times);
        }
        for &(note, times) in percussion_alone {
            *self.report.percussion_alone.entry(note).or_default() += times;
        }
    }

    /// Adds what is new of the next song.
    pub(super) fn add(&mut self, found: &SongPatterns, song: String, genre: String) {
        self.report.files_read += 1;
        self.report.dull_patterns += found.dull;
        self.report.quantised_hits += found.quantised_hits;
        self.error_sum_steps += found.error_sum_steps;
        let before = self.rows.len();
        for pattern in &found.patterns {
            if self.known.insert_steps(pattern.grid, &pattern.steps) {
                self.add_row(pattern, &song, &genre);
            } else {
                self.report.known_patterns += 1;
            }
        }
        for window in &found.windows {
            self.add_row(window, &song, &genre);
        }
        for steps in &found.parts {
            self.parts.push(Sequence { genre: genre.clone(), song: song.clone(), steps: steps.clone() });
        }
        let part = if is_held_out(&song) { "test" } else { "training" };
        self.offsets.entry(part).or_default().add(found.offsets);
        let report = &mut self.report;
        let patterns = self.rows.len() - before + found.parts.len();
        report.files_without_pattern += usize::from(found.is_empty());
        if patterns > 0 {
            *report.patterns_by_genre.entry(genre.clone()).or_default() += patterns;
            let mean_error_steps = rounded(found.error_sum_steps / found.quantised_hits.max(1) as f64);
            report.songs.push(SongRecord { song, genre, patterns, mean_error_steps });
        }
    }

    fn add_row(&mut self, pattern: &TakenPattern, song: &str, genre: &str) {
        *self.by_grid.entry(pattern.grid).or_default() += 1;
        self.rows.push(Groove {
            grid: pattern.grid,
            steps: pattern.steps.clone(),
            genre: genre.to_owned(),
            song: song.to_owned(),
            played: pattern.played.clone(),
        });
    }

    /// Adds a rejected file.
    pub(super) fn reject(&mut self, path: String, rejection: &Rejection) {
        if rejection.is_damage() {
            self.damaged.push((path.clone(), rejection.to_string()));
        } else {
            self.report.files_read += 1;
        }
        if let Rejection::NoDrums(found) = rejection {
            for &(channel, note, times) in &found.notes {
                let notes = self.report.notes_without_drums.entry(channel + 1).or_default();
                *notes.entry(note).or_default() += u64::from(times);
            }
        }
        self.report.reject(path, rejection);
    }

    /// Computes the totals.
    pub(super) fn finish(mut self) -> Extraction {
        let hits = self.report.quantised_hits;
        self.report.patterns = self.rows.len() + self.parts.len();
        self.report.mean_quantisation_error_steps =
            (hits > 0).then(|| rounded(self.error_sum_steps / hits as f64));
        self.report.hits = HitsRecord::from(&self.hits);
        self.report.patterns_by_grid =
            self.by_grid.iter().map(|(grid, patterns)| (grid.to_string(), *patterns)).collect();
        let measured = self.offsets.iter().filter(|(_, sum)| sum.onsets > 0);
        self.report.offsets = measured.map(|(part, sum)| ((*part).to_owned(), record_of(sum))).collect();
        Extraction { rows: self.rows, parts: self.parts, report: self.report, damaged: self.damaged }
    }
}

/// Rounded to 4 decimals, for the report.
fn rounded(steps: f64) -> f64 {
    (steps * 1e4).round() / 1e4
}

fn record_of(sum: &OffsetSum) -> OffsetRecord {
    OffsetRecord { onsets: sum.onsets, mean_ms: rounded(sum.sum_ms / sum.onsets as f64) }
}
