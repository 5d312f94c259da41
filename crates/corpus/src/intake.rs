//! Finds MIDI files: in folders, and in .zip and .tar.gz archives given or found in folders.
//!
//! [`Intake::open`] lists everything once (names, sizes, hashes, the table of the Groove MIDI Dataset);
//! [`Intake::feed`] then returns one document after another in bounded memory: no archive is unpacked to disk
//! or held as a whole, whatever sizes it claims.

mod archives;
mod groove;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

pub use groove::Performance;

use crate::midi::LARGEST_FILE_BYTES;

/// All MIDI files of a run.
#[derive(Debug, Default)]
pub struct Intake {
    /// Folders and archives in the order they were named, archives after the folder that contains them.
    pub collections: Vec<Collection>,
    /// Paths that could not be listed, with the reason.
    pub unlisted: Vec<(String, String)>,
    /// Files that are neither MIDI files nor archives.
    pub other_files: usize,
}

/// One folder or archive.
#[derive(Debug)]
pub struct Collection {
    /// Name of the folder or archive without extension, unique in the run: what song ids begin with.
    pub label: String,
    /// The path as it was named on the command line.
    pub path: PathBuf,
    /// How many MIDI files it holds.
    pub files: usize,
    /// SHA-256 of the archive file in hex; `None` for a folder.
    pub sha256: Option<String>,
    /// The performances of the Groove MIDI Dataset, by path in the collection.
    pub groove: BTreeMap<String, Performance>,
    store: Store,
}

#[derive(Debug)]
enum Store {
    /// Paths below the collection's.
    Folder(Vec<PathBuf>),
    /// Indexes into the archive's directory, by name.
    Zip(Vec<usize>),
    TarGz,
}

/// One MIDI file.
#[derive(Debug)]
pub struct Document {
    /// Index of its collection.
    pub collection: usize,
    /// Path in the collection, with `/`.
    pub path: String,
    /// Its bytes.
    pub content: Content,
}

/// The bytes of a document, or where to get them.
#[derive(Debug)]
pub enum Content {
    /// A file that has not been opened yet.
    File(PathBuf),
    /// Unpacked from an archive.
    Bytes(Vec<u8>),
    /// Why there are no bytes.
    Unreadable(String),
}

/// An input that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// It does not exist, or may not be read.
    #[error("{path}: {reason}; name a folder, a .zip, a .tar.gz or a MIDI file")]
    Missing {
        /// As it was named.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
}

impl Intake {
    /// Lists folders, archives and single MIDI files.
    ///
    /// # Errors
    /// Where a path does not exist. A damaged archive is no error: it is in [`Intake::unlisted`].
    pub fn open(paths: &[PathBuf]) -> Result<Self, IntakeError> {
        let mut intake = Self::default();
        for path in paths {
            let missing = |reason| IntakeError::Missing { path: path.clone(), reason };
            let kind = std::fs::metadata(path).map_err(missing)?;
            if kind.is_dir() {
                intake.add_folder(path);
            } else if is_archive(path) {
                intake.add_archive(path);
            } else {
                intake.add_file(path);
            }
        }
        Ok(intake)
    }

    /// How many MIDI files there are.
    pub fn files(&self) -> usize {
        self.collections.iter().map(|collection| collection.files).sum()
    }

    /// Hands every MIDI file to `each`, always in the same order, until it breaks off. An archive that
    /// turns out to be damaged on the way gives one last unreadable document.
    pub fn feed(&self, each: &mut dyn FnMut(Document) -> ControlFlow<()>) -> ControlFlow<()> {
        for (index, collection) in self.collections.iter().enumerate() {
            match &collection.store {
                Store::Folder(files) => feed_files(index, collection, files, each)?,
                Store::Zip(entries) => archives::feed_zip(index, collection, entries, each)?,
                Store::TarGz => archives::feed_tar_gz(index, collection, each)?,
            }
        }
        ControlFlow::Continue(())
    }

    /// Everything below a folder: its MIDI files as one collection, then each archive as another.
    fn add_folder(&mut self, folder: &Path) {
        let mut collection = empty(label_of(folder), folder.to_owned());
        let mut files = Vec::new();
        let mut archives = Vec::new();
        for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
            let entry = match entry {
                Ok(entry) if entry.file_type().is_dir() => continue,
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(folder).display().to_string();
                    self.unlisted.push((path, error.to_string()));
                    continue;
                }
            };
            let path = entry.path();
            let below = path.strip_prefix(folder).unwrap_or(path);
            if is_midi(path) {
                files.push(below.to_owned());
            } else if is_archive(path) {
                archives.push(path.to_owned());
            } else {
                self.other_files += 1;
                if groove::is_table(&slashed(below)) {
                    match groove::read_table(path) {
                        Ok(table) => collection.groove.extend(table.below(&slashed(below))),
                        Err(reason) => self.unlisted.push((path.display().to_string(), reason)),
                    }
                }
            }
        }
        if !files.is_empty() {
            collection.files = files.len();
            collection.store = Store::Folder(files);
            self.add(collection);
        }
        for archive in archives {
            self.add_archive(&archive);
        }
    }

    /// A single MIDI file, whatever its extension.
    fn add_file(&mut self, path: &Path) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = PathBuf::from(path.file_name().unwrap_or(path.as_os_str()));
        let mut collection = empty(label_of(folder), folder.to_owned());
        collection.files = 1;
        collection.store = Store::Folder(vec![name]);
        self.add(collection);
    }

    fn add_archive(&mut self, path: &Path) {
        let surveyed = if has_extension(path, "zip") {
            archives::survey_zip(path)
        } else {
            archives::survey_tar_gz(path)
        };
        match surveyed {
            Ok((collection, other_files)) => {
                self.other_files += other_files;
                self.add(collection);
            }
            Err(reason) => self.unlisted.push((path.display().to_string(), reason)),
        }
    }

    fn add(&mut self, mut collection: Collection) {
        let wanted = collection.label.clone();
        let taken = |label: &str| self.collections.iter().any(|other| other.label == label);
        let mut number = 2;
        while taken(&collection.label) {
            collection.label = format!("{wanted}-{number}");
            number += 1;
        }
        self.collections.push(collection);
    }
}

impl Collection {
    /// The song id of the MIDI file at `path` in this collection: Groove's own, or label and path.
    pub fn song(&self, path: &str) -> String {
        match self.groove.get(path) {
            Some(performance) => performance.song.clone(),
            // Ids below `groove/` carry a split, so they are kept for the data set itself.
            None if self.label == "groove" => format!("groove-files/{path}"),
            None => format!("{}/{path}", self.label),
        }
    }

    /// The path of a document for people: the collection as it was named, and the path in it.
    pub fn shown(&self, path: &str) -> String {
        self.path.join(path).display().to_string()
    }

    /// Whether this is an archive.
    pub fn is_archive(&self) -> bool {
        !matches!(self.store, Store::Folder(_))
    }
}

fn empty(label: String, path: PathBuf) -> Collection {
    let (groove, store) = (Default::default(), Store::Folder(Vec::new()));
    Collection { label, path, files: 0, sha256: None, groove, store }
}

/// Returns the files by path, unopened.
fn feed_files(
    index: usize,
    collection: &Collection,
    files: &[PathBuf],
    each: &mut dyn FnMut(Document) -> ControlFlow<()>,
) -> ControlFlow<()> {
    for file in files {
        let content = Content::File(collection.path.join(file));
        each(Document { collection: index, path: slashed(file), content })?;
    }
    ControlFlow::Continue(())
}

/// A relative path with `/` on every system.
fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    plain(&parts.join("/"))
}

fn is_archive(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    [".zip", ".tar.gz", ".tgz"].iter().any(|extension| name.ends_with(extension))
}

fn is_midi(path: &Path) -> bool {
    // macOS keeps a second file `._NAME` beside a file, with the same extension.
    let shadow = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("._"));
    !shadow && ["mid", "midi", "kar", "rmi"].iter().any(|extension| has_extension(path, extension))
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// The name of a folder or archive, without an archive's extension.
fn label_of(path: &Path) -> String {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = absolute.file_name().unwrap_or(absolute.as_os_str()).to_string_lossy().into_owned();
    let lower = name.to_ascii_lowercase();
    let extension = [".tar.gz", ".tgz", ".zip"].into_iter().find(|extension| lower.ends_with(extension));
    plain(&name[..name.len() - extension.map_or(0, str::len)])
}

/// A name without control characters, which would break lines or columns.
fn plain(name: &str) -> String {
    name.replace(|letter: char| letter.is_control(), "_")
}

/// Opens a plain file. Anything else is refused unopened: opening a pipe waits for a writer, and a device has
/// no end.
pub(crate) fn open_plain(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(io::Error::other("it is no plain file, so it is not read"))
    }
}

fn too_large(bytes: u64) -> String {
    format!("it has {bytes} bytes; MIDI files above {LARGEST_FILE_BYTES} are not read")
}

#[cfg(test)]
pub(crate) mod tests;
