//! MIDI files in .zip archives.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::Path;

use zip::ZipArchive;

use super::{Collection, Content, Document, Store, archive, groove, is_midi, label_of, open_plain, plain};

type Archive = ZipArchive<BufReader<File>>;

/// The archive's directory: a collection, and how many of its files are no MIDI files.
pub(super) fn survey(path: &Path) -> Result<(Collection, usize), String> {
    let mut archive = open(path)?;
    let mut midi = BTreeMap::new();
    let mut tables = Vec::new();
    let mut other_files = 0;
    for index in 0..archive.len() {
        let name = name_of(&archive, index);
        if is_midi(Path::new(&name)) {
            midi.insert((name, index), ());
        } else if !name.ends_with('/') {
            other_files += 1;
            if groove::is_table(&name) {
                tables.push((name, index));
            }
        }
    }
    let mut performances = BTreeMap::new();
    for (name, index) in tables {
        let mut entry = archive.by_index(index).map_err(|error| format!("{name}: {error}"))?;
        performances
            .extend(groove::table_of(&mut entry).map_err(|why| format!("{name}: {why}"))?.below(&name));
    }
    let entries: Vec<usize> = midi.into_keys().map(|(_, index)| index).collect();
    let sha256 = archive::sha256_of_file(path).map_err(|error| error.to_string())?;
    let collection = Collection {
        label: label_of(path),
        path: path.to_owned(),
        files: entries.len(),
        sha256: Some(sha256),
        groove: performances,
        store: Store::Zip(entries),
    };
    Ok((collection, other_files))
}

/// Unpacks one entry after another, each in memory.
pub(super) fn feed(
    index: usize,
    collection: &Collection,
    entries: &[usize],
    each: &mut dyn FnMut(Document) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut archive = match open(&collection.path) {
        Ok(archive) => archive,
        Err(reason) => {
            let content = Content::Unreadable(reason);
            return each(Document { collection: index, path: String::new(), content });
        }
    };
    for &entry in entries {
        let path = name_of(&archive, entry);
        let content = match archive.by_index(entry) {
            Ok(mut entry) => {
                let claimed = entry.size();
                archive::content_of(&mut entry, claimed)
            }
            Err(error) => Content::Unreadable(format!("it can't be unpacked: {error}")),
        };
        each(Document { collection: index, path, content })?;
    }
    ControlFlow::Continue(())
}

fn open(path: &Path) -> Result<Archive, String> {
    let file = open_plain(path).map_err(|error| error.to_string())?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| format!("it is no readable zip archive: {error}"))
}

fn name_of(archive: &Archive, index: usize) -> String {
    match archive.name_for_index(index) {
        Some(Ok(name)) => plain(&name.replace('\\', "/")),
        _ => format!("entry {index}"),
    }
}
