//! Songs to learn from, with every step as likely to be drawn as any other.

use crate::chance::Dice;

/// Some songs, as classes.
pub(crate) struct Anywhere {
    songs: Vec<Vec<u16>>,
    /// Steps before each song, and all of them.
    starts: Vec<usize>,
}

impl Anywhere {
    /// In these songs.
    pub(crate) fn new(songs: Vec<Vec<u16>>) -> Self {
        let mut starts = vec![0];
        for song in &songs {
            starts.push(starts[starts.len() - 1] + song.len());
        }
        Self { songs, starts }
    }

    /// A song and a step in it.
    pub(crate) fn step(&self, dice: &mut Dice) -> (&[u16], usize) {
        let steps = self.starts[self.starts.len() - 1];
        let at = dice.below(steps);
        let song = self.starts.partition_point(|start| *start <= at) - 1;
        (&self.songs[song], at - self.starts[song])
    }

    /// A song and the first step of one of its bars, with `steps` steps from there on unless the song is
    /// shorter than that: then it is its first bar.
    pub(crate) fn bars(&self, steps: usize, dice: &mut Dice) -> (&[u16], usize) {
        let (song, at) = self.step(dice);
        let last = song.len().saturating_sub(steps);
        (song, at.min(last) / beat::STEPS_PER_BAR * beat::STEPS_PER_BAR)
    }
}
