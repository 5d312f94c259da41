//! MIDI files in .tar.gz archives, which can only be read from front to back.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tar::EntryType;

use super::{Collection, Content, Document, Store, archive, groove, is_midi, label_of, open_plain, plain};

/// An archive that unpacks to more bytes is read no further: some small ones never end.
const MOST_UNPACKED_BYTES: u64 = 64 << 30;
/// A name or extended header that is longer belongs to nobody.
const LONGEST_NAME_BYTES: u64 = 1 << 16;

/// A first pass over the archive: a collection, and how many of its files are no MIDI files.
pub(super) fn survey(path: &Path) -> Result<(Collection, usize), String> {
    let mut files = 0;
    let mut other_files = 0;
    let mut performances = BTreeMap::new();
    let mut bad_table = None;
    let whole = walk(path, &mut |name, entry| {
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
        // A damaged end leaves the front usable; the second pass will meet it again and report it.
        (Err(reason), None) if files == 0 => return Err(reason),
        _ => {}
    }
    let collection = Collection {
        label: label_of(path),
        path: path.to_owned(),
        files,
        sha256: Some(archive::sha256_of_file(path).map_err(|error| error.to_string())?),
        groove: performances,
        store: Store::TarGz,
    };
    Ok((collection, other_files))
}

/// Unpacks one file after another, each in memory.
pub(super) fn feed(
    index: usize,
    collection: &Collection,
    each: &mut dyn FnMut(Document) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut flow = ControlFlow::Continue(());
    let whole = walk(&collection.path, &mut |name, entry| {
        if is_midi(Path::new(name)) {
            let claimed = entry.size();
            let content = archive::content_of(entry, claimed);
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

type Entry<'a> = tar::Entry<'a, io::Take<MultiGzDecoder<BufReader<File>>>>;

/// Visits every ordinary file with its name.
///
/// Long names are resolved here: the tar reader would take as much memory for one as the archive says.
fn walk(path: &Path, visit: &mut dyn FnMut(&str, &mut Entry<'_>) -> ControlFlow<()>) -> Result<(), String> {
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

fn short_text(entry: &mut Entry<'_>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    entry.take(LONGEST_NAME_BYTES).read_to_end(&mut text)?;
    Ok(text)
}
