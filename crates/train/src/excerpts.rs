//! Excerpts of songs: from a random step on, passages of whole bars, and phrases of sixteen bars that begin with a
//! group of four.

use nets::ONE_BAR;
use nets::{PHRASE_BARS, PHRASE_STEPS, theme};

use crate::rng::TrainingRng;

/// Songs of which every step is drawn with the same probability.
pub(crate) struct RandomSteps {
    songs: Vec<Vec<u16>>,
    /// Number of steps before each song, and last that of all songs.
    starts: Vec<usize>,
}

impl RandomSteps {
    pub(crate) fn new(songs: Vec<Vec<u16>>) -> Self {
        let mut starts = vec![0];
        for song in &songs {
            starts.push(starts[starts.len() - 1] + song.len());
        }
        Self { songs, starts }
    }

    /// A song and the index of a step in it.
    pub(crate) fn step(&self, rng: &mut TrainingRng) -> (&[u16], usize) {
        let steps = self.starts[self.starts.len() - 1];
        let at = rng.below(steps);
        let song = self.starts.partition_point(|start| *start <= at) - 1;
        (&self.songs[song], at - self.starts[song])
    }

    /// A song and the index of the first step of one of its bars, at least `steps` steps before its end; of a
    /// shorter song the first bar.
    pub(crate) fn bar(&self, steps: usize, rng: &mut TrainingRng) -> (&[u16], usize) {
        let (song, at) = self.step(rng);
        let last = song.len().saturating_sub(steps);
        (song, at.min(last) / ONE_BAR * ONE_BAR)
    }
}

/// The passages of a fixed number of bars in some songs; each begins at a bar.
pub(crate) struct Passages {
    songs: Vec<Vec<u16>>,
    /// Number of passages before each song, and last that of all songs.
    starts: Vec<usize>,
    steps: usize,
}

impl Passages {
    /// Passages of `bars` bars. Shorter songs have none.
    pub(crate) fn new(songs: Vec<Vec<u16>>, bars: usize) -> Self {
        let steps = bars * ONE_BAR;
        let songs: Vec<Vec<u16>> = songs.into_iter().filter(|song| song.len() >= steps).collect();
        let mut starts = vec![0];
        for song in &songs {
            starts.push(starts[starts.len() - 1] + (song.len() - steps) / ONE_BAR + 1);
        }
        Self { songs, starts, steps }
    }

    /// The songs that are long enough.
    pub(crate) fn songs(&self) -> &[Vec<u16>] {
        &self.songs
    }

    /// The number of passages.
    pub(crate) fn count(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// Passage `index`, below [`Self::count`].
    pub(crate) fn passage(&self, index: usize) -> &[u16] {
        let song = self.starts.partition_point(|start| *start <= index) - 1;
        let from = (index - self.starts[song]) * ONE_BAR;
        &self.songs[song][from..from + self.steps]
    }

    /// A random passage, each as likely as any other.
    pub(crate) fn random(&self, rng: &mut TrainingRng) -> &[u16] {
        self.passage(rng.below(self.count()))
    }

    /// At most `most` passages, evenly spread over all songs: always the same.
    pub(crate) fn spread(&self, most: usize) -> Vec<&[u16]> {
        let count = self.count().min(most);
        (0..count).map(|number| self.passage(number * self.count() / count)).collect()
    }
}

/// The class bit of the crash.
const CRASH: u16 = 1 << 7;
/// Bars of a group; phrases begin with one.
const GROUP: usize = 4;
/// Sixteen bars with more silent ones than this are no phrase but the end of a song, or a rest.
const MOST_SILENT: usize = 4;
/// A theme with fewer hits than this is no beat.
const LEAST_HITS: u32 = 4;

/// The bar 0..4 at which the four-bar groups of a song begin: the one with most crashes on one, since
/// that is where drummers put them; the first of several.
pub(crate) fn phase(song: &[u16]) -> usize {
    let mut crashes = [0; GROUP];
    for (bar, step) in song.iter().step_by(ONE_BAR).enumerate() {
        crashes[bar % GROUP] += usize::from(step & CRASH != 0);
    }
    (0..GROUP).rev().max_by_key(|bar| crashes[*bar]).unwrap_or(0)
}

/// The phrases of a song, one at each of its four-bar groups, as the steps at which they begin.
pub(crate) fn phrase_starts(song: &[u16]) -> impl Iterator<Item = usize> {
    let groups = (phase(song) * ONE_BAR..song.len()).step_by(GROUP * ONE_BAR);
    groups.filter(|start| phrase_at(song, *start).is_some_and(|phrase| is_phrase(phrase)))
}

/// The sixteen bars from step `start` on, if the song has them.
pub(crate) fn phrase_at(song: &[u16], start: usize) -> Option<&[u16; PHRASE_STEPS]> {
    song.get(start..)?.first_chunk()
}

/// Whether sixteen bars or more play enough to be a phrase.
fn is_phrase(steps: &[u16]) -> bool {
    let Some(phrase) = steps.first_chunk::<PHRASE_STEPS>() else { return false };
    let (bars, _) = steps.as_chunks::<ONE_BAR>();
    let silent = bars.iter().filter(|bar| bar.iter().all(|step| *step == 0)).count();
    let hits: u32 = theme(phrase).iter().map(|step| step.count_ones()).sum();
    silent * PHRASE_BARS <= MOST_SILENT * bars.len() && hits >= LEAST_HITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_begins_a_passage_that_stays_within_its_song() {
        let song = |bars: u16, from: u16| (0..bars * 16).map(|step| from + step / 16).collect::<Vec<u16>>();
        let passages = Passages::new(vec![song(3, 0), song(1, 100), song(2, 200)], 2);
        assert_eq!(passages.count(), 3);
        let bars = |passage: &[u16]| [passage[0], passage[31]];
        assert_eq!([0, 1, 2].map(|index| bars(passages.passage(index))), [[0, 1], [1, 2], [200, 201]]);
        assert_eq!(passages.spread(10).len(), 3);
        assert_eq!(passages.spread(1), [passages.passage(0)]);
        assert_eq!(Passages::new(vec![song(1, 0)], 2).count(), 0);
    }

    #[test]
    fn phrases_begin_at_crashes() {
        let mut song = vec![1; 40 * ONE_BAR];
        for bar in [2, 6, 14] {
            song[bar * ONE_BAR] |= CRASH;
        }
        assert_eq!(phase(&song), 2);
        let starts: Vec<_> = phrase_starts(&song).map(|start| start / ONE_BAR).collect();
        assert_eq!(starts, [2, 6, 10, 14, 18, 22]);
    }

    #[test]
    fn sixteen_bars_with_a_long_rest_are_no_phrase() {
        let mut song = vec![1; 16 * ONE_BAR];
        assert_eq!(phrase_starts(&song).count(), 1);
        song[8 * ONE_BAR..13 * ONE_BAR].fill(0);
        assert_eq!(phrase_starts(&song).count(), 0);
        assert_eq!((phase(&[]), phrase_starts(&[]).count()), (0, 0));
    }
}
