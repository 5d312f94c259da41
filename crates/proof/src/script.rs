//! Where scripts come from: plain words, drawn from a seed or handed in by a property test.
//!
//! A word of 0 always means the plainest choice, and a block without its words is a plain block, so
//! whoever shortens a script or lowers its words makes the story simpler.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Words of one block; any that are missing count as 0.
pub const WORDS: usize = 32;

/// A session before it is told: the words of its head, and of each of its blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// What holds throughout: rate, rounding, the host's way with loops, first settings.
    pub head: Vec<u32>,
    /// One block each.
    pub blocks: Vec<Vec<u32>>,
}

/// The most blocks of a random session.
const LONGEST: u32 = 240;

impl Script {
    /// Session number `session` of the soak with this seed.
    pub fn random(seed: u64, session: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(session);
        let mut words = || (0..WORDS).map(|_| rng.next_u32()).collect::<Vec<u32>>();
        let head = words();
        let count = 1 + head[0] % LONGEST;
        Self { head, blocks: (0..count).map(|_| words()).collect() }
    }
}

/// Reads words one after another.
#[derive(Clone, Debug)]
pub struct WordReader<'a>(&'a [u32]);

impl<'a> WordReader<'a> {
    /// From the first word on.
    pub fn new(words: &'a [u32]) -> Self {
        Self(words)
    }

    /// The next word.
    pub fn word(&mut self) -> u32 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `count`.
    pub fn below(&mut self, count: u32) -> u32 {
        self.word() % count
    }

    /// True once in `count` times, never for a word of 0.
    pub fn once_in(&mut self, count: u32) -> bool {
        self.below(count) == count - 1
    }

    /// One of these, the first for a word of 0.
    pub fn choose<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize]
    }

    /// A fraction in 0..1.
    pub fn fraction(&mut self) -> f64 {
        f64::from(self.word()) / 2f64.powi(32)
    }

    /// A number between `low` and `high`, as likely in each octave.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.fraction())
    }
}
