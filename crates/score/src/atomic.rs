//! Atomic writing: a file is complete or as it was before.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

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

/// Writes `bytes` to a new file at `path`; returns whether it did, which it does not where something is there
/// already. Of several that write at once one does.
///
/// # Errors
/// The folder or the file cannot be written.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<bool, FileError> {
    let complete =
        complete(path, |file| file.write_all(bytes)).map_err(|reason| FileError::new(path, reason))?;
    match complete.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(refused) => Err(FileError::new(path, refused.error)),
    }
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
    let replaced = complete(path, content).and_then(|file| Ok(file.persist(path).map(drop)?));
    replaced.map_err(|reason| FileError::new(path, reason))
}

/// The temporary file beside `path`, complete and on the disk.
fn complete(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<NamedTempFile> {
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
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_that_write_a_new_file_at_once_one_does_and_its_file_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("beat.mid");
        let written: Vec<u8> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..8)
                .map(|writer: u8| (writer, &path))
                .map(|(writer, path)| scope.spawn(move || (writer, write_new(path, &[writer; 10_000]))))
                .collect();
            let ended = writers.into_iter().map(|writer| writer.join().expect("no panic"));
            ended.filter(|(_, wrote)| *wrote.as_ref().expect("no error")).map(|(writer, _)| writer).collect()
        });
        assert_eq!(written.len(), 1);
        assert_eq!(std::fs::read(&path).expect("it is there"), [written[0]; 10_000]);
        let left = std::fs::read_dir(folder.path()).expect("the folder").count();
        assert_eq!(left, 1, "no temporary file is left");
    }

    /// Windows has a limit of 260 characters for paths that are not treated with care.
    #[test]
    fn a_path_may_be_long_and_in_any_language() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut path = folder.path().to_owned();
        for part in ["Schläge aus Österreich", "ドラムのビート", "ритмы"].iter().cycle().take(12)
        {
            path.push(format!("{part} - {}", "x".repeat(24)));
        }
        let path = path.join("b\u{e9}at \u{1f941}.mid");
        assert!(path.as_os_str().len() > 400);
        write_whole(&path, b"beat").expect("it can be written");
        assert!(!write_new(&path, b"other").expect("no error"), "it is there already");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"beat");
    }
}
