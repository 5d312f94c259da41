//! Which phrases are word for word in songs.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use beat::STEPS_PER_BAR;
use rayon::prelude::*;

use super::bars::PHRASE_STEPS;

/// Every sixteen bars in a row of some songs, from whichever bar on. Kept as numbers of 64 bits: among a
/// million of them, two thousand strangers meet one by chance once in ten billion runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(HashSet<u64>);

impl Known {
    /// All phrases of the songs.
    pub(crate) fn of(songs: &[Vec<u16>]) -> Self {
        let phrases = songs
            .par_iter()
            .flat_map_iter(|song| song.windows(PHRASE_STEPS).step_by(STEPS_PER_BAR).map(number));
        Self(phrases.collect())
    }

    /// Whether the phrase stands in one of the songs.
    pub(crate) fn holds(&self, phrase: &[u16]) -> bool {
        self.0.contains(&number(phrase))
    }
}

/// The same for the same phrase, whenever and wherever asked.
fn number(phrase: &[u16]) -> u64 {
    let mut hasher = DefaultHasher::new();
    phrase.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_known_from_whichever_bar_it_begins_but_not_from_between() {
        let song: Vec<u16> = (0..320_u32).map(|step| (step * step % 509) as u16).collect();
        let known = Known::of(&[song.clone(), vec![0; 100]]);
        assert!(known.holds(&song[48..304]) && known.holds(&song[..256]));
        assert!(!known.holds(&song[40..296]) && !known.holds(&song[..240]));
    }
}
