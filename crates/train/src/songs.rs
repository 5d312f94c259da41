//! Whole songs for sequence models: read from files and split by song.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use corpus::sequences::{Sequence, read_sequences};
use corpus::split::is_held_out;
use sha2::{Digest, Sha256};

use crate::patterns::is_validation;

/// The songs of a file, and a sentence about the lines that were left out, if any.
///
/// # Errors
///
/// The file can't be read.
pub fn read_songs(path: &Path) -> Result<(Vec<Sequence>, Option<String>)> {
    let read = read_sequences(path)?;
    let warning = |first| format!("{}: {} lines left out, {first}", path.display(), read.rejected.len());
    let warning = read.rejected.first().map(warning);
    Ok((read.sequences, warning))
}

/// The songs of one or more files, as classes of nine pieces.
#[derive(Clone, Debug, Default)]
pub struct Songs {
    /// Training songs.
    pub training: Vec<Vec<u16>>,
    /// Validation songs, which decide when training stops.
    pub validation: Vec<Vec<u16>>,
    /// Held-out songs, which no model is trained on.
    pub held_out: Vec<Vec<u16>>,
    /// sha256 over the contents of the files in their order, in hexadecimal.
    pub sha256: String,
    /// A sentence for each file with lines that were left out.
    pub warnings: Vec<String>,
}

impl Songs {
    /// Reads the files. Bad lines are left out, with a warning.
    ///
    /// # Errors
    ///
    /// No file is named, or one can't be read.
    pub fn read(paths: &[PathBuf]) -> Result<Self> {
        ensure!(!paths.is_empty(), "no file of songs was named; give one with --patterns FILE");
        let mut songs = Self::default();
        let mut hash = Sha256::new();
        for path in paths {
            let (sequences, warning) = read_songs(path)?;
            songs.warnings.extend(warning);
            hash.update(std::fs::read(path).with_context(|| format!("{}: can't read", path.display()))?);
            for sequence in sequences {
                songs.part_of(&sequence.song).push(sequence.classes());
            }
        }
        songs.sha256 = hex::encode(hash.finalize());
        Ok(songs)
    }

    /// Checks that there are training and validation songs.
    ///
    /// # Errors
    ///
    /// One of the two parts is empty.
    pub fn check_enough(&self) -> Result<()> {
        if self.training.is_empty() || self.validation.is_empty() {
            bail!(
                "the files hold too few songs: training and validation are split by song, and one is empty"
            );
        }
        Ok(())
    }

    fn part_of(&mut self, song: &str) -> &mut Vec<Vec<u16>> {
        match (is_held_out(song), is_validation(song)) {
            (true, _) => &mut self.held_out,
            (false, true) => &mut self.validation,
            (false, false) => &mut self.training,
        }
    }
}
