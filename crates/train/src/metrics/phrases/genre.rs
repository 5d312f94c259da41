//! Genre classification: whether generated phrases of different genres differ as those of real songs do.

use rayon::prelude::*;
use serde::Serialize;

use super::features::features;
use super::set::PhraseSet;
use super::statistics::Share;
use super::trees::Forest;
use crate::rng::{Purpose, TrainingRng};

/// Groups of genres that are drummed differently. Genres between them are left out as ambiguous.
const GROUPS: [(&str, &[&str]); 5] = [
    ("dance", &["house-techno", "electronic", "disco", "dance-pop"]),
    ("jazz and soul", &["jazz", "soul", "funk", "rnb", "blues"]),
    ("rock", &["rock", "hard-rock", "rock-n-roll"]),
    ("metal and punk", &["metal", "punk"]),
    ("country", &["country", "folk"]),
];
/// The most phrases of each group that are trained on.
const TRAINING_PHRASES: usize = 1000;

/// The index of the group that a genre is in.
pub fn group_of(genre: &str) -> Option<usize> {
    GROUPS.iter().position(|(_, genres)| genres.contains(&genre))
}

/// How well the genres of a set are classified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct GenreAccuracy {
    /// Phrases whose genre is in one of the groups.
    pub count: usize,
    /// Accuracy of each group, averaged over the groups in the set.
    pub accuracy: f64,
    /// The accuracy of guessing: one over the number of groups that the classifier was trained on.
    pub guessing: f64,
}

/// A one-versus-rest classifier: a forest for each group.
pub struct GenreClassifier(Vec<(usize, Forest)>);

impl GenreClassifier {
    /// Trains on phrases of training songs, the same number of each group where there are enough.
    pub fn train(training: &PhraseSet, seed: u64) -> Self {
        let order = TrainingRng::new(seed, Purpose::Control, 20).order(training.phrases.len());
        let mut counts = [0; GROUPS.len()];
        let mut rows: Vec<(usize, &[u16])> = Vec::new();
        for row in order {
            if let Some(group) =
                group_of(&training.genres[row]).filter(|group| counts[*group] < TRAINING_PHRASES)
            {
                counts[group] += 1;
                rows.push((group, &training.phrases[row]));
            }
        }
        let inputs: Vec<Vec<f32>> = rows.par_iter().map(|(_, phrase)| features(phrase)).collect();
        let groups = (0..GROUPS.len()).filter(|group| counts[*group] > 0);
        Self(
            groups
                .map(|group| {
                    let labels: Vec<bool> = rows.iter().map(|(of, _)| *of == group).collect();
                    (group, Forest::grow(&inputs, &labels))
                })
                .collect(),
        )
    }

    /// The most probable group of a phrase.
    fn group(&self, phrase: &[u16]) -> Option<usize> {
        let inputs = features(phrase);
        let logits = self.0.iter().map(|(group, forest)| (*group, forest.logit(&inputs)));
        logits.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(group, _)| group)
    }

    /// How well it classifies the phrases of a set.
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
        let present = (0..GROUPS.len()).filter(|group| classified.iter().any(|of| of.0 == *group)).count();
        GenreAccuracy {
            count: classified.len(),
            accuracy: shares.iter().map(|share| share.value()).sum::<f64>() / present.max(1) as f64,
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
        let classifier = GenreClassifier::train(&set(90), 1);
        let found = classifier.accuracy(&set(60));
        assert_eq!((found.count, found.accuracy, found.guessing), (40, 1.0, 0.5));
        let mut swapped = set(60);
        for genre in &mut swapped.genres {
            *genre = ["rock", "jazz"][usize::from(genre == "rock")].to_owned();
        }
        // The rows of polka are silence.
        let swapped = swapped.only(&(0..60).filter(|row| row % 3 < 2).collect::<Vec<_>>());
        assert!(classifier.accuracy(&swapped).accuracy < 0.1);
        assert_eq!(GenreClassifier::train(&PhraseSet::default(), 1).accuracy(&set(6)).accuracy, 0.0);
    }
}
