//! Patterns as the lab sees them: read from files, split by song, turned into rows of numbers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use beat::Kit;
use corpus::rows::{Row, UNKNOWN_GENRE, read_patterns};
use corpus::split::is_held_out;
use sha2::{Digest, Sha256};

use crate::genres::common_name;

/// One in this many of the training songs decides when training stops. It is neither trained on nor
/// measured by `evaluate`, so that the figures of held-out songs stay honest.
const VALIDATION_ONE_IN: u32 = 25;

/// The patterns of one or more files.
#[derive(Clone, Debug)]
pub(crate) struct Patterns {
    /// All rows, in the order of the files.
    pub(crate) rows: Vec<Row>,
    /// The kit that the bits stand for.
    pub(crate) kit: Kit,
    /// sha256 over the contents of the files in their order, in hexadecimal.
    pub(crate) sha256: String,
}

impl Patterns {
    /// Reads the files. Bad lines are counted on standard error and left out.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self> {
        ensure!(!paths.is_empty(), "no file of patterns was named; give one with --patterns FILE");
        let mut hash = Sha256::new();
        let mut all: Option<Self> = None;
        for path in paths {
            let read = read_patterns(path)?;
            hash.update(std::fs::read(path).with_context(|| format!("{}: can't read", path.display()))?);
            if let Some(first) = read.rejected.first() {
                eprintln!("{}: {} lines left out, {first}", path.display(), read.rejected.len());
            }
            let all =
                all.get_or_insert_with(|| Self { rows: Vec::new(), kit: read.kit, sha256: String::new() });
            ensure!(all.kit == read.kit, "{}: has another kit than the files before it", path.display());
            all.rows.extend(read.rows.into_iter().map(|row| {
                let genre = common_name(&row.genre).to_owned();
                Row { genre, ..row }
            }));
        }
        let mut all = all.context("no file of patterns was named")?;
        all.sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(all)
    }

    /// The rows that a model may learn from.
    pub(crate) fn training(&self) -> Vec<&Row> {
        self.rows.iter().filter(|row| !is_held_out(&row.song) && !is_validation(&row.song)).collect()
    }

    /// The rows that decide when training stops.
    pub(crate) fn validation(&self) -> Vec<&Row> {
        self.rows.iter().filter(|row| !is_held_out(&row.song) && is_validation(&row.song)).collect()
    }

    /// The rows that no model may learn anything from.
    pub(crate) fn held_out(&self) -> Vec<&Row> {
        self.rows.iter().filter(|row| is_held_out(&row.song)).collect()
    }
}

/// Whether a song decides when training stops.
pub(crate) fn is_validation(song: &str) -> bool {
    let digest = Sha256::digest(format!("validation {song}").as_bytes());
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]).is_multiple_of(VALIDATION_ONE_IN)
}

/// The file names of paths, for provenance: where a folder lies is nobody's business.
pub(crate) fn file_names(paths: &[PathBuf]) -> Vec<String> {
    let name = |path: &PathBuf| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    paths.iter().map(name).collect()
}

/// The genres of rows by name, with how many rows each has; unknown ones left out.
pub(crate) fn genres<'a>(rows: impl IntoIterator<Item = &'a Row>) -> BTreeMap<String, usize> {
    let mut genres = BTreeMap::new();
    for row in rows {
        if row.genre != UNKNOWN_GENRE {
            *genres.entry(row.genre.clone()).or_default() += 1;
        }
    }
    genres
}

#[cfg(test)]
mod tests {
    use super::*;
    use beat::Pattern;

    #[test]
    fn a_song_is_in_one_part_only() {
        let row = |song: String| Row { pattern: Pattern::EMPTY, genre: "rock".to_owned(), song };
        let rows: Vec<Row> = (0..4000).map(|k| row(format!("song-{k}"))).collect();
        let patterns = Patterns { rows, kit: Kit::DEFAULT, sha256: String::new() };
        let parts = [patterns.training().len(), patterns.validation().len(), patterns.held_out().len()];
        assert_eq!(parts.iter().sum::<usize>(), 4000);
        assert!((300..500).contains(&parts[2]) && (90..200).contains(&parts[1]), "{parts:?}");
    }
}
