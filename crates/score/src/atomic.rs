//! Atomic writing: a file is complete or as it was before.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The file could not be written; what was at its path before is untouched.
#[derive(Debug, thiserror::Error)]
#[error("{path} could not be written: {reason}")]
pub struct FileError {
    path: PathBuf,
    /// Part of the sentence, and so no source: a chain of errors would say it twice.
    reason: io::Error,
}

impl FileError {
    /// The error of writing to `path`.
    pub fn new(path: &Path, reason: io::Error) -> Self {
        Self { path: path.to_owned(), reason }
    }
}

/// Writes `bytes` to `path` as [`write_atomically`] does.
///
/// # Errors
/// The folder or the file cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_atomically(path, |file| file.write_all(bytes))
}

/// Writes a temporary file beside `path` and renames it when it is complete and on the disk. Makes the
/// folder if it is missing.
///
/// # Errors
/// The folder or the file cannot be written, or `content` failed.
pub fn write_atomically(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    replace(path, content).map_err(|reason| FileError::new(path, reason))
}

fn replace(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        // An ordinary file's rights, minus the umask; a temporary file would be its owner's alone.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = BufWriter::new(builder.prefix(".beatfield-").suffix(".part").tempfile_in(folder)?);
    content(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
