//! A model's codes on a plane, as the paper shows them: the result of t-SNE, not spread evenly.

use anyhow::{Context, Result, bail};
use beat::Pattern;
use corpus::rows::{Row, UNKNOWN_GENRE};
use nets::Model;
use train::latents::encode;
use train::mapping::embed::{ITERATIONS, embed};
use train::mapping::points::fitted;
use train::patterns::{Patterns, genres};
use train::rng::{Purpose, TrainingRng};

use crate::progress;

/// The most patterns that are shown; more would cover each other.
const SHOWN: usize = 4000;

/// Training patterns of known genre, laid out by their codes.
pub(crate) struct Plane {
    /// The place of each pattern, both coordinates in 0..=1.
    pub(crate) points: Vec<[f32; 2]>,
    /// The index of each one's genre.
    pub(crate) labels: Vec<u8>,
    /// The genres' names.
    pub(crate) genres: Vec<String>,
}

impl Plane {
    /// Lays out a random part of the training patterns, which is the same for all models and one seed.
    pub(crate) fn of(model: &Model, patterns: &Patterns, seed: u64) -> Result<Self> {
        let rows: Vec<&Row> =
            patterns.training().into_iter().filter(|row| row.genre != UNKNOWN_GENRE).collect();
        let known: Vec<String> = genres(rows.iter().copied()).into_keys().take(256).collect();
        let order = TrainingRng::new(seed, Purpose::Placing, 0).order(rows.len());
        let shown: Vec<&Row> = order.into_iter().take(SHOWN).map(|row| rows[row]).collect();
        let inputs: Vec<Pattern> = shown.iter().map(|row| row.pattern).collect();
        let encoder = model.encoder(&nets::device());
        let encoder = encoder.with_context(|| format!("{}: came without its encoder", model.file()))?;
        let bar = progress::bar("t-SNE", ITERATIONS);
        let embedding =
            embed(&encode(&encoder, &inputs, model.grid())?, &progress::single_thread()?, |done| {
                bar.set_position(done as u64)
            })?;
        bar.finish();
        let label = |row: &&Row| known.iter().position(|name| *name == row.genre).unwrap_or(0) as u8;
        Ok(Self {
            points: fitted(&embedding.points),
            labels: shown.iter().map(label).collect(),
            genres: known,
        })
    }

    /// The index of a genre.
    pub(crate) fn genre(&self, name: &str) -> Result<u8> {
        match self.genres.iter().position(|genre| genre == name) {
            Some(genre) => Ok(genre as u8),
            None => bail!("no pattern is of the genre {name}; there are {}", self.genres.join(", ")),
        }
    }

    /// How many of the patterns are of a genre.
    pub(crate) fn count(&self, genre: u8) -> usize {
        self.labels.iter().filter(|label| **label == genre).count()
    }
}
