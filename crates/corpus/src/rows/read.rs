//! Reading pattern rows, line by line in bounded memory per line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use beat::{INSTRUMENTS, Pattern, STEPS};

use super::{Layout, ReadRows, RejectedLine, Row, UNKNOWN_GENRE};

/// No honest line is longer; the rest of a longer one is skipped, not stored.
const LONGEST_LINE_BYTES: usize = 4096;
/// As many rejected lines are kept with their reason; a binary file must not fill the memory.
const REJECTED_LINES_KEPT: usize = 100_000;

/// Why a file of patterns gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file can't be opened or read.
    #[error("{path}: can't be read: {reason}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// The file has no lines.
    #[error("{path}: is empty; expected lines of 32 comma-separated integers, TAB, genre, TAB, song id")]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// Not one line is a pattern.
    #[error("{path}: none of its {lines} lines is a pattern; {first}")]
    NoPattern {
        /// Which file.
        path: PathBuf,
        /// How many lines there are.
        lines: usize,
        /// What is wrong with the first one.
        first: RejectedLine,
    },
}

/// Reads a file of patterns: ours, `sample` output or the paper authors' `dataset.tsv`, told apart by
/// the columns of the first good line.
///
/// # Errors
/// Where the file can't be read, is empty, or holds no pattern. Single bad lines are no error: they are
/// in [`ReadRows::rejected`].
pub fn read_patterns(path: &Path) -> Result<ReadRows, ReadError> {
    let file = File::open(path).map_err(|reason| ReadError::File { path: path.to_owned(), reason })?;
    read_patterns_from(path, BufReader::new(file))
}

/// Reads patterns as [`read_patterns`] does, from any source; `path` is what errors call it.
///
/// # Errors
/// As [`read_patterns`].
pub fn read_patterns_from(path: &Path, source: impl BufRead) -> Result<ReadRows, ReadError> {
    let failed = |reason| ReadError::File { path: path.to_owned(), reason };
    let mut lines = Lines { source, number: 0 };
    let mut read: Option<ReadRows> = None;
    let mut rejected = Vec::new();
    while let Some(line) = lines.next().map_err(failed)? {
        match line.and_then(|text| parse_line(&text, lines.number)) {
            Ok(line) => {
                let read = read.get_or_insert_with(|| nothing_yet(line.layout));
                if let Err(reason) = take_line(read, line) {
                    reject(&mut rejected, lines.number, reason);
                }
            }
            Err(reason) => reject(&mut rejected, lines.number, reason),
        }
    }
    match (read, rejected.first()) {
        (Some(read), _) => Ok(ReadRows { rejected, ..read }),
        (None, None) => Err(ReadError::Empty { path: path.to_owned() }),
        (None, Some(first)) => {
            Err(ReadError::NoPattern { path: path.to_owned(), lines: lines.number, first: first.clone() })
        }
    }
}

/// The pattern of a code such as `1,0,16,...`: 32 comma-separated integers below 16384.
///
/// # Errors
/// What is wrong with the code, as a sentence without its full stop.
pub fn code_of(text: &str) -> Result<Pattern, String> {
    let mut steps = [0; STEPS];
    let mut count = 0;
    for number in text.split(',') {
        if let Some(step) = steps.get_mut(count) {
            *step = number
                .trim()
                .parse()
                .map_err(|_| format!("step {count} is {number:?}, expected an integer in 0..16384"))?;
        }
        count += 1;
    }
    if count != STEPS {
        return Err(format!("the code has {count} steps, expected {STEPS}"));
    }
    Pattern::new(steps)
        .ok_or_else(|| format!("a step is {} or above, expected integers in 0..16384", 1_u32 << INSTRUMENTS))
}

struct Line {
    layout: Layout,
    row: Row,
    latent: [f32; 4],
    point: [f32; 2],
}

fn parse_line(text: &str, number: usize) -> Result<Line, String> {
    let (code, rest) = text.split_once('\t').ok_or("there is no TAB after the code")?;
    let pattern = code_of(code)?;
    if let Some((layout, latent, point)) = numbers_of(rest) {
        let source = if layout == Layout::Paper { "paper" } else { "sample" };
        let row = Row { pattern, genre: UNKNOWN_GENRE.to_owned(), song: format!("{source}/{number}") };
        return Ok(Line { layout, row, latent, point });
    }
    let mut columns = rest.split('\t');
    match (columns.next(), columns.next(), columns.next()) {
        (Some(genre), Some(song), None) if !song.is_empty() => {
            if rest.contains(|letter: char| letter.is_control() && letter != '\t') {
                // Written again, a lone carriage return would end the line.
                return Err("its genre or song id holds a control character".to_owned());
            }
            let genre = if genre.is_empty() { UNKNOWN_GENRE } else { genre };
            let row = Row { pattern, genre: genre.to_owned(), song: song.to_owned() };
            Ok(Line { layout: Layout::Patterns, row, latent: [0.0; 4], point: [0.0; 2] })
        }
        _ => Err("behind the code there is neither genre, TAB, song id nor 4 latents".to_owned()),
    }
}

/// The latents and map coordinates in the columns behind the code, if that is what they are.
fn numbers_of(columns: &str) -> Option<(Layout, [f32; 4], [f32; 2])> {
    let numbers: Option<Vec<f32>> = columns
        .split(['\t', ','])
        .take(7)
        .map(|text| text.trim().parse().ok().filter(|number: &f32| number.is_finite()))
        .collect();
    match *numbers?.as_slice() {
        [a, b, c, d] => Some((Layout::Samples, [a, b, c, d], [0.0; 2])),
        [a, b, c, d, x, y] => Some((Layout::Paper, [a, b, c, d], [x, y])),
        _ => None,
    }
}

fn nothing_yet(layout: Layout) -> ReadRows {
    ReadRows {
        layout,
        kit: layout.kit(),
        rows: Vec::new(),
        latents: Vec::new(),
        points: Vec::new(),
        rejected: Vec::new(),
    }
}

fn take_line(read: &mut ReadRows, line: Line) -> Result<(), String> {
    if line.layout != read.layout {
        return Err(format!(
            "its columns are {}, but the file began with {}",
            line.layout.columns(),
            read.layout.columns()
        ));
    }
    read.rows.push(line.row);
    if line.layout != Layout::Patterns {
        read.latents.push(line.latent);
    }
    if line.layout == Layout::Paper {
        read.points.push(line.point);
    }
    Ok(())
}

fn reject(rejected: &mut Vec<RejectedLine>, line: usize, reason: String) {
    if rejected.len() < REJECTED_LINES_KEPT {
        rejected.push(RejectedLine { line, reason });
    }
}

/// Lines of bounded length; a line that is too long or no text comes as the reason why not.
struct Lines<R> {
    source: R,
    number: usize,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> io::Result<Option<Result<String, String>>> {
        let mut bytes = Vec::new();
        let limit = LONGEST_LINE_BYTES as u64;
        if self.source.by_ref().take(limit).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if bytes.len() == LONGEST_LINE_BYTES && bytes.last() != Some(&b'\n') {
            self.source.skip_until(b'\n')?;
            return Ok(Some(Err(format!("it is longer than {LONGEST_LINE_BYTES} bytes"))));
        }
        while bytes.pop_if(|byte| matches!(byte, b'\n' | b'\r')).is_some() {}
        Ok(Some(String::from_utf8(bytes).map_err(|_| "it is not text in UTF-8".to_owned())))
    }
}
