//! Pattern rows and the text files that hold them.
//!
//! A file of patterns has one row a line, without header or comments: 32 comma-separated integers (the code),
//! TAB, genre, TAB, song id. A file of [grooves] also says the grid, and how each onset is played. Two
//! relatives are read too: `sample` output (code, 4 latents) and the `dataset.tsv` of the paper's authors
//! (code, 4 latents, 2 map coordinates, in their kit). Any of them may be packed with gzip.
//!
//! Reading holds one line in memory; lines that are no rows are returned with their reason.

pub mod grooves;
mod writing;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use beat::{Grid, Kit, Pattern};
use flate2::bufread::MultiGzDecoder;

use crate::grid::{Metre, SongGrid};
use grooves::{Groove, groove_of, steps_of};

pub use score::write_atomically;
pub use writing::{WriteError, write_grooves, write_grooves_to, write_patterns, write_patterns_to};
pub(crate) use writing::{check_columns, write_packed};

/// The genre of rows without one.
pub const UNKNOWN_GENRE: &str = "-";
/// Longer lines are rejected, and their rest skipped.
const LONGEST_LINE_BYTES: u64 = 8192;
/// Rejected lines that are kept with their reason; a binary file must not fill the memory.
const REJECTED_LINES_KEPT: usize = 100_000;
/// What a gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// One pattern with its genre and song.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The two bars, in the kit of the file.
    pub pattern: Pattern,
    /// The genre, or [`UNKNOWN_GENRE`].
    pub genre: String,
    /// The song it is from: training and test are split by song.
    pub song: String,
    /// The metre of its bars: a pattern of 24 sixteenths is one of 3/4 or of 6/8.
    pub metre: Metre,
}

/// The columns of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Code, genre, song id: what `extract` writes of 4/4 in sixteenths.
    Patterns,
    /// Grid, code, genre, song id, velocities, offsets and more: what `extract` writes of other grids.
    Grooves,
    /// Code, 4 latents: what `sample` writes.
    Samples,
    /// Code, 4 latents, 2 map coordinates: the published data of arXiv 2007.06284.
    Paper,
}

impl Layout {
    /// The kit that the bits of a code stand for. Samples carry none; they are read as the default kit.
    pub fn kit(self) -> Kit {
        match self {
            Self::Patterns | Self::Grooves | Self::Samples => Kit::DEFAULT,
            Self::Paper => Kit::PAPER,
        }
    }

    /// The columns, for a message.
    pub fn columns(self) -> &'static str {
        match self {
            Self::Patterns => "code, genre, song",
            Self::Grooves => "grid, code, genre, song and how it is played",
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
    /// Good lines on other grids than the one that was read.
    pub other_grids: usize,
    /// The 4 latents of each row; empty but for [`Layout::Samples`] and [`Layout::Paper`].
    pub latents: Vec<[f32; 4]>,
    /// The map coordinates of each row as published, any range; empty but for [`Layout::Paper`].
    pub points: Vec<[f32; 2]>,
    /// The lines that were left out.
    pub rejected: Vec<RejectedLine>,
}

/// The grooves of a file, and its rejected lines.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadGrooves {
    /// The layout of the first good line.
    pub layout: Layout,
    /// The kit of every groove.
    pub kit: Kit,
    /// The good lines in the order of the file, on whatever grid.
    pub grooves: Vec<Groove>,
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
    /// Every good line is on another grid than the one that was read.
    #[error("{path}: none of its {lines} patterns is in the metre {}", grid.name())]
    OtherGrids {
        /// The grid that was read.
        grid: Grid,
        /// Which file.
        path: PathBuf,
        /// How many good lines there are.
        lines: usize,
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

/// Reads the patterns on `grid` of a file: ours, `sample` output or the paper authors' `dataset.tsv`,
/// told apart by the columns of the first good line. In a file that names no grids every line is on this one.
///
/// # Errors
/// Where the file can't be read, is empty, or holds no such pattern. Single bad lines are no error: they are
/// in [`ReadRows::rejected`].
pub fn read_patterns(path: &Path, grid: &Grid) -> Result<ReadRows, ReadError> {
    read_patterns_from(path, grid, open_packed(path)?)
}

/// Reads patterns as [`read_patterns`] does, from any source; `path` is what errors call it.
///
/// # Errors
/// As [`read_patterns`].
pub fn read_patterns_from(path: &Path, grid: &Grid, source: impl BufRead) -> Result<ReadRows, ReadError> {
    let mut read: Option<ReadRows> = None;
    let rejected = read_each(path, grid, source, |line| {
        read.get_or_insert_with(|| ReadRows::of_layout(line.layout)).add(line, grid);
    })?;
    let mut read = read.unwrap_or_else(|| ReadRows::of_layout(Layout::Patterns));
    read.rejected = rejected;
    if read.rows.is_empty() {
        return Err(ReadError::OtherGrids { grid: *grid, path: path.to_owned(), lines: read.other_grids });
    }
    Ok(read)
}

/// Reads the patterns of a file on whatever grid, with velocity and timing where it has them; files are told
/// apart as [`read_patterns`] does.
///
/// # Errors
/// As [`read_patterns`], but for the grid.
pub fn read_grooves(path: &Path) -> Result<ReadGrooves, ReadError> {
    read_grooves_from(path, open_packed(path)?)
}

/// Reads grooves as [`read_grooves`] does, from any source; `path` is what errors call it.
///
/// # Errors
/// As [`read_grooves`].
pub fn read_grooves_from(path: &Path, source: impl BufRead) -> Result<ReadGrooves, ReadError> {
    let mut layout = Layout::Grooves;
    let mut grooves = Vec::new();
    let rejected = read_each(path, &Grid::FOUR_FOUR, source, |line| {
        layout = line.layout;
        grooves.push(line.groove);
    })?;
    Ok(ReadGrooves { layout, kit: layout.kit(), grooves, rejected })
}

/// Hands every good line to `each` and returns the others; all good lines have the layout of the first. Lines that name
/// no grid are on `grid`.
fn read_each(
    path: &Path,
    grid: &Grid,
    source: impl BufRead,
    mut each: impl FnMut(Line),
) -> Result<Vec<RejectedLine>, ReadError> {
    let mut layout = None;
    let (lines, rejected) = read_lines(path, source, LONGEST_LINE_BYTES, |text, number| {
        let line = parse_line(text, number, grid)?;
        let expected = *layout.get_or_insert(line.layout);
        if line.layout != expected {
            let (columns, expected) = (line.layout.columns(), expected.columns());
            return Err(format!("its columns are {columns}, but the file began with {expected}"));
        }
        each(line);
        Ok(())
    })?;
    if layout.is_none() { Err(nothing_read(path, lines, &rejected)) } else { Ok(rejected) }
}

/// Opens a file of lines, packed with gzip or not.
pub(crate) fn open_packed(path: &Path) -> Result<Box<dyn BufRead>, ReadError> {
    let open = || -> io::Result<Box<dyn BufRead>> {
        let mut file = BufReader::new(File::open(path)?);
        let packed = file.fill_buf()?.starts_with(&GZIP);
        Ok(if packed { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(file) })
    };
    open().map_err(|reason| ReadError::File { path: path.to_owned(), reason })
}

/// The pattern of a code such as `1,0,16,...`: in 4/4 32 comma-separated integers below 16384.
///
/// # Errors
/// What is wrong with the code, as a sentence without its full stop.
pub fn code_of(text: &str, grid: &Grid) -> Result<Pattern, String> {
    let steps = steps_of(text, grid.steps())?;
    Pattern::new(steps).ok_or_else(|| "it is no code of a pattern".to_owned())
}

struct Line {
    layout: Layout,
    groove: Groove,
    latent: [f32; 4],
    point: [f32; 2],
}

fn parse_line(text: &str, number: usize, grid: &Grid) -> Result<Line, String> {
    let (latent, point) = Default::default();
    if let Some(groove) = groove_of(text) {
        return Ok(Line { layout: Layout::Grooves, groove: groove?, latent, point });
    }
    let (code, rest) = text.split_once('\t').ok_or("there is no TAB after the code")?;
    let steps = steps_of(code, grid.steps())?;
    let groove_of_song = |genre: &str, song: String| {
        let steps = steps.clone();
        Groove { grid: SongGrid::of(grid), steps, genre: genre.to_owned(), song, played: None }
    };
    if let Some((layout, latent, point)) = numbers_of(rest) {
        let source = if layout == Layout::Paper { "paper" } else { "sample" };
        let groove = groove_of_song(UNKNOWN_GENRE, format!("{source}/{number}"));
        return Ok(Line { layout, groove, latent, point });
    }
    let mut columns = rest.split('\t');
    match (columns.next(), columns.next(), columns.next()) {
        (Some(genre), Some(song), None) if !song.is_empty() => {
            if rest.contains(|letter: char| letter.is_control() && letter != '\t') {
                // Written again, a lone carriage return would end the line.
                return Err("its genre or song id holds a control character".to_owned());
            }
            let genre = if genre.is_empty() { UNKNOWN_GENRE } else { genre };
            let groove = groove_of_song(genre, song.to_owned());
            Ok(Line { layout: Layout::Patterns, groove, latent, point })
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
        let (rows, other_grids, latents, points, rejected) = Default::default();
        Self { layout, kit: layout.kit(), rows, other_grids, latents, points, rejected }
    }

    fn add(&mut self, line: Line, grid: &Grid) {
        let Some(row) = line.groove.into_row(grid) else {
            self.other_grids += 1;
            return;
        };
        self.rows.push(row);
        if matches!(line.layout, Layout::Samples | Layout::Paper) {
            self.latents.push(line.latent);
        }
        if line.layout == Layout::Paper {
            self.points.push(line.point);
        }
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

#[cfg(test)]
mod tests;
