//! MIDI files in folders.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{Collection, Content, Document, Intake, Store, groove, is_archive, is_midi, label_of, plain};

impl Intake {
    /// All that lies below a folder: its MIDI files as one collection, then each archive as another.
    pub(super) fn add_folder(&mut self, folder: &Path) {
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

    /// A single MIDI file; what has another extension is read as one too, since somebody named it.
    pub(super) fn add_file(&mut self, path: &Path) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = PathBuf::from(path.file_name().unwrap_or(path.as_os_str()));
        let mut collection = empty(label_of(folder), folder.to_owned());
        collection.files = 1;
        collection.store = Store::Folder(vec![name]);
        self.add(collection);
    }
}

fn empty(label: String, path: PathBuf) -> Collection {
    let (groove, store) = (Default::default(), Store::Folder(Vec::new()));
    Collection { label, path, files: 0, sha256: None, groove, store }
}

/// Hands over the files by path; whoever reads them opens them.
pub(super) fn feed(
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

/// A relative path with `/`, whatever the system writes.
fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    plain(&parts.join("/"))
}
