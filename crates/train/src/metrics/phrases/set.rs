//! Sets of phrases: cut out of songs, generated, continued from the first two bars of real ones, or looped.

use beat::step_of;
use corpus::sequences::Sequence;
use nets::{CounterRng, NextStepModel, generate};
use nets::{ONE_BAR, TWO_BARS};
use rayon::prelude::*;

use crate::excerpts::{phase, phrase_at, phrase_starts};

/// The training set of a critic.
pub(crate) struct CriticData<'a> {
    pub(crate) phrases: Vec<&'a [u16]>,
    pub(crate) generated: Vec<bool>,
    /// A hash of the phrase's song.
    pub(crate) song_hashes: Vec<u32>,
}

/// Phrases of one length, with the song and genre of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PhraseSet {
    /// Its name in tables.
    pub name: String,
    /// The classes of each phrase.
    pub phrases: Vec<Vec<u16>>,
    /// The song of each, or that of its theme: its group in the cross-validation.
    pub songs: Vec<String>,
    /// The genre of each.
    pub genres: Vec<String>,
}

impl PhraseSet {
    /// An empty set of this name.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Adds the consecutive phrases of `bars` bars in `sequence`, from bar `first` on.
    pub fn add(&mut self, sequence: &Sequence, bars: usize, first: usize) {
        let classes = sequence.classes();
        let from = (first * ONE_BAR).min(classes.len());
        for phrase in classes[from..].chunks_exact(bars * ONE_BAR) {
            self.push(phrase.to_vec(), sequence);
        }
    }

    fn push(&mut self, phrase: Vec<u16>, of: &Sequence) {
        self.phrases.push(phrase);
        self.songs.push(of.song.clone());
        self.genres.push(of.genre.clone());
    }

    /// The phrases as sequences of the default kit.
    pub fn sequences(&self) -> Vec<Sequence> {
        let rows = self.phrases.iter().zip(&self.songs).zip(&self.genres);
        rows.map(|((phrase, song), genre)| Sequence {
            genre: genre.clone(),
            song: song.clone(),
            steps: phrase.iter().map(|class| step_of(*class)).collect(),
        })
        .collect()
    }

    /// The number of bars that all of them have.
    pub fn bars(&self) -> usize {
        self.phrases.iter().map(|phrase| phrase.len() / ONE_BAR).min().unwrap_or(0)
    }

    /// The first `count` phrases of `bars` bars that these contain, one after another.
    pub fn cut(&self, bars: usize, count: usize) -> Self {
        let mut set = Self::named(&self.name);
        for sequence in self.sequences() {
            set.add(&sequence, bars, 0);
        }
        set.only(&(0..set.phrases.len().min(count)).collect::<Vec<_>>())
    }

    /// The phrases of these indices, in this order.
    pub fn only(&self, rows: &[usize]) -> Self {
        let of = |all: &[String]| rows.iter().map(|row| all[*row].clone()).collect();
        Self {
            name: self.name.clone(),
            phrases: rows.iter().map(|row| self.phrases[*row].clone()).collect(),
            songs: of(&self.songs),
            genres: of(&self.genres),
        }
    }
}

/// The phrases of songs: sixteen bars from each of their groups of four bars on, where enough is played.
pub fn phrases_of(songs: &[Sequence]) -> PhraseSet {
    let mut set = PhraseSet::named("real");
    for song in songs {
        let classes = song.classes();
        let phrases = phrase_starts(&classes).filter_map(|start| phrase_at(&classes, start));
        phrases.for_each(|phrase| set.push(phrase.to_vec(), song));
    }
    set
}

/// The long pieces of songs: consecutive passages of `bars` bars from their first group of four bars on.
pub fn pieces_of(songs: &[Sequence], bars: usize) -> PhraseSet {
    let mut set = PhraseSet::named("real");
    songs.iter().for_each(|song| set.add(song, bars, phase(&song.classes())));
    set
}

/// The phrases of `bars` bars in generated sequences. A sequence that is shorter gives none.
pub fn cut_generated(name: &str, sequences: &[Sequence], bars: usize) -> PhraseSet {
    let mut set = PhraseSet::named(name);
    sequences.iter().for_each(|sequence| set.add(sequence, bars, 0));
    set
}

/// The first two bars of each phrase repeated to the phrase's length: the control that any critic must distinguish
/// from real phrases.
pub fn loops(real: &PhraseSet) -> PhraseSet {
    let looped =
        |phrase: &Vec<u16>| phrase.iter().take(TWO_BARS).copied().cycle().take(phrase.len()).collect();
    PhraseSet {
        name: "loop of two bars".to_owned(),
        phrases: real.phrases.iter().map(looped).collect(),
        ..real.clone()
    }
}

/// The first two bars of each phrase and what a model generates after them at `temperature` (0: the most probable
/// class of each step).
pub(crate) fn continued(
    model: &dyn NextStepModel,
    name: &str,
    real: &PhraseSet,
    temperature: f32,
    seed: u64,
) -> PhraseSet {
    let continue_phrase = |(row, phrase): (usize, &Vec<u16>)| {
        let prime = &phrase[..phrase.len().min(TWO_BARS)];
        let rng = CounterRng { seed, take: row as u32 };
        [prime, &generate(model, prime, phrase.len() - prime.len(), temperature, rng)].concat()
    };
    let phrases = real.phrases.par_iter().enumerate().map(continue_phrase).collect();
    PhraseSet { name: name.to_owned(), phrases, ..real.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_of_a_song_begin_at_its_crashes() {
        let mut steps = vec![1; 23 * ONE_BAR];
        for bar in [3, 7, 11] {
            steps[bar * ONE_BAR] = 1 << 9; // the default kit's crash
        }
        let song = Sequence { genre: "rock".to_owned(), song: "a".to_owned(), steps };
        let pieces = pieces_of(std::slice::from_ref(&song), 4);
        assert_eq!((pieces.phrases.len(), pieces.phrases[0].len()), (5, 64));
        assert!(pieces.phrases[..3].iter().all(|piece| piece[0] == 1 << 7));
        let phrases = phrases_of(&[song]);
        assert_eq!((phrases.phrases.len(), phrases.only(&[1]).songs), (2, vec!["a".to_owned()]));
        let mut again = PhraseSet::named("real");
        phrases.sequences().iter().for_each(|sequence| again.add(sequence, 16, 0));
        assert_eq!(again, phrases, "sets in files are measured the same");
    }

    #[test]
    fn a_loop_is_as_long_as_its_phrase() {
        let mut real = PhraseSet::named("real");
        real.phrases.push((0..256).collect());
        real.songs.push("a".to_owned());
        let looped = loops(&real);
        assert_eq!((looped.phrases[0].len(), looped.phrases[0][255], &looped.songs), (256, 31, &real.songs));
    }
}
