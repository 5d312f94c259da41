//! The evaluation set of pattern models: held-out songs, and the songs that a model may have been trained on.

use anyhow::{Result, ensure};
use beat::{Grid, INSTRUMENTS, Pattern};
use corpus::filter::PatternSet;
use corpus::rows::Row;
use nets::{Draw, Latent, Model, PatternDecoder};
use serde::Serialize;

use super::critic::{SongPattern, realism};
use super::figures::{Figures, Reconstruction, figures, reconstruction};
use crate::latents::{LatentSource, draw_latents, draw_patterns, encode};
use crate::patterns::{Patterns, song_hash};
use crate::rng::{Purpose, TrainingRng};

/// Consecutive training codes that count as one song for the critic: a model file has the codes in the order of
/// the corpus, but not their songs.
const CODES_OF_A_SONG: usize = 50;

/// The paper's threshold, for every instrument.
pub const ONE_HALF: [f32; INSTRUMENTS] = [0.5; INSTRUMENTS];

/// Which songs of the files a model is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluatedSongs {
    /// Those that training holds out.
    HeldOut,
    /// All of them: the files are new to the model.
    All,
}

/// Patterns that models are compared with.
pub struct EvaluationSet {
    grid: Grid,
    /// Patterns of songs that no model was trained on.
    pub real: Vec<SongPattern>,
    /// As many patterns of other songs, for the control.
    others: Vec<SongPattern>,
    /// The patterns that the control compares with `others`.
    compared: Vec<SongPattern>,
    /// All patterns that a model may have been trained on.
    training: PatternSet,
    has_training_songs: bool,
    count: usize,
    seed: u64,
}

impl EvaluationSet {
    /// The evaluation set of the files, for figures of `count` samples.
    ///
    /// # Errors
    ///
    /// `count` is 0, or no song of the files is held out.
    pub fn of(patterns: &Patterns, songs: EvaluatedSongs, count: usize, seed: u64) -> Result<Self> {
        ensure!(count > 0, "--count 0 asks for nothing");
        let song_pattern = |row: &Row| SongPattern { pattern: row.pattern, song: row.song.clone() };
        let mut training = match songs {
            EvaluatedSongs::HeldOut => patterns.training(),
            EvaluatedSongs::All => Vec::new(),
        };
        let real: Vec<SongPattern> = match songs {
            EvaluatedSongs::HeldOut => {
                training.extend(patterns.validation());
                patterns.held_out().into_iter().map(song_pattern).collect()
            }
            EvaluatedSongs::All => patterns.rows.iter().map(song_pattern).collect(),
        };
        ensure!(
            !real.is_empty(),
            "none of the songs is one that training holds out; if they are all new to the model, say --unseen"
        );
        let order = TrainingRng::new(seed, Purpose::Control, 0).order(training.len());
        let (others, compared) = if training.len() < real.len() {
            // Too few training patterns: one half of the held-out songs is compared with the other.
            real.iter().cloned().partition(|row| is_in_first_half(&row.song))
        } else {
            (
                order.into_iter().take(real.len()).map(|row| song_pattern(training[row])).collect(),
                real.clone(),
            )
        };
        let has_training_songs = !training.is_empty();
        let training = PatternSet::of(training.iter().map(|row| &row.pattern), &patterns.grid);
        Ok(Self { grid: patterns.grid, real, others, compared, training, has_training_songs, count, seed })
    }

    /// Whether the files hold songs that a model may have been trained on.
    pub fn has_training_songs(&self) -> bool {
        self.has_training_songs
    }

    /// The patterns of songs that no model was trained on.
    pub fn held_out(&self) -> Vec<Pattern> {
        self.real.iter().map(|row| row.pattern).collect()
    }

    /// All patterns that a model may have been trained on.
    pub fn training(&self) -> &PatternSet {
        &self.training
    }

    /// The figures of patterns.
    pub fn figures(&self, drawn: &[SongPattern]) -> Figures {
        figures(&drawn.iter().map(|row| row.pattern).collect::<Vec<_>>(), &self.training, &self.grid)
    }

    /// The critic's AUC on as many of the drawn patterns as there are real ones.
    ///
    /// # Errors
    ///
    /// As [`realism`].
    pub fn auc(&self, drawn: &[SongPattern]) -> Result<f64> {
        critic_auc(drawn, &self.real, &self.grid, self.seed)
    }

    /// The critic's AUC on real patterns: that of a perfect model.
    ///
    /// # Errors
    ///
    /// As [`realism`].
    pub fn control(&self) -> Result<f64> {
        critic_auc(&self.others, &self.compared, &self.grid, self.seed)
    }

    /// Patterns by the paper's protocol: latents from a normal, threshold one half.
    pub fn paper_protocol(&self, model: &Model) -> Vec<SongPattern> {
        let drawn = draw_latents(model.codes(), LatentSource::Normal, self.count, self.seed);
        let latents: Vec<Latent> = drawn.into_iter().map(|(latent, _)| latent).collect();
        let patterns = likeliest(model, &latents, Some(ONE_HALF)).into_iter().enumerate();
        patterns.map(|(row, pattern)| SongPattern { pattern, song: format!("normal {row}") }).collect()
    }

    /// Patterns around the training codes, and the mean number of cells that differ from those at temperature 0.
    pub fn drawn(&self, model: &Model, temperature: f32) -> (Vec<SongPattern>, f64) {
        let drawn = draw_latents(model.codes(), LatentSource::Data, self.count, self.seed);
        let latents: Vec<Latent> = drawn.iter().map(|(latent, _)| *latent).collect();
        let likeliest = likeliest(model, &latents, None);
        let patterns = draw_patterns(model, &latents, temperature, self.seed);
        let changed = likeliest.iter().zip(&patterns).map(|(a, b)| f64::from(a.hamming(b))).sum::<f64>();
        let drawn = patterns
            .into_iter()
            .zip(&drawn)
            .map(|(pattern, (_, code))| SongPattern {
                pattern,
                song: format!("code {}", code / CODES_OF_A_SONG),
            })
            .collect();
        (drawn, changed / self.count as f64)
    }
}

fn critic_auc(drawn: &[SongPattern], real: &[SongPattern], grid: &Grid, seed: u64) -> Result<f64> {
    let count = real.len().min(drawn.len());
    realism(&drawn[..count], &real[..count], grid, seed)
}

fn is_in_first_half(song: &str) -> bool {
    (song_hash(song, "half") >> 24).is_multiple_of(2)
}

/// The patterns of latents at temperature 0, by thresholds or, without them, as the plugin plays them.
pub fn likeliest(model: &Model, latents: &[Latent], thresholds: Option<[f32; INSTRUMENTS]>) -> Vec<Pattern> {
    let decoder = PatternDecoder::new(model);
    let decoder = match thresholds {
        Some(thresholds) => decoder.with_thresholds(thresholds),
        None => decoder,
    };
    decoder.patterns(latents, |_| Draw::LIKELIEST)
}

/// How well held-out patterns are reconstructed, by how logits become a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PatternReconstruction {
    /// As the plugin plays it at temperature 0.
    pub as_played: Reconstruction,
    /// With the thresholds of a file of version 0.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibrated: Option<Reconstruction>,
    /// With a threshold of one half for every instrument, as in the paper.
    pub at_one_half: Reconstruction,
}

impl PatternReconstruction {
    /// Encodes and decodes patterns; `None` where the model has no encoder.
    ///
    /// # Errors
    ///
    /// A tensor can't be read back.
    pub fn of(model: &Model, patterns: &[Pattern]) -> Result<Option<Self>> {
        let Some(encoder) = model.encoder(&nets::device()) else { return Ok(None) };
        let latents = encode(&encoder, patterns, model.grid())?;
        let compared = |thresholds| reconstruction(patterns, &likeliest(model, &latents, thresholds));
        Ok(Some(Self {
            as_played: compared(None),
            calibrated: model.thresholds().map(|thresholds| compared(Some(thresholds))),
            at_one_half: compared(Some(ONE_HALF)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patterns::HeldOut;
    use beat::Kit;
    use corpus::grid::Metre;

    fn patterns(songs: usize, is_wanted: fn(&Row) -> bool) -> Patterns {
        let row = |k: usize| Row {
            pattern: Pattern::EMPTY.with(k % 32, k % 14).with(k / 32 % 32, 0),
            genre: "-".to_owned(),
            song: format!("song-{k}"),
            metre: Metre::FOUR_FOUR,
        };
        let rows = (0..songs).map(row).filter(is_wanted).collect();
        Patterns {
            grid: Grid::FOUR_FOUR,
            rows,
            derived: Vec::new(),
            held_out: HeldOut::Tenth,
            kit: Kit::DEFAULT,
            sha256: String::new(),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn a_file_of_nothing_but_held_out_songs_is_measured_too() -> Result<()> {
        let all = patterns(2000, |_| true);
        let usual = EvaluationSet::of(&all, EvaluatedSongs::HeldOut, 10, 1)?;
        assert!(usual.has_training_songs() && usual.others.len() == usual.real.len());
        let new = patterns(2000, |row| corpus::split::is_held_out(&row.song));
        let new = EvaluationSet::of(&new, EvaluatedSongs::HeldOut, 10, 1)?;
        assert!(!new.has_training_songs() && new.real == usual.real);
        let halves = [new.others.len(), new.compared.len()];
        assert!(halves.iter().sum::<usize>() == new.real.len() && halves.iter().all(|half| *half > 60));
        Ok(())
    }

    #[test]
    fn songs_that_are_all_new_are_all_measured_against() -> Result<()> {
        let new = patterns(50, |row| !corpus::split::is_held_out(&row.song));
        assert!(
            EvaluationSet::of(&new, EvaluatedSongs::HeldOut, 10, 1)
                .is_err_and(|error| error.to_string().contains("--unseen"))
        );
        let measured = EvaluationSet::of(&new, EvaluatedSongs::All, 10, 1)?;
        assert_eq!((measured.real.len(), measured.has_training_songs()), (new.rows.len(), false));
        Ok(())
    }
}
