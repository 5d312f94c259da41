//! Models of time: songs as they are read and split, how each model is trained, and its figures.

mod anywhere;
mod copying;
mod figures;
mod foreteller;
mod measure;
mod phrase_training;
mod phrases;
mod players;
mod recurrent_training;
mod sample;
mod step_training;
mod train;
mod vae;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use corpus::sequences::read_sequences;
use corpus::split::is_held_out;
use sha2::{Digest, Sha256};

use crate::patterns::is_validation;

pub(crate) use figures::evaluate;
pub(crate) use measure::{Asked, Asking, Paque, foretells_steps, kind_name, plays_phrases, text};
pub(crate) use players::Player;
pub(crate) use sample::{Request, sample};
pub(crate) use train::{train_drums_rnn, train_lstm, train_phrase, train_step};
pub(crate) use vae::train_vae;

/// The songs of one or more files, as classes of nine pieces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Songs {
    /// Songs to learn from.
    pub(crate) training: Vec<Vec<u16>>,
    /// Songs that decide when training stops.
    pub(crate) validation: Vec<Vec<u16>>,
    /// Songs that no model may learn anything from.
    pub(crate) held_out: Vec<Vec<u16>>,
    /// sha256 over the contents of the files in their order, in hexadecimal.
    pub(crate) sha256: String,
}

impl Songs {
    /// Reads the files. Bad lines are counted on standard error and left out.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self> {
        ensure!(!paths.is_empty(), "no file of songs was named; give one with --patterns FILE");
        let mut songs = Self::default();
        let mut hash = Sha256::new();
        for path in paths {
            let read = read_sequences(path)?;
            hash.update(std::fs::read(path).with_context(|| format!("{}: can't read", path.display()))?);
            if let Some(first) = read.rejected.first() {
                eprintln!("{}: {} lines left out, {first}", path.display(), read.rejected.len());
            }
            for sequence in read.sequences {
                songs.part_of(&sequence.song).push(sequence.classes());
            }
        }
        songs.sha256 = hex::encode(hash.finalize());
        Ok(songs)
    }

    fn part_of(&mut self, song: &str) -> &mut Vec<Vec<u16>> {
        match (is_held_out(song), is_validation(song)) {
            (true, _) => &mut self.held_out,
            (false, true) => &mut self.validation,
            (false, false) => &mut self.training,
        }
    }
}
