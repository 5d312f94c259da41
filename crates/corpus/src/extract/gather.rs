//! Combines the outcomes of single files into rows and a report, in order and on one thread.

use beat::Pattern;

use crate::filter::PatternSet;
use crate::quantise::QuantisedSong;
use crate::report::{Rejection, Report, SongRecord};
use crate::rows::Row;
use crate::sequences::Sequence;

/// The result of an extraction.
#[derive(Clone, Debug, PartialEq)]
pub struct Extraction {
    /// The patterns, in the order of the input; none where parts were taken.
    pub rows: Vec<Row>,
    /// The parts, in the order of the input; none where patterns were taken.
    pub parts: Vec<Sequence>,
    /// Counts and rejections.
    pub report: Report,
    /// Damaged files as (path, reason), for the terminal; the report has them too.
    pub damaged: Vec<(String, String)>,
}

/// The patterns or parts of one song.
pub(super) struct SongPatterns {
    pub(super) patterns: Vec<Pattern>,
    pub(super) parts: Vec<Vec<u16>>,
    pub(super) dull: usize,
    /// Counts only; its passages are dropped.
    pub(super) song: QuantisedSong,
}

/// Rows and counts so far.
#[derive(Default)]
pub(super) struct Gathered {
    rows: Vec<Row>,
    parts: Vec<Sequence>,
    pub(super) report: Report,
    damaged: Vec<(String, String)>,
    known: PatternSet,
    error_sum_steps: f64,
}

impl Gathered {
    /// No rows yet; `report` has the options and the inputs.
    pub(super) fn new(report: Report) -> Self {
        Self { report, ..Self::default() }
    }

    /// Adds the new patterns, or the parts, of the next song.
    pub(super) fn add(&mut self, found: &SongPatterns, song: String, genre: String) {
        let report = &mut self.report;
        report.files_read += 1;
        report.dull_patterns += found.dull;
        report.quantised_hits += found.song.hits;
        report.unknown_notes += found.song.unknown_notes;
        report.other_meter_hits += found.song.other_meter_hits;
        report.other_meter_files += usize::from(found.song.other_meter_hits > 0);
        self.error_sum_steps += found.song.error_sum_steps;
        let before = self.rows.len();
        for pattern in &found.patterns {
            if self.known.insert(pattern) {
                self.rows.push(Row { pattern: *pattern, genre: genre.clone(), song: song.clone() });
            }
        }
        report.known_patterns += found.patterns.len() - (self.rows.len() - before);
        for steps in &found.parts {
            self.parts.push(Sequence { genre: genre.clone(), song: song.clone(), steps: steps.clone() });
        }
        let patterns = self.rows.len() - before + found.parts.len();
        report.files_without_pattern += usize::from(found.patterns.is_empty() && found.parts.is_empty());
        if patterns > 0 {
            *report.patterns_by_genre.entry(genre.clone()).or_default() += patterns;
            let mean_error_steps = rounded(found.song.mean_error_steps().unwrap_or(0.0));
            report.songs.push(SongRecord { song, genre, patterns, mean_error_steps });
        }
    }

    /// Adds a rejected file.
    pub(super) fn reject(&mut self, path: String, rejection: &Rejection) {
        if rejection.is_damage() {
            self.damaged.push((path.clone(), rejection.to_string()));
        } else {
            self.report.files_read += 1;
        }
        if let Rejection::OtherMeter { hits } = rejection {
            self.report.other_meter_files += 1;
            self.report.other_meter_hits += hits;
        }
        self.report.reject(path, rejection);
    }

    /// Computes the totals.
    pub(super) fn finish(mut self) -> Extraction {
        let hits = self.report.quantised_hits;
        self.report.patterns = self.rows.len() + self.parts.len();
        self.report.mean_quantisation_error_steps =
            (hits > 0).then(|| rounded(self.error_sum_steps / hits as f64));
        Extraction { rows: self.rows, parts: self.parts, report: self.report, damaged: self.damaged }
    }
}

/// Rounded to 4 decimals, for the report.
fn rounded(steps: f64) -> f64 {
    (steps * 1e4).round() / 1e4
}
