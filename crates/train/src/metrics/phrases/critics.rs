//! Critics: classifiers that are trained to distinguish generated phrases from real ones. The closer their AUC is
//! to one half, the more realistic the phrases are. Sizes and training never change, so that figures of all
//! versions can be compared.

use std::time::Instant;

use anyhow::Result;
use rayon::prelude::*;
use serde::Serialize;

use super::features::features;
use super::gru::gru_scores;
use super::set::{CriticData, PhraseSet};
use super::trees::Forest;
use crate::metrics::critic::auc;
use crate::patterns::song_hash;

/// Folds of the cross-validation; a song is in one of them.
const FOLDS: u32 = 5;

/// Which critics are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CriticChoice {
    /// None: statistics only.
    None,
    /// Gradient boosting, which takes seconds.
    Boosting,
    /// The GRU too, which takes minutes.
    All,
}

/// How well a critic distinguishes a set from real phrases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CriticScore {
    /// The mean area under the ROC curve over the folds: 0.5 is chance, 1 perfect.
    pub auc: f64,
    /// Seconds that training and scoring took, over all folds.
    pub seconds: f64,
}

/// The scores of the critics that were run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct CriticScores {
    /// A small recurrent network over the bars.
    pub gru: Option<CriticScore>,
    /// Boosted trees on features of the phrase.
    pub boosting: Option<CriticScore>,
}

/// A phrase with its label, and its group in the cross-validation.
struct LabelledPhrase<'a> {
    phrase: &'a [u16],
    song_hash: u32,
    generated: bool,
}

/// Runs the critics.
///
/// # Errors
///
/// Training the GRU failed.
pub fn critics(
    generated: &PhraseSet,
    real: &PhraseSet,
    choice: CriticChoice,
    seed: u64,
) -> Result<CriticScores> {
    let timed = |run: &dyn Fn() -> Result<f64>| -> Result<Option<CriticScore>> {
        let begun = Instant::now();
        let auc = run()?;
        Ok(Some(CriticScore { auc, seconds: begun.elapsed().as_secs_f64() }))
    };
    let boosting = || cross_validated(generated, real, boosting_scores);
    let gru = || cross_validated(generated, real, |data, test| gru_scores(data, test, seed));
    Ok(CriticScores {
        gru: if choice == CriticChoice::All { timed(&gru)? } else { None },
        boosting: if choice == CriticChoice::None { None } else { timed(&boosting)? },
    })
}

/// The mean AUC over the folds of a critic that is trained on data and then gives each test phrase a score, high
/// for generated.
fn cross_validated<'a>(
    generated: &'a PhraseSet,
    real: &'a PhraseSet,
    critic: impl Fn(&CriticData, &[&[u16]]) -> Result<Vec<f32>> + Sync,
) -> Result<f64> {
    let all: Vec<LabelledPhrase> = [(generated, true), (real, false)]
        .into_iter()
        .flat_map(|(set, generated)| {
            let row = move |(phrase, song): (&'a [u16], &String)| LabelledPhrase {
                phrase,
                song_hash: song_hash(song, "phrase fold"),
                generated,
            };
            set.phrases.iter().map(Vec::as_slice).zip(&set.songs).map(row)
        })
        .collect();
    let fold_auc = |fold: u32| -> Result<f64> {
        let (test, rest): (Vec<&LabelledPhrase>, Vec<&LabelledPhrase>) =
            all.iter().partition(|row| row.song_hash % FOLDS == fold);
        let data = CriticData {
            phrases: rest.iter().map(|row| row.phrase).collect(),
            generated: rest.iter().map(|row| row.generated).collect(),
            song_hashes: rest.iter().map(|row| row.song_hash / FOLDS).collect(),
        };
        let scores = critic(&data, &test.iter().map(|row| row.phrase).collect::<Vec<_>>())?;
        let of = |generated: bool| -> Vec<f32> {
            let rows = test.iter().zip(&scores).filter(|(row, _)| row.generated == generated);
            rows.map(|(_, score)| *score).collect()
        };
        Ok(auc(&of(true), &of(false)))
    };
    let folds = (0..FOLDS).into_par_iter().map(fold_auc).collect::<Result<Vec<f64>>>()?;
    Ok(folds.iter().sum::<f64>() / folds.len() as f64)
}

fn boosting_scores(data: &CriticData, test: &[&[u16]]) -> Result<Vec<f32>> {
    let rows: Vec<Vec<f32>> = data.phrases.par_iter().map(|phrase| features(phrase)).collect();
    let forest = Forest::grow(&rows, &data.generated);
    Ok(test.par_iter().map(|phrase| forest.logit(&features(phrase))).collect())
}

#[cfg(test)]
mod tests {
    use super::super::bars::tests::{rock, roll};
    use super::super::gru::gru_scores_after;
    use super::*;
    use crate::rng::{Purpose, TrainingRng};

    /// Phrases of rock in which any bar may have another kick, with a roll at the end of every four bars, or
    /// anywhere.
    pub(crate) fn phrases(
        count: usize,
        stream: u64,
        roll_at: impl Fn(usize, &mut TrainingRng) -> bool,
    ) -> PhraseSet {
        let mut rng = TrainingRng::new(5, Purpose::Control, stream);
        let mut set = PhraseSet::named("made");
        for row in 0..count {
            let mut phrase = Vec::new();
            for bar in 0..16 {
                let mut steps = if roll_at(bar, &mut rng) { roll() } else { rock() };
                steps[rng.below(16)] ^= 1;
                phrase.extend(steps);
            }
            set.phrases.push(phrase);
            set.songs.push(format!("{stream}-{row}"));
            set.genres.push("rock".to_owned());
        }
        set
    }

    #[test]
    fn boosting_finds_misplaced_fills_and_nothing_in_equal_sets() -> Result<()> {
        let at_ends = |bar: usize, _: &mut TrainingRng| bar % 4 == 3;
        let [real, same] = [1, 2].map(|stream| phrases(60, stream, at_ends));
        let anywhere = phrases(60, 3, |_, rng| rng.unit() < 0.25);
        let floor = cross_validated(&same, &real, boosting_scores)?;
        assert!((0.3..0.7).contains(&floor), "{floor}");
        let separation = cross_validated(&anywhere, &real, boosting_scores)?;
        assert!(separation > 0.95, "{separation}");
        Ok(())
    }

    #[test]
    fn the_gru_finds_misplaced_fills_in_phrases_that_it_was_not_trained_on() -> Result<()> {
        let [real, new] = [1, 2].map(|stream| phrases(56, stream, |bar, _| bar % 4 == 3));
        let [anywhere, new_anywhere] = [3, 4].map(|stream| phrases(56, stream, |_, rng| rng.unit() < 0.25));
        let both = |a: &'_ PhraseSet, b: &'_ PhraseSet| [a.phrases.clone(), b.phrases.clone()].concat();
        let [training, test] = [both(&real, &anywhere), both(&new, &new_anywhere)];
        let data = CriticData {
            phrases: training.iter().map(Vec::as_slice).collect(),
            generated: (0..112).map(|row| row >= 56).collect(),
            song_hashes: (0..112).collect(),
        };
        let test: Vec<&[u16]> = test.iter().map(Vec::as_slice).collect();
        let scores = gru_scores_after(6, &data, &test, 1)?;
        let separation = auc(&scores[56..], &scores[..56]);
        assert!(separation > 0.8, "{separation}");
        Ok(())
    }
}
