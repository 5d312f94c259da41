//! What models are measured against: the songs that they never saw, and those that they may have seen.

use anyhow::{Result, ensure};
use beat::{INSTRUMENTS, Pattern};
use corpus::filter::PatternSet;
use corpus::rows::Row;
use nets::{Draw, Latent, Model, PatternDecoder};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::chance::{Dice, Purpose};
use crate::codes::encode;
use crate::measure::{Figures, Reconstruction, Sourced, figures, realism, reconstruction};
use crate::patterns::Patterns;
use crate::sample::{Latents, draw_latents, draw_patterns};

/// Neighbouring training codes that count as one song for the critic: a model carries its codes in the
/// order of the corpus, but not its songs.
const CODES_OF_A_SONG: usize = 50;

/// The paper's threshold, for every instrument.
pub(crate) const ONE_HALF: [f32; INSTRUMENTS] = [0.5; INSTRUMENTS];

/// Which songs of the files a model is measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Songs {
    /// Those that `train` holds out.
    HeldOut,
    /// All of them: the files are new to the model.
    All,
}

/// What models are measured against.
pub(crate) struct Yardstick {
    /// Patterns of songs that no model saw.
    pub(crate) real: Vec<Sourced>,
    /// As many patterns of other songs, to compare those with.
    others: Vec<Sourced>,
    /// What is compared with `others`.
    compared: Vec<Sourced>,
    /// All patterns that a model may have seen.
    known: PatternSet,
    knows: bool,
    count: usize,
    seed: u64,
}

impl Yardstick {
    /// What the files say, for figures of `count` samples.
    pub(crate) fn of(patterns: &Patterns, songs: Songs, count: usize, seed: u64) -> Result<Self> {
        ensure!(count > 0, "--count 0 asks for nothing");
        let sourced = |row: &Row| Sourced { pattern: row.pattern, song: row.song.clone() };
        let mut known = match songs {
            Songs::HeldOut => patterns.training(),
            Songs::All => Vec::new(),
        };
        let real: Vec<Sourced> = match songs {
            Songs::HeldOut => {
                known.extend(patterns.validation());
                patterns.held_out().into_iter().map(sourced).collect()
            }
            Songs::All => patterns.rows.iter().map(sourced).collect(),
        };
        ensure!(
            !real.is_empty(),
            "none of the songs is one that training holds out; if they are all new to the model, say --unseen"
        );
        let order = Dice::new(seed, Purpose::Control, 0).order(known.len());
        let (others, compared) = if known.len() < real.len() {
            // Too few known ones to compare with: one half of the new songs against the other.
            real.iter().cloned().partition(|row| is_in_first_half(&row.song))
        } else {
            (order.into_iter().take(real.len()).map(|row| sourced(known[row])).collect(), real.clone())
        };
        let (knows, known) = (!known.is_empty(), PatternSet::of(known.iter().map(|row| &row.pattern)));
        Ok(Self { real, others, compared, known, knows, count, seed })
    }

    /// Whether the files hold anything that a model may have learnt from.
    pub(crate) fn knows(&self) -> bool {
        self.knows
    }

    /// The patterns of songs that no model saw.
    pub(crate) fn held_out(&self) -> Vec<Pattern> {
        self.real.iter().map(|row| row.pattern).collect()
    }

    /// All patterns that a model may have seen.
    pub(crate) fn known(&self) -> &PatternSet {
        &self.known
    }

    /// The figures of patterns.
    pub(crate) fn count(&self, drawn: &[Sourced]) -> Figures {
        figures(&drawn.iter().map(|row| row.pattern).collect::<Vec<_>>(), &self.known)
    }

    /// The critic's verdict on as many of the drawn patterns as there are real ones.
    pub(crate) fn auc(&self, drawn: &[Sourced]) -> Result<f64> {
        judged(drawn, &self.real, self.seed)
    }

    /// The critic's verdict on real patterns: what a perfect model would get.
    pub(crate) fn control(&self) -> Result<f64> {
        judged(&self.others, &self.compared, self.seed)
    }

    /// The paper's way: latents from a normal, threshold one half.
    pub(crate) fn paper_protocol(&self, model: &Model) -> Vec<Sourced> {
        let drawn = draw_latents(model.codes(), Latents::Normal, self.count, self.seed);
        let latents: Vec<Latent> = drawn.into_iter().map(|(latent, _)| latent).collect();
        let patterns = likeliest(model, &latents, Some(ONE_HALF)).into_iter().enumerate();
        patterns.map(|(row, pattern)| Sourced { pattern, song: format!("normal {row}") }).collect()
    }

    /// Patterns around the training codes, and in how many cells they differ on average from what
    /// temperature 0 plays there.
    pub(crate) fn drawn(&self, model: &Model, temperature: f32) -> (Vec<Sourced>, f64) {
        let drawn = draw_latents(model.codes(), Latents::Data, self.count, self.seed);
        let latents: Vec<Latent> = drawn.iter().map(|(latent, _)| *latent).collect();
        let still = likeliest(model, &latents, None);
        let patterns = draw_patterns(model, &latents, temperature, self.seed);
        let changed = still.iter().zip(&patterns).map(|(a, b)| f64::from(a.hamming(b))).sum::<f64>();
        let drawn = patterns
            .into_iter()
            .zip(&drawn)
            .map(|(pattern, (_, code))| Sourced { pattern, song: format!("code {}", code / CODES_OF_A_SONG) })
            .collect();
        (drawn, changed / self.count as f64)
    }
}

fn judged(drawn: &[Sourced], real: &[Sourced], seed: u64) -> Result<f64> {
    let count = real.len().min(drawn.len());
    realism(&drawn[..count], &real[..count], seed)
}

fn is_in_first_half(song: &str) -> bool {
    Sha256::digest(format!("half {song}").as_bytes())[0].is_multiple_of(2)
}

/// The patterns of latents at temperature 0, as they are played or by thresholds.
pub(crate) fn likeliest(
    model: &Model,
    latents: &[Latent],
    thresholds: Option<[f32; INSTRUMENTS]>,
) -> Vec<Pattern> {
    let decoder = PatternDecoder::new(model);
    let decoder = match thresholds {
        Some(thresholds) => decoder.above(thresholds),
        None => decoder,
    };
    decoder.patterns(latents, |_| Draw::LIKELIEST)
}

/// How well held-out patterns come back, by how the decoder's answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Rebuilt {
    /// As the instrument plays it at temperature 0.
    pub(crate) as_played: Reconstruction,
    /// With the threshold of highest F1 for each instrument.
    pub(crate) calibrated: Reconstruction,
    /// As the paper does.
    pub(crate) at_one_half: Reconstruction,
}

impl Rebuilt {
    /// Sends patterns through a model and back; `None` where it came without its encoder.
    pub(crate) fn of(model: &Model, patterns: &[Pattern]) -> Result<Option<Self>> {
        let Some(encoder) = model.encoder(&nets::device()) else { return Ok(None) };
        let latents = encode(&encoder, patterns)?;
        let compared = |thresholds| reconstruction(patterns, &likeliest(model, &latents, thresholds));
        Ok(Some(Self {
            as_played: compared(None),
            calibrated: compared(Some(*model.thresholds())),
            at_one_half: compared(Some(ONE_HALF)),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beat::Kit;

    fn patterns(songs: usize, is_wanted: fn(&Row) -> bool) -> Patterns {
        let row = |k: usize| Row {
            pattern: Pattern::EMPTY.with(k % 32, k % 14).with(k / 32 % 32, 0),
            genre: "-".to_owned(),
            song: format!("song-{k}"),
        };
        let rows = (0..songs).map(row).filter(is_wanted).collect();
        Patterns { rows, kit: Kit::DEFAULT, sha256: String::new() }
    }

    #[test]
    fn a_file_of_nothing_but_held_out_songs_is_measured_too() -> Result<()> {
        let all = patterns(2000, |_| true);
        let usual = Yardstick::of(&all, Songs::HeldOut, 10, 1)?;
        assert!(usual.knows() && usual.others.len() == usual.real.len());
        let new = patterns(2000, |row| corpus::split::is_held_out(&row.song));
        let new = Yardstick::of(&new, Songs::HeldOut, 10, 1)?;
        assert!(!new.knows() && new.real == usual.real);
        let halves = [new.others.len(), new.compared.len()];
        assert!(halves.iter().sum::<usize>() == new.real.len() && halves.iter().all(|half| *half > 60));
        Ok(())
    }

    #[test]
    fn songs_that_are_all_new_are_all_measured_against() -> Result<()> {
        let new = patterns(50, |row| !corpus::split::is_held_out(&row.song));
        assert!(
            Yardstick::of(&new, Songs::HeldOut, 10, 1)
                .is_err_and(|error| error.to_string().contains("--unseen"))
        );
        let measured = Yardstick::of(&new, Songs::All, 10, 1)?;
        assert_eq!((measured.real.len(), measured.knows()), (new.rows.len(), false));
        Ok(())
    }
}
