//! Writing rows: as patterns (code, genre, song) or as grooves.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use score::{FileError, write_atomically};

use super::grooves::{Groove, write_groove, write_list};
use super::{Layout, Row};
use crate::grid::SongGrid;

/// Why rows were not written. The old file is unchanged then.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file or its folder can't be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A layout that can't say the grid.
    #[error("{path}: not written, for the columns {columns} can't say that a pattern is on the grid {grid}")]
    Grid {
        /// Which file.
        path: PathBuf,
        /// The columns of the layout.
        columns: &'static str,
        /// The grid.
        grid: SongGrid,
    },
    /// A genre or song id would break the columns.
    #[error(
        "{path}: not written, for genre {genre:?} or song {song:?} has a TAB or line break, or no song id"
    )]
    Column {
        /// Which file.
        path: PathBuf,
        /// The genre of the row.
        genre: String,
        /// The song id of the row.
        song: String,
    },
}

/// Writes rows as `code TAB genre TAB song`, without header, in the order given, atomically.
///
/// # Errors
/// Where the file can't be written, or a genre or song id holds a TAB or a line break.
pub fn write_patterns(path: &Path, rows: &[Row]) -> Result<(), WriteError> {
    check_columns(path, rows.iter().map(|row| (&*row.genre, &*row.song)))?;
    Ok(write_atomically(path, |file| write_lines(file, rows))?)
}

/// Writes rows as [`write_patterns`] does, anywhere; `path` is what errors call it.
///
/// # Errors
/// As [`write_patterns`].
pub fn write_patterns_to(path: &Path, target: &mut dyn Write, rows: &[Row]) -> Result<(), WriteError> {
    check_columns(path, rows.iter().map(|row| (&*row.genre, &*row.song)))?;
    Ok(write_lines(target, rows).map_err(|source| FileError::new(path, source))?)
}

/// Writes grooves in the layout of grooves or of patterns, without header, in the order given, atomically, packed
/// where the file's name ends in `.gz`.
///
/// # Errors
/// Where the file can't be written, a genre or song id holds a TAB or a line break, or the layout can't say the
/// grid.
pub fn write_grooves(path: &Path, grooves: &[Groove], layout: Layout) -> Result<(), WriteError> {
    check_grooves(path, grooves, layout)?;
    Ok(write_packed(path, |file| write_groove_lines(file, grooves, layout))?)
}

/// Writes grooves as [`write_grooves`] does, anywhere and unpacked; `path` is what errors call it.
///
/// # Errors
/// As [`write_grooves`].
pub fn write_grooves_to(
    path: &Path,
    target: &mut dyn Write,
    grooves: &[Groove],
    layout: Layout,
) -> Result<(), WriteError> {
    check_grooves(path, grooves, layout)?;
    Ok(write_groove_lines(target, grooves, layout).map_err(|source| FileError::new(path, source))?)
}

fn check_grooves(path: &Path, grooves: &[Groove], layout: Layout) -> Result<(), WriteError> {
    check_columns(path, grooves.iter().map(|groove| (&*groove.genre, &*groove.song)))?;
    let unsayable = |groove: &&Groove| layout != Layout::Grooves && groove.grid != SongGrid::FOUR_FOUR;
    match grooves.iter().find(unsayable) {
        None => Ok(()),
        Some(other) => {
            let (columns, grid) = (layout.columns(), other.grid);
            Err(WriteError::Grid { path: path.to_owned(), columns, grid })
        }
    }
}

fn write_groove_lines(target: &mut dyn Write, grooves: &[Groove], layout: Layout) -> io::Result<()> {
    grooves.iter().try_for_each(|groove| match layout {
        Layout::Grooves => write_groove(target, groove),
        _ => write_line(target, &groove.steps, &groove.genre, &groove.song),
    })
}

/// Writes a file of lines atomically, packed where its name ends in `.gz`.
pub(crate) fn write_packed(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    write_atomically(path, |file| {
        if path.extension().is_some_and(|extension| extension == "gz") {
            let mut packed = GzEncoder::new(file, Compression::default());
            write(&mut packed)?;
            packed.finish().map(drop)
        } else {
            write(file)
        }
    })
}

/// Whether genres and song ids can stand in columns; `path` is what the error calls the file.
pub(crate) fn check_columns<'a>(
    path: &Path,
    mut columns: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<(), WriteError> {
    let breaks = |text: &str| text.contains(['\t', '\n', '\r']);
    match columns.find(|(genre, song)| breaks(genre) || breaks(song) || song.is_empty()) {
        None => Ok(()),
        Some((genre, song)) => {
            Err(WriteError::Column { path: path.to_owned(), genre: genre.to_owned(), song: song.to_owned() })
        }
    }
}

fn write_lines(target: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
    rows.iter().try_for_each(|row| write_line(target, row.pattern.steps(), &row.genre, &row.song))
}

fn write_line(target: &mut dyn Write, steps: &[u16], genre: &str, song: &str) -> io::Result<()> {
    write_list(target, steps)?;
    writeln!(target, "\t{genre}\t{song}")
}
