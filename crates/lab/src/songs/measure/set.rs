//! Sets of phrases: cut out of songs, or read from what a model made.

use std::path::Path;

use anyhow::Result;
use beat::STEPS_PER_BAR;
use corpus::sequences::{Sequence, read_sequences};

use super::bars::{Bar, bars, crashes};

/// Phrases of one length, and where each is from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PhraseSet {
    /// What the set is called in tables.
    pub(crate) name: String,
    /// The classes of each phrase.
    pub(crate) phrases: Vec<Vec<u16>>,
    /// The song of each, or the song that it grew from: what must stay together in one fold.
    pub(crate) songs: Vec<String>,
    /// The genre of each.
    pub(crate) genres: Vec<String>,
}

impl PhraseSet {
    /// Nothing, under this name.
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Adds what `sequence` holds: phrases of `bars` bars one behind the other, from bar `first` on.
    pub(crate) fn add(&mut self, sequence: &Sequence, bars: usize, first: usize) {
        let classes = sequence.classes();
        let from = (first * STEPS_PER_BAR).min(classes.len());
        for phrase in classes[from..].chunks_exact(bars * STEPS_PER_BAR) {
            self.phrases.push(phrase.to_vec());
            self.songs.push(sequence.song.clone());
            self.genres.push(sequence.genre.clone());
        }
    }

    /// These of the phrases, in this order.
    pub(crate) fn only(&self, rows: &[usize]) -> Self {
        let of = |all: &[String]| rows.iter().map(|row| all[*row].clone()).collect();
        Self {
            name: self.name.clone(),
            phrases: rows.iter().map(|row| self.phrases[*row].clone()).collect(),
            songs: of(&self.songs),
            genres: of(&self.genres),
        }
    }
}

/// The first bar of a song that begins four bars: the one of the first four from which on every fourth bar
/// begins with a crash most often, the earliest of equals.
pub(crate) fn phase(song: &[Bar]) -> usize {
    let often = |first: usize| song.iter().skip(first).step_by(4).filter(|bar| crashes(bar)).count();
    (0..4).max_by_key(|&first| (often(first), 4 - first)).unwrap_or(0)
}

/// The phrases of a song's sequence, from its phase on.
pub(crate) fn add_real(set: &mut PhraseSet, sequence: &Sequence, length: usize) {
    set.add(sequence, length, phase(bars(&sequence.classes())));
}

/// The phrases of `bars` bars in a file of generated sequences, named after the file. A sequence that is
/// shorter gives none.
pub(crate) fn generated(path: &Path, bars: usize) -> Result<PhraseSet> {
    let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let stem = name.strip_suffix(".gz").unwrap_or(&name);
    let mut set = PhraseSet::named(stem.strip_suffix(".tsv").unwrap_or(stem));
    let read = read_sequences(path)?;
    if let Some(first) = read.rejected.first() {
        eprintln!("{}: {} lines left out, {first}", path.display(), read.rejected.len());
    }
    read.sequences.iter().for_each(|sequence| set.add(sequence, bars, 0));
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_of_a_song_begin_where_its_crashes_are() {
        let mut steps = vec![1; 23 * STEPS_PER_BAR];
        for bar in [3, 7, 11] {
            steps[bar * STEPS_PER_BAR] = 1 << 9; // the default kit's crash
        }
        let song = Sequence { genre: "rock".to_owned(), song: "a".to_owned(), steps };
        let mut set = PhraseSet::named("real");
        add_real(&mut set, &song, 4);
        assert_eq!((set.phrases.len(), set.phrases[0].len()), (5, 64));
        assert!(set.phrases[..3].iter().all(|phrase| phrase[0] == 1 << 7));
        assert_eq!(set.only(&[1]).songs, ["a"]);
        assert_eq!(phase(&[]), 0);
    }
}
