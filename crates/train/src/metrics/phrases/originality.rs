//! How far phrases are from the training songs: exact copies, and the distance to the nearest training phrase.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use nets::ONE_BAR;
use nets::{PHRASE_STEPS, hamming};
use rayon::prelude::*;
use serde::Serialize;

use super::bars::hits;

/// All sixteen consecutive bars of some songs, from any bar on, as 64-bit hashes: that one of two thousand phrases
/// has the hash of one among a million others has a probability of 1e-10.
#[derive(Clone, Debug, Default)]
pub struct TrainingPhrases(HashSet<u64>);

impl TrainingPhrases {
    /// All phrases of the songs.
    pub fn of(songs: &[Vec<u16>]) -> Self {
        let phrases =
            songs.par_iter().flat_map_iter(|song| song.windows(PHRASE_STEPS).step_by(ONE_BAR).map(hash));
        Self(phrases.collect())
    }

    /// Whether one of the songs contains the phrase.
    pub fn contains(&self, phrase: &[u16]) -> bool {
        self.0.contains(&hash(phrase))
    }
}

/// A hash that is the same in every run: `DefaultHasher::new` has constant keys.
fn hash(phrase: &[u16]) -> u64 {
    let mut hasher = DefaultHasher::new();
    phrase.hash(&mut hasher);
    hasher.finish()
}

/// The most phrases that are measured: each is compared with every training phrase.
const MEASURED: usize = 500;
/// Steps that are compared between two checks of the limit.
const CHUNK: usize = 32;

/// How original a set of phrases is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Originality {
    /// Phrases that were measured: the first 500.
    pub count: usize,
    /// Mean distance to the nearest training phrase: the hits that only one of both has, over the hits of both.
    /// 0 is a copy.
    pub distance: f64,
    /// The share of phrases that differ from it in at most one hit a bar.
    #[serde(rename = "near")]
    pub close: f64,
}

/// Phrases to compare with, sorted by their hits: the difference in hits is the smallest distance that two can have.
pub struct NearestPhrases(Vec<(u32, Vec<u16>)>);

impl NearestPhrases {
    /// These phrases.
    pub fn of(phrases: &[Vec<u16>]) -> Self {
        let mut sorted: Vec<_> = phrases.par_iter().map(|phrase| (hits(phrase), phrase.clone())).collect();
        sorted.par_sort_unstable();
        sorted.dedup();
        Self(sorted)
    }

    /// The Hamming distance to the nearest phrase, and that phrase's hits. `None` where there is none.
    fn nearest(&self, phrase: &[u16]) -> Option<(u32, u32)> {
        let own = hits(phrase);
        let middle = self.0.partition_point(|(hits, _)| *hits < own);
        let (mut below, mut above) =
            (self.0[..middle].iter().rev().peekable(), self.0[middle..].iter().peekable());
        let mut best: Option<(u32, u32)> = None;
        loop {
            let gap =
                |other: Option<&&(u32, Vec<u16>)>| other.map_or(u32::MAX, |(hits, _)| hits.abs_diff(own));
            let (down, up) = (gap(below.peek()), gap(above.peek()));
            let least = down.min(up);
            if least == u32::MAX || best.is_some_and(|best| least >= best.0) {
                return best;
            }
            let next = if down < up { below.next() } else { above.next() };
            if let Some((hits, other)) = next {
                let limit = best.map_or(u32::MAX, |best| best.0);
                if let Some(distance) = distance_within(phrase, other, limit) {
                    best = Some((distance, *hits));
                }
            }
        }
    }
}

/// The Hamming distance, where it is less than `limit`.
fn distance_within(a: &[u16], b: &[u16], limit: u32) -> Option<u32> {
    let mut distance = 0;
    for (a, b) in a.chunks(CHUNK).zip(b.chunks(CHUNK)) {
        distance += hamming(a, b);
        if distance >= limit {
            return None;
        }
    }
    Some(distance)
}

/// Measures phrases against training phrases.
pub fn originality(phrases: &[Vec<u16>], training: &NearestPhrases) -> Originality {
    let measured = &phrases[..phrases.len().min(MEASURED)];
    let each: Vec<(f64, bool)> = measured
        .par_iter()
        .filter_map(|phrase| {
            let (distance, others) = training.nearest(phrase)?;
            let both = f64::from((hits(phrase) + others).max(1));
            Some((f64::from(distance) / both, distance as usize <= phrase.len() / ONE_BAR))
        })
        .collect();
    let count = each.len().max(1) as f64;
    Originality {
        count: each.len(),
        distance: each.iter().map(|(distance, _)| distance).sum::<f64>() / count,
        close: each.iter().filter(|(_, close)| *close).count() as f64 / count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, TrainingRng};

    #[test]
    fn the_nearest_is_the_one_that_a_plain_search_finds() {
        let mut rng = TrainingRng::new(2, Purpose::Control, 0);
        let mut phrases = |count| -> Vec<Vec<u16>> {
            (0..count).map(|_| (0..64).map(|_| rng.below(8) as u16).collect()).collect()
        };
        let (training, queries) = (phrases(80), phrases(20));
        let nearest = NearestPhrases::of(&training);
        for phrase in &queries {
            let plain = training.iter().map(|other| hamming(phrase, other)).min();
            assert_eq!(nearest.nearest(phrase).map(|found| found.0), plain);
        }
        let copied = originality(&training, &nearest);
        assert_eq!((copied.count, copied.distance, copied.close), (80, 0.0, 1.0));
        assert!(originality(&queries, &nearest).distance > 0.2);
        assert_eq!(originality(&queries, &NearestPhrases::of(&[])).count, 0);
    }

    #[test]
    fn a_phrase_is_found_from_any_bar_on_but_not_from_within_a_bar() {
        let song: Vec<u16> = (0..320_u32).map(|step| (step * step % 509) as u16).collect();
        let training = TrainingPhrases::of(&[song.clone(), vec![0; 100]]);
        assert!(training.contains(&song[48..304]) && training.contains(&song[..256]));
        assert!(!training.contains(&song[40..296]) && !training.contains(&song[..240]));
    }
}
