//! Passages of a fixed number of bars out of songs: each begins at a bar of its song, any bar.

use beat::STEPS_PER_BAR;

use crate::chance::Dice;

/// The passages of some songs.
pub(super) struct Windows {
    songs: Vec<Vec<u16>>,
    /// Passages before each song that has any, and all of them at the end.
    starts: Vec<usize>,
    steps: usize,
}

impl Windows {
    /// Passages of `bars` bars. Songs that are shorter have none.
    pub(super) fn new(songs: Vec<Vec<u16>>, bars: usize) -> Self {
        let steps = bars * STEPS_PER_BAR;
        let songs: Vec<Vec<u16>> = songs.into_iter().filter(|song| song.len() >= steps).collect();
        let mut starts = vec![0];
        for song in &songs {
            starts.push(starts[starts.len() - 1] + (song.len() - steps) / STEPS_PER_BAR + 1);
        }
        Self { songs, starts, steps }
    }

    /// The songs that are long enough.
    pub(super) fn songs(&self) -> &[Vec<u16>] {
        &self.songs
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// Passage `index`, below [`Self::count`].
    pub(super) fn passage(&self, index: usize) -> &[u16] {
        let song = self.starts.partition_point(|start| *start <= index) - 1;
        let from = (index - self.starts[song]) * STEPS_PER_BAR;
        &self.songs[song][from..from + self.steps]
    }

    /// Any of them, each as likely as any other.
    pub(super) fn anywhere(&self, dice: &mut Dice) -> &[u16] {
        self.passage(dice.below(self.count()))
    }

    /// At most `most` of them, evenly spread over all songs: always the same.
    pub(super) fn spread(&self, most: usize) -> Vec<&[u16]> {
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
        let windows = Windows::new(vec![song(3, 0), song(1, 100), song(2, 200)], 2);
        assert_eq!(windows.count(), 3);
        let bars = |passage: &[u16]| [passage[0], passage[31]];
        assert_eq!([0, 1, 2].map(|index| bars(windows.passage(index))), [[0, 1], [1, 2], [200, 201]]);
        assert_eq!(windows.spread(10).len(), 3);
        assert_eq!(windows.spread(1), [windows.passage(0)]);
        assert_eq!(Windows::new(vec![song(1, 0)], 2).count(), 0);
    }
}
