//! MIDI files in .zip archives and in .tar.gz archives, which can only be read from front to back.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use tar::EntryType;
use zip::ZipArchive;

use super::{
    Collection, Content, Document, LARGEST_FILE_BYTES, Store, groove, is_midi, label_of, open_plain, plain,
    too_large,
};

/// A tar archive that unpacks to more bytes is read no further: some small ones never end.
const MOST_UNPACKED_BYTES: u64 = 64 << 30;
/// The longest name or extended header of a tar entry.
const LONGEST_NAME_BYTES: u64 = 1 << 16;

type Zip = ZipArchive<BufReader<File>>;

/// Lists a .zip archive: a collection, and how many of its files are no MIDI files.
pub(super) fn survey_zip(path: &Path) -> Result<(Collection, usize), String> {
    let mut archive = open_zip(path)?;
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
    let sha256 = sha256_of_file(path).map_err(|error| error.to_string())?;
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
pub(super) fn feed_zip(
    index: usize,
    collection: &Collection,
    entries: &[usize],
    each: &mut dyn FnMut(Document) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut archive = match open_zip(&collection.path) {
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
                content_of(&mut entry, claimed)
            }
            Err(error) => Content::Unreadable(format!("it can't be unpacked: {error}")),
        };
        each(Document { collection: index, path, content })?;
    }
    ControlFlow::Continue(())
}

fn open_zip(path: &Path) -> Result<Zip, String> {
    let file = open_plain(path).map_err(|error| error.to_string())?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| format!("it is no readable zip archive: {error}"))
}

fn name_of(archive: &Zip, index: usize) -> String {
    match archive.name_for_index(index) {
        Some(Ok(name)) => plain(&name.replace('\\', "/")),
        _ => format!("entry {index}"),
    }
}

/// Lists a .tar.gz archive in a first pass: a collection, and how many of its files are no MIDI files.
pub(super) fn survey_tar_gz(path: &Path) -> Result<(Collection, usize), String> {
    let mut files = 0;
    let mut other_files = 0;
    let mut performances = BTreeMap::new();
    let mut bad_table = None;
    let whole = visit_tar_gz(path, &mut |name, entry| {
        if is_midi(Path::new(name)) {
            files += 1;
            return ControlFlow::Continue(());
        }
        other_files += 1;
        if groove::is_table(name) {
            match groove::table_of(entry) {
                Ok(table) => performances.extend(table.below(name)),
                Err(reason) => bad_table = Some(format!("{name}: {reason}")),
            }
        }
        ControlFlow::Continue(())
    });
    match (whole, bad_table) {
        (_, Some(reason)) => return Err(reason),
        // With a damaged end the front is usable; the second pass finds the damage again and reports it.
        (Err(reason), None) if files == 0 => return Err(reason),
        _ => {}
    }
    let collection = Collection {
        label: label_of(path),
        path: path.to_owned(),
        files,
        sha256: Some(sha256_of_file(path).map_err(|error| error.to_string())?),
        groove: performances,
        store: Store::TarGz,
    };
    Ok((collection, other_files))
}

/// Unpacks one file after another, each in memory.
pub(super) fn feed_tar_gz(
    index: usize,
    collection: &Collection,
    each: &mut dyn FnMut(Document) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut flow = ControlFlow::Continue(());
    let whole = visit_tar_gz(&collection.path, &mut |name, entry| {
        if is_midi(Path::new(name)) {
            let claimed = entry.size();
            let content = content_of(entry, claimed);
            flow = each(Document { collection: index, path: name.to_owned(), content });
        }
        flow
    });
    if let (Err(reason), ControlFlow::Continue(())) = (whole, flow) {
        let content = Content::Unreadable(reason);
        flow = each(Document { collection: index, path: String::new(), content });
    }
    flow
}

type TarEntry<'a> = tar::Entry<'a, io::Take<MultiGzDecoder<BufReader<File>>>>;

/// Visits every ordinary file with its name.
///
/// Long names are resolved here: the tar reader would take as much memory for one as the archive says.
fn visit_tar_gz(
    path: &Path,
    visit: &mut dyn FnMut(&str, &mut TarEntry<'_>) -> ControlFlow<()>,
) -> Result<(), String> {
    let damaged = |error: io::Error| format!("it is no whole tar.gz archive: {error}");
    let file = open_plain(path).map_err(|error| error.to_string())?;
    let unpacked = MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file)).take(MOST_UNPACKED_BYTES);
    let mut archive = tar::Archive::new(unpacked);
    let mut long_name = None;
    for entry in archive.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        match entry.header().entry_type() {
            EntryType::GNULongName => {
                let name = short_text(&mut entry).map_err(damaged)?;
                long_name = Some(name.split(|&byte| byte == 0).next().unwrap_or_default().to_vec());
            }
            EntryType::XHeader => {
                let header = short_text(&mut entry).map_err(damaged)?;
                let path = |record: tar::PaxExtension<'_>| {
                    (record.key_bytes() == b"path").then(|| record.value_bytes().to_vec())
                };
                long_name = tar::PaxExtensions::new(&header).flatten().find_map(path).or(long_name);
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
                let name = plain(String::from_utf8_lossy(&name).trim_start_matches("./"));
                if visit(&name, &mut entry).is_break() {
                    return Ok(());
                }
            }
            EntryType::XGlobalHeader | EntryType::GNULongLink => {}
            _ => long_name = None,
        }
    }
    Ok(())
}

fn short_text(entry: &mut TarEntry<'_>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    entry.take(LONGEST_NAME_BYTES).read_to_end(&mut text)?;
    Ok(text)
}

/// SHA-256 of a file in hex.
fn sha256_of_file(path: &Path) -> io::Result<String> {
    let mut file = open_plain(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => hash.update(&piece[..read]),
        }
    }
}

/// The content of an archive's entry, which claims to have `claimed` bytes and is not trusted.
fn content_of(entry: &mut dyn Read, claimed: u64) -> Content {
    if claimed > LARGEST_FILE_BYTES {
        return Content::Unreadable(too_large(claimed));
    }
    let mut bytes = Vec::with_capacity(claimed.min(1 << 16) as usize);
    match entry.take(LARGEST_FILE_BYTES + 1).read_to_end(&mut bytes) {
        Ok(read) if read as u64 > LARGEST_FILE_BYTES => Content::Unreadable(too_large(read as u64)),
        Ok(_) => Content::Bytes(bytes),
        Err(error) => Content::Unreadable(format!("it can't be unpacked: {error}")),
    }
}
