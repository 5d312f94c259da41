//! Writing pattern rows whole or not at all.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::Row;

/// Why rows were not written. Nothing has changed on the disk then.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file or its folder can't be written.
    #[error("{path}: can't be written: {reason}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
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
    check_columns(path, rows)?;
    write_atomically(path, |file| write_lines(file, rows))
}

/// Writes rows as [`write_patterns`] does, anywhere; `path` is what errors call it.
///
/// # Errors
/// As [`write_patterns`].
pub fn write_patterns_to(path: &Path, target: &mut dyn Write, rows: &[Row]) -> Result<(), WriteError> {
    check_columns(path, rows)?;
    write_lines(target, rows).map_err(|reason| WriteError::File { path: path.to_owned(), reason })
}

fn check_columns(path: &Path, rows: &[Row]) -> Result<(), WriteError> {
    let breaks = |text: &str| text.contains(['\t', '\n', '\r']);
    if let Some(row) = rows.iter().find(|r| breaks(&r.genre) || breaks(&r.song) || r.song.is_empty()) {
        let (genre, song) = (row.genre.clone(), row.song.clone());
        return Err(WriteError::Column { path: path.to_owned(), genre, song });
    }
    Ok(())
}

fn write_lines(target: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
    for row in rows {
        let steps = row.pattern.steps();
        write!(target, "{}", steps[0])?;
        steps[1..].iter().try_for_each(|step| write!(target, ",{step}"))?;
        writeln!(target, "\t{}\t{}", row.genre, row.song)?;
    }
    Ok(())
}

/// Writes a file whole: into a temporary file beside it, which takes its name when all is written.
/// Missing folders are made.
///
/// # Errors
/// Where the file or its folder can't be written; what was at `path` before is untouched then.
pub fn write_atomically(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    replace(path, content).map_err(|reason| WriteError::File { path: path.to_owned(), reason })
}

fn replace(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    let mut temporary = tempfile::Builder::new();
    temporary.prefix(".beatfield-").suffix(".part");
    let mut file = BufWriter::new(readable_by_all(&mut temporary).tempfile_in(folder)?);
    content(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Temporary files are private by default; what we write is an ordinary file, minus the user's umask.
fn readable_by_all<'a, 'b>(builder: &'a mut tempfile::Builder<'b, 'b>) -> &'a mut tempfile::Builder<'b, 'b> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder
}
