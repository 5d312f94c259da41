//! Genre classification: whether generated phrases of different genres differ as those of real songs do.

use rayon::prelude::*;
use serde::Serialize;

use super::features::features;
use super::set::PhraseSet;
use super::statistics::Share;
use super::trees::Forest;
use crate::rng::{Purpose, TrainingRng};

/// Groups of genres that drummers play apart. Genres that lie between them are left out, since nobody could
/// tell them.
const GROUPS: [(&str, &[&str]); 5] = [
    ("dance", &["house-techno", "electronic", "disco", "dance-pop"]),
    ("jazz and soul", &["jazz", "soul", "funk", "rnb", "blues"]),
    ("rock", &["rock", "hard-rock", "rock-n-roll"]),
    ("metal and punk", &["metal", "punk"]),
    ("country", &["country", "folk"]),
];
/// Of each group so many phrases are learnt from, or all.
const TRAINING_PHRASES: usize = 1000;

/// The group that a genre is of.
pub fn group_of(genre: &str) -> Option<usize> {
    GROUPS.iter().position(|(_, genres)| genres.contains(&genre))
}

/// How well the genres of a set are classified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct GenreAccuracy {
    /// Phrases whose genre is in one of the groups.
    pub count: usize,
    /// Of those of each group the share that is classified right, averaged over the groups that there are; guessing
    /// gives one over the number of groups.
    pub accuracy: f64,
    /// One over the number of groups that the ear knows.
    pub guessing: f64,
}

/// One forest a group, each to tell its group from all others.
pub struct GenreClassifier(Vec<(usize, Forest)>);

impl GenreClassifier {
    /// Learns from phrases of songs to learn from, equally many of each group as far as there are.
    pub fn learn(training: &PhraseSet, seed: u64) -> Self {
        let order = TrainingRng::new(seed, Purpose::Control, 20).order(training.phrases.len());
        let mut taken = [0; GROUPS.len()];
        let mut rows: Vec<(usize, &[u16])> = Vec::new();
        for row in order {
            if let Some(group) =
                group_of(&training.genres[row]).filter(|group| taken[*group] < TRAINING_PHRASES)
            {
                taken[group] += 1;
                rows.push((group, &training.phrases[row]));
            }
        }
        let rows_features: Vec<Vec<f32>> = rows.par_iter().map(|(_, phrase)| features(phrase)).collect();
        let known = (0..GROUPS.len()).filter(|group| taken[*group] > 0);
        Self(
            known
                .map(|group| {
                    let answers: Vec<bool> = rows.iter().map(|(of, _)| *of == group).collect();
                    (group, Forest::grow(&rows_features, &answers))
                })
                .collect(),
        )
    }

    /// The group that a phrase sounds like.
    fn group(&self, phrase: &[u16]) -> Option<usize> {
        let rows_features = features(phrase);
        let logits = self.0.iter().map(|(group, forest)| (*group, forest.logit(&rows_features)));
        logits.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(group, _)| group)
    }

    /// How well it tells the genres of a set.
    pub fn accuracy(&self, set: &PhraseSet) -> GenreAccuracy {
        let classified: Vec<(usize, bool)> = set
            .phrases
            .par_iter()
            .zip(&set.genres)
            .filter_map(|(phrase, genre)| {
                let group = group_of(genre)?;
                Some((group, self.group(phrase) == Some(group)))
            })
            .collect();
        let mut shares = [Share::default(); GROUPS.len()];
        classified.iter().for_each(|(group, right)| shares[*group].count(*right));
        let there = (0..GROUPS.len()).filter(|group| classified.iter().any(|of| of.0 == *group)).count();
        GenreAccuracy {
            count: classified.len(),
            accuracy: shares.iter().map(|share| share.value()).sum::<f64>() / there.max(1) as f64,
            guessing: 1.0 / self.0.len().max(1) as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bars::tests::{rock, roll};
    use super::*;

    fn set(count: usize) -> PhraseSet {
        let mut set = PhraseSet::named("made");
        for row in 0..count {
            let (genre, bar) = [("rock", rock()), ("jazz", roll()), ("polka", [0; 16])][row % 3];
            let mut phrase = bar.repeat(16);
            phrase[row] ^= 1;
            set.phrases.push(phrase);
            set.genres.push(genre.to_owned());
            set.songs.push(row.to_string());
        }
        set
    }

    #[test]
    fn different_genres_are_classified_and_unknown_ones_left_out() {
        let classifier = GenreClassifier::learn(&set(90), 1);
        let found = classifier.accuracy(&set(60));
        assert_eq!((found.count, found.accuracy, found.guessing), (40, 1.0, 0.5));
        let mut swapped = set(60);
        for genre in &mut swapped.genres {
            *genre = ["rock", "jazz"][usize::from(genre == "rock")].to_owned();
        }
        // What was polka is silence: nobody can say whether that is rock.
        let swapped = swapped.only(&(0..60).filter(|row| row % 3 < 2).collect::<Vec<_>>());
        assert!(classifier.accuracy(&swapped).accuracy < 0.1);
        assert_eq!(GenreClassifier::learn(&PhraseSet::default(), 1).accuracy(&set(6)).accuracy, 0.0);
    }
}
