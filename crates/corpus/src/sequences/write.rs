//! Writing sequences whole or not at all.

use std::io::{self, Write};
use std::path::Path;

use beat::STEPS_PER_BAR;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::Sequence;
use crate::rows::{WriteError, write_atomically};

/// Writes sequences in the order given, atomically, packed where the file's name ends in `.gz`.
///
/// # Errors
/// Where the file can't be written, or a genre or song id would break the columns.
pub fn write_sequences(path: &Path, sequences: &[Sequence]) -> Result<(), WriteError> {
    let breaks = |text: &str| text.contains(['\t', '\n', '\r']);
    let broken = |s: &&Sequence| breaks(&s.genre) || breaks(&s.song) || s.song.is_empty();
    if let Some(Sequence { genre, song, .. }) = sequences.iter().find(broken) {
        let (genre, song) = (genre.clone(), song.clone());
        return Err(WriteError::Column { path: path.to_owned(), genre, song });
    }
    write_atomically(path, |file| {
        if path.extension().is_some_and(|extension| extension == "gz") {
            let mut packed = GzEncoder::new(file, Compression::default());
            write_lines(&mut packed, sequences)?;
            packed.finish().map(drop)
        } else {
            write_lines(file, sequences)
        }
    })
}

fn write_lines(file: &mut dyn Write, sequences: &[Sequence]) -> io::Result<()> {
    for Sequence { genre, song, steps } in sequences {
        write!(file, "{genre}\t{song}\t")?;
        for (index, step) in steps.iter().enumerate() {
            let before = match index {
                0 => "",
                _ if index % STEPS_PER_BAR == 0 => " ",
                _ => ",",
            };
            write!(file, "{before}{step}")?;
        }
        writeln!(file)?;
    }
    Ok(())
}
