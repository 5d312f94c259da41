//! Reading sequences, line by line in bounded memory per line, packed or not.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use beat::{INSTRUMENTS, STEPS_PER_BAR};
use flate2::bufread::MultiGzDecoder;

use super::Sequence;
use crate::quantise::MOST_BARS;
use crate::rows::{ReadError, RejectedLine, UNKNOWN_GENRE};

/// No honest line is longer: [`MOST_BARS`] bars of five digits and a comma a step, and the columns before.
const LONGEST_LINE_BYTES: u64 = (MOST_BARS * STEPS_PER_BAR * 6 + 4096) as u64;
/// As many rejected lines are kept with their reason; a binary file must not fill the memory.
const REJECTED_LINES_KEPT: usize = 100_000;
/// What a gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What a file of sequences held: the good lines, and those that were no good.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadSequences {
    /// In the order of the file.
    pub sequences: Vec<Sequence>,
    /// The lines that were left out.
    pub rejected: Vec<RejectedLine>,
}

/// Reads a file of sequences.
///
/// # Errors
/// Where the file can't be read or unpacked, is empty, or holds no sequence. Single bad lines are no error:
/// they are in [`ReadSequences::rejected`].
pub fn read_sequences(path: &Path) -> Result<ReadSequences, ReadError> {
    let failed = |reason| ReadError::File { path: path.to_owned(), reason };
    let mut lines = open(path).map_err(failed)?;
    let mut read = ReadSequences::default();
    let mut number = 0;
    while let Some(line) = next_line(&mut *lines).map_err(failed)? {
        number += 1;
        match line.and_then(|text| sequence_of(&text)) {
            Ok(sequence) => read.sequences.push(sequence),
            Err(reason) if read.rejected.len() < REJECTED_LINES_KEPT => {
                read.rejected.push(RejectedLine { line: number, reason });
            }
            Err(_) => {}
        }
    }
    match read.rejected.first() {
        _ if !read.sequences.is_empty() => Ok(read),
        None => Err(ReadError::Empty { path: path.to_owned() }),
        Some(first) => {
            Err(ReadError::NoPattern { path: path.to_owned(), lines: number, first: first.clone() })
        }
    }
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::new(File::open(path)?);
    let packed = file.fill_buf()?.starts_with(&GZIP);
    Ok(if packed { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(file) })
}

/// The next line, or the reason why it is none.
fn next_line(reader: &mut dyn BufRead) -> io::Result<Option<Result<String, String>>> {
    let mut bytes = Vec::new();
    if reader.take(LONGEST_LINE_BYTES).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.len() as u64 == LONGEST_LINE_BYTES && bytes.last() != Some(&b'\n') {
        reader.skip_until(b'\n')?;
        return Ok(Some(Err(format!("it has more than {MOST_BARS} bars"))));
    }
    while bytes.pop_if(|byte| matches!(byte, b'\n' | b'\r')).is_some() {}
    Ok(Some(String::from_utf8(bytes).map_err(|_| "it is not text in UTF-8".to_owned())))
}

fn sequence_of(line: &str) -> Result<Sequence, String> {
    let mut columns = line.split('\t');
    let (Some(genre), Some(song), Some(bars), None) =
        (columns.next(), columns.next(), columns.next(), columns.next())
    else {
        return Err("its columns are not genre, TAB, song id, TAB, bars".to_owned());
    };
    if song.is_empty() {
        return Err("it has no song id".to_owned());
    }
    let mut steps = Vec::new();
    for (number, bar) in bars.split(' ').enumerate() {
        if number >= MOST_BARS {
            return Err(format!("it has more than {MOST_BARS} bars"));
        }
        let before = steps.len();
        for step in bar.split(',') {
            steps.push(step_of_text(step).ok_or_else(|| {
                format!("bar {number} has the step {step:?}, expected an integer in 0..{}", 1 << INSTRUMENTS)
            })?);
        }
        let count = steps.len() - before;
        if count != STEPS_PER_BAR {
            return Err(format!("bar {number} has {count} steps, expected {STEPS_PER_BAR}"));
        }
    }
    let genre = if genre.is_empty() { UNKNOWN_GENRE } else { genre };
    Ok(Sequence { genre: genre.to_owned(), song: song.to_owned(), steps })
}

fn step_of_text(text: &str) -> Option<u16> {
    text.parse().ok().filter(|step| *step < 1 << INSTRUMENTS)
}
