//! Pattern rows and the text files that hold them.
//!
//! A file of patterns has one row a line, without header or comments: 32 comma-separated integers (the code),
//! TAB, genre, TAB, song id. Two relatives are read too: `sample` output (code, 4 latents) and the
//! `dataset.tsv` of the paper's authors (code, 4 latents, 2 map coordinates, in their kit).
//!
//! Reading holds one line in memory; lines that are no rows are returned with their reason.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use beat::{INSTRUMENTS, Kit, Pattern, STEPS};
use score::FileError;

pub use score::write_atomically;

/// The genre of rows without one.
pub const UNKNOWN_GENRE: &str = "-";
/// Longer lines are rejected, and their rest skipped.
const LONGEST_LINE_BYTES: u64 = 4096;
/// Rejected lines that are kept with their reason; a binary file must not fill the memory.
const REJECTED_LINES_KEPT: usize = 100_000;

/// One pattern with its genre and song.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The two bars, in the kit of the file.
    pub pattern: Pattern,
    /// The genre, or [`UNKNOWN_GENRE`].
    pub genre: String,
    /// The song it is from: training and test are split by song.
    pub song: String,
}

/// The columns of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Code, genre, song id: what `extract` writes.
    Patterns,
    /// Code, 4 latents: what `sample` writes.
    Samples,
    /// Code, 4 latents, 2 map coordinates: the published data of arXiv 2007.06284.
    Paper,
}

impl Layout {
    /// The kit that the bits of a code stand for. Samples carry none; they are read as the default kit.
    pub fn kit(self) -> Kit {
        match self {
            Self::Patterns | Self::Samples => Kit::DEFAULT,
            Self::Paper => Kit::PAPER,
        }
    }

    /// The columns, for a message.
    pub fn columns(self) -> &'static str {
        match self {
            Self::Patterns => "code, genre, song",
            Self::Samples => "code, 4 latents",
            Self::Paper => "code, 4 latents, 2 map coordinates",
        }
    }
}

/// The rows of a file, and its rejected lines.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadRows {
    /// The layout of the first good line.
    pub layout: Layout,
    /// The kit of every pattern.
    pub kit: Kit,
    /// The good lines in the order of the file. Rows of samples and of the paper's data have no genre,
    /// and each its own song id (`sample/<line>`, `paper/<line>`).
    pub rows: Vec<Row>,
    /// The 4 latents of each row; empty for [`Layout::Patterns`].
    pub latents: Vec<[f32; 4]>,
    /// The map coordinates of each row as published, any range; empty but for [`Layout::Paper`].
    pub points: Vec<[f32; 2]>,
    /// The lines that were left out.
    pub rejected: Vec<RejectedLine>,
}

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedLine {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it, as a sentence without its full stop.
    pub reason: String,
}

impl std::fmt::Display for RejectedLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// Why a file has no patterns.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file can't be opened or read.
    #[error("{path}: can't be read: {reason}")]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
    /// The file has no lines.
    #[error("{path}: is empty; expected lines of 32 comma-separated integers, TAB, genre, TAB, song id")]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// No line is a pattern.
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
    let mut read: Option<ReadRows> = None;
    let (lines, rejected) = read_lines(path, source, LONGEST_LINE_BYTES, |text, number| {
        let line = parse_line(text, number)?;
        let read = read.get_or_insert_with(|| ReadRows::of_layout(line.layout));
        read.add(line)
    })?;
    match read {
        Some(read) => Ok(ReadRows { rejected, ..read }),
        None => Err(nothing_read(path, lines, &rejected)),
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

impl ReadRows {
    fn of_layout(layout: Layout) -> Self {
        let (rows, latents, points, rejected) = Default::default();
        Self { layout, kit: layout.kit(), rows, latents, points, rejected }
    }

    fn add(&mut self, line: Line) -> Result<(), String> {
        if line.layout != self.layout {
            let (columns, expected) = (line.layout.columns(), self.layout.columns());
            return Err(format!("its columns are {columns}, but the file began with {expected}"));
        }
        self.rows.push(line.row);
        if line.layout != Layout::Patterns {
            self.latents.push(line.latent);
        }
        if line.layout == Layout::Paper {
            self.points.push(line.point);
        }
        Ok(())
    }
}

/// Hands each line to `line` with its number, and returns how many there are and those that it rejected. A
/// line of `longest_bytes` or more, or one that is not text, is rejected without being handed over.
pub(crate) fn read_lines(
    path: &Path,
    mut source: impl BufRead,
    longest_bytes: u64,
    mut line: impl FnMut(&str, usize) -> Result<(), String>,
) -> Result<(usize, Vec<RejectedLine>), ReadError> {
    let failed = |reason| ReadError::File { path: path.to_owned(), reason };
    let (mut number, mut rejected, mut bytes) = (0, Vec::new(), Vec::new());
    loop {
        bytes.clear();
        let read = source.by_ref().take(longest_bytes).read_until(b'\n', &mut bytes).map_err(failed)?;
        if read == 0 {
            return Ok((number, rejected));
        }
        number += 1;
        let done = if read as u64 == longest_bytes && bytes.last() != Some(&b'\n') {
            source.skip_until(b'\n').map_err(failed)?;
            Err(format!("it is longer than {longest_bytes} bytes"))
        } else {
            while bytes.pop_if(|byte| matches!(byte, b'\n' | b'\r')).is_some() {}
            let text = str::from_utf8(&bytes).map_err(|_| "it is not text in UTF-8".to_owned());
            text.and_then(|text| line(text, number))
        };
        if let Err(reason) = done
            && rejected.len() < REJECTED_LINES_KEPT
        {
            rejected.push(RejectedLine { line: number, reason });
        }
    }
}

/// The error of a file in which no line was good.
pub(crate) fn nothing_read(path: &Path, lines: usize, rejected: &[RejectedLine]) -> ReadError {
    let path = path.to_owned();
    match rejected.first() {
        None => ReadError::Empty { path },
        Some(first) => ReadError::NoPattern { path, lines, first: first.clone() },
    }
}

/// Why rows were not written. The old file is unchanged then.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file or its folder can't be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A genre or song id would break the columns.
    #[error(
        "{path}: not written, for genre {genre:?} or song {song:?} has a TAB or line break, or no song id"
    )]
    Column {
        /// Which file.
        path: PathBuf,
        /// The genre of the row.
        genre: String,
        /// The song id of the row.
        song: String,
    },
}

/// Writes rows as `code TAB genre TAB song`, without header, in the order given, atomically.
///
/// # Errors
/// Where the file can't be written, or a genre or song id holds a TAB or a line break.
pub fn write_patterns(path: &Path, rows: &[Row]) -> Result<(), WriteError> {
    check_columns(path, rows.iter().map(|row| (&*row.genre, &*row.song)))?;
    Ok(write_atomically(path, |file| write_lines(file, rows))?)
}

/// Writes rows as [`write_patterns`] does, anywhere; `path` is what errors call it.
///
/// # Errors
/// As [`write_patterns`].
pub fn write_patterns_to(path: &Path, target: &mut dyn Write, rows: &[Row]) -> Result<(), WriteError> {
    check_columns(path, rows.iter().map(|row| (&*row.genre, &*row.song)))?;
    Ok(write_lines(target, rows).map_err(|source| FileError::new(path, source))?)
}

/// Whether genres and song ids can stand in columns; `path` is what the error calls the file.
pub(crate) fn check_columns<'a>(
    path: &Path,
    mut columns: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<(), WriteError> {
    let breaks = |text: &str| text.contains(['\t', '\n', '\r']);
    match columns.find(|(genre, song)| breaks(genre) || breaks(song) || song.is_empty()) {
        None => Ok(()),
        Some((genre, song)) => {
            Err(WriteError::Column { path: path.to_owned(), genre: genre.to_owned(), song: song.to_owned() })
        }
    }
}

fn write_lines(target: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
    for row in rows {
        let steps = row.pattern.steps();
        write!(target, "{}", steps[0])?;
        steps[1..].iter().try_for_each(|step| write!(target, ",{step}"))?;
        writeln!(target, "\t{}\t{}", row.genre, row.song)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
