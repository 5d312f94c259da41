//! The genre of a song: from the user's table, from that of the Groove MIDI Dataset, or from the folder's
//! name.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::intake::Collection;
use crate::rows::UNKNOWN_GENRE;

/// Genres by path, as the user wrote them.
#[derive(Clone, Debug, Default)]
pub struct GenreTable(HashMap<String, String>);

/// Why a table of genres can't be used.
#[derive(Debug, thiserror::Error)]
pub enum GenresError {
    /// The file can't be read.
    #[error("{path}: can't be read: {reason}")]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
    /// A line lacks a column.
    #[error("{path}: line {line} is not `path TAB genre` or `path,genre`")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
}

impl GenreTable {
    /// Reads a table with one `path TAB genre` or `path,genre` a line. A path is that of a MIDI file or
    /// of a folder: in its collection, or with the collection's name in front.
    ///
    /// # Errors
    /// The file can't be read, or a line lacks a column.
    pub fn read(path: &Path) -> Result<Self, GenresError> {
        let text = std::fs::read_to_string(path)
            .map_err(|reason| GenresError::File { path: path.to_owned(), reason })?;
        let mut genres = HashMap::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let columns = line.split_once('\t').or_else(|| line.rsplit_once(','));
            match columns.map(|(file, genre)| (key(file), clean(genre))) {
                Some((file, genre)) if !file.is_empty() && genre != UNKNOWN_GENRE => {
                    genres.insert(file, genre);
                }
                _ => return Err(GenresError::Line { path: path.to_owned(), line: index + 1 }),
            }
        }
        Ok(Self(genres))
    }

    /// The genre of the file at `path` in the collection.
    pub fn genre(&self, collection: &Collection, path: &str) -> String {
        self.listed(&format!("{}/{path}", collection.label))
            .or_else(|| self.listed(path))
            .map(str::to_owned)
            .or_else(|| collection.groove.get(path).map(|performance| clean(&performance.genre)))
            .unwrap_or_else(|| clean(folder_of(path).unwrap_or(&collection.label)))
    }

    /// The genre listed for a path or for the nearest folder around it.
    fn listed(&self, path: &str) -> Option<&str> {
        let mut path = path;
        loop {
            if let Some(genre) = self.0.get(path) {
                return Some(genre);
            }
            path = path.rsplit_once('/')?.0;
        }
    }
}

fn folder_of(path: &str) -> Option<&str> {
    let (folders, _) = path.rsplit_once('/')?;
    folders.rsplit('/').next()
}

fn key(path: &str) -> String {
    let path = path.trim().replace('\\', "/");
    path.trim_start_matches("./").trim_end_matches('/').to_owned()
}

/// A genre as it stands in a row: lower case, one line, never empty.
fn clean(genre: &str) -> String {
    let genre = genre.replace(|letter: char| letter.is_control(), " ").trim().to_lowercase();
    if genre.is_empty() { UNKNOWN_GENRE.to_owned() } else { genre }
}
