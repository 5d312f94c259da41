//! What zip and tar archives have in common.

use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Content, LARGEST_FILE_BYTES, open_plain, too_large};

/// SHA-256 of a file in hex, read piece by piece.
pub(super) fn sha256_of_file(path: &Path) -> io::Result<String> {
    let mut file = open_plain(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(crate::report::hex(&hash.finalize())),
            read => hash.update(&piece[..read]),
        }
    }
}

/// The content of an archive's entry, which claims to have `claimed` bytes and is not trusted.
pub(super) fn content_of(entry: &mut dyn Read, claimed: u64) -> Content {
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
