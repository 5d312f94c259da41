//! Critics that try to tell generated phrases from real ones. The harder they find it, the more real the
//! phrases are. Sizes and training never change, or figures could not be compared.

use std::time::Instant;

use anyhow::Result;
use clap::ValueEnum;
use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::features::features;
use super::listener::listened;
use super::set::PhraseSet;
use super::trees::Forest;
use crate::measure::auc;

/// Parts that each take their turn as the test; a song is in one of them.
const FOLDS: u32 = 5;

/// Which critics are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Asking {
    /// None: count only.
    None,
    /// The boosting critic, which takes seconds.
    Boosting,
    /// The recurrent critic too, which takes minutes.
    All,
}

/// How well a critic tells a set from real phrases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Verdict {
    /// The mean area under the ROC curve over the folds. 0.5 can't tell, 1 always can.
    pub(crate) auc: f64,
    /// Seconds that it took to learn and to tell, in all folds.
    pub(crate) seconds: f64,
}

/// What the critics say, as far as they were asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Critics {
    /// A small recurrent network over the bars ([`listened`]).
    pub(crate) gru: Option<Verdict>,
    /// Boosted trees on what can be counted ([`features`]).
    pub(crate) boosting: Option<Verdict>,
}

/// What a critic learns from: phrases, and whether each is generated.
pub(crate) struct Lesson<'a> {
    pub(crate) phrases: Vec<&'a [u16]>,
    pub(crate) generated: Vec<bool>,
    /// A number that the phrase's song decides alone.
    pub(crate) numbers: Vec<u32>,
}

struct Row<'a> {
    phrase: &'a [u16],
    /// Decided by its song alone.
    number: u32,
    generated: bool,
}

/// Asks the critics.
pub(crate) fn critics(generated: &PhraseSet, real: &PhraseSet, asking: Asking, seed: u64) -> Result<Critics> {
    let timed = |ask: &dyn Fn() -> Result<f64>| -> Result<Option<Verdict>> {
        let begun = Instant::now();
        let auc = ask()?;
        Ok(Some(Verdict { auc, seconds: begun.elapsed().as_secs_f64() }))
    };
    let boosting = || crossed(generated, real, boosted);
    let gru = || crossed(generated, real, |lesson, told| listened(lesson, told, seed));
    Ok(Critics {
        gru: if asking == Asking::All { timed(&gru)? } else { None },
        boosting: if asking == Asking::None { None } else { timed(&boosting)? },
    })
}

/// The mean area over the folds, of a critic that learns from a lesson and then gives each of the phrases to
/// be told a score that is high where it takes it for generated.
fn crossed<'a>(
    generated: &'a PhraseSet,
    real: &'a PhraseSet,
    critic: impl Fn(&Lesson, &[&[u16]]) -> Result<Vec<f32>> + Sync,
) -> Result<f64> {
    let all: Vec<Row> = [(generated, true), (real, false)]
        .into_iter()
        .flat_map(|(set, generated)| {
            let row = move |(phrase, song): (&'a [u16], &String)| Row {
                phrase,
                number: number_of(song),
                generated,
            };
            set.phrases.iter().map(Vec::as_slice).zip(&set.songs).map(row)
        })
        .collect();
    let judged = |fold: u32| -> Result<f64> {
        let (test, rest): (Vec<&Row>, Vec<&Row>) = all.iter().partition(|row| row.number % FOLDS == fold);
        let lesson = Lesson {
            phrases: rest.iter().map(|row| row.phrase).collect(),
            generated: rest.iter().map(|row| row.generated).collect(),
            numbers: rest.iter().map(|row| row.number / FOLDS).collect(),
        };
        let scores = critic(&lesson, &test.iter().map(|row| row.phrase).collect::<Vec<_>>())?;
        let of = |generated: bool| -> Vec<f32> {
            let rows = test.iter().zip(&scores).filter(|(row, _)| row.generated == generated);
            rows.map(|(_, score)| *score).collect()
        };
        Ok(auc(&of(true), &of(false)))
    };
    let folds = (0..FOLDS).into_par_iter().map(judged).collect::<Result<Vec<f64>>>()?;
    Ok(folds.iter().sum::<f64>() / folds.len() as f64)
}

/// A number that the song decides alone.
fn number_of(song: &str) -> u32 {
    let digest = Sha256::digest(format!("phrase fold {song}").as_bytes());
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

fn boosted(lesson: &Lesson, told: &[&[u16]]) -> Result<Vec<f32>> {
    let rows: Vec<Vec<f32>> = lesson.phrases.par_iter().map(|phrase| features(phrase)).collect();
    let forest = Forest::grow(&rows, &lesson.generated);
    Ok(told.par_iter().map(|phrase| forest.logit(&features(phrase))).collect())
}

#[cfg(test)]
mod tests {
    use super::super::bars::tests::{rock, roll};
    use super::super::listener::listened_for;
    use super::*;
    use crate::chance::{Dice, Purpose};

    /// Phrases of rock in which any bar may have another kick, with a roll at the end of every four bars, or
    /// anywhere.
    pub(crate) fn phrases(
        count: usize,
        stream: u64,
        roll_at: impl Fn(usize, &mut Dice) -> bool,
    ) -> PhraseSet {
        let mut dice = Dice::new(5, Purpose::Control, stream);
        let mut set = PhraseSet::named("made");
        for row in 0..count {
            let mut phrase = Vec::new();
            for bar in 0..16 {
                let mut steps = if roll_at(bar, &mut dice) { roll() } else { rock() };
                steps[dice.below(16)] ^= 1;
                phrase.extend(steps);
            }
            set.phrases.push(phrase);
            set.songs.push(format!("{stream}-{row}"));
            set.genres.push("rock".to_owned());
        }
        set
    }

    #[test]
    fn trees_hear_where_the_fills_are_and_nothing_where_nothing_is() -> Result<()> {
        let at_ends = |bar: usize, _: &mut Dice| bar % 4 == 3;
        let [real, same] = [1, 2].map(|stream| phrases(60, stream, at_ends));
        let anywhere = phrases(60, 3, |_, dice| dice.unit() < 0.25);
        let floor = crossed(&same, &real, boosted)?;
        assert!((0.3..0.7).contains(&floor), "{floor}");
        let heard = crossed(&anywhere, &real, boosted)?;
        assert!(heard > 0.95, "{heard}");
        Ok(())
    }

    #[test]
    fn the_network_hears_where_the_fills_are_in_phrases_that_it_has_not_learnt() -> Result<()> {
        let [real, new] = [1, 2].map(|stream| phrases(56, stream, |bar, _| bar % 4 == 3));
        let [anywhere, new_anywhere] = [3, 4].map(|stream| phrases(56, stream, |_, dice| dice.unit() < 0.25));
        let both = |a: &'_ PhraseSet, b: &'_ PhraseSet| [a.phrases.clone(), b.phrases.clone()].concat();
        let [taught, told] = [both(&real, &anywhere), both(&new, &new_anywhere)];
        let lesson = Lesson {
            phrases: taught.iter().map(Vec::as_slice).collect(),
            generated: (0..112).map(|row| row >= 56).collect(),
            numbers: (0..112).collect(),
        };
        let told: Vec<&[u16]> = told.iter().map(Vec::as_slice).collect();
        let scores = listened_for(6, &lesson, &told, 1)?;
        let heard = auc(&scores[56..], &scores[..56]);
        assert!(heard > 0.8, "{heard}");
        Ok(())
    }
}
