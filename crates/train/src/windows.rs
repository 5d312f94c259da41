//! Random excerpts of songs: from any step on, or passages of whole bars, each as likely as any other.

use beat::STEPS_PER_BAR;

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
        (song, at.min(last) / STEPS_PER_BAR * STEPS_PER_BAR)
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
        let steps = bars * STEPS_PER_BAR;
        let songs: Vec<Vec<u16>> = songs.into_iter().filter(|song| song.len() >= steps).collect();
        let mut starts = vec![0];
        for song in &songs {
            starts.push(starts[starts.len() - 1] + (song.len() - steps) / STEPS_PER_BAR + 1);
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
        let from = (index - self.starts[song]) * STEPS_PER_BAR;
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
}
