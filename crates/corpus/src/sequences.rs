//! Sequences: songs and parts of songs as bars of sixteenths, for sequence models.
//!
//! A file of sequences has one a line: genre, TAB, song id, TAB, its bars with a space between them, each
//! bar 16 comma-separated integers of the default kit. It may be packed with gzip (`.gz`).

use std::io::{self, Write};
use std::path::Path;

use beat::{Grid, INSTRUMENTS, class_of};

/// Steps of a bar of songs, which are in 4/4.
const ONE_BAR: usize = Grid::FOUR_FOUR.bar_steps();

use crate::grid::SongGrid;
use crate::quantise::{MOST_BARS, Passage};
use crate::rows::{
    ReadError, RejectedLine, UNKNOWN_GENRE, WriteError, check_columns, nothing_read, open_packed, read_lines,
    write_packed,
};

/// The longest line: [`MOST_BARS`] bars of five digits and a comma a step, and the columns before.
const LONGEST_LINE_BYTES: u64 = (MOST_BARS * ONE_BAR * 6 + 4096) as u64;

/// Consecutive bars of one song.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// The genre, or [`UNKNOWN_GENRE`].
    pub genre: String,
    /// The song it is from: training and test are split by song.
    pub song: String,
    /// Step `16 * b + s` is step `s` of bar `b`; bit `i` is a hit of instrument `i` of the default kit.
    /// A whole number of bars, 1..=[`MOST_BARS`].
    pub steps: Vec<u16>,
}

impl Sequence {
    /// How many bars it has.
    pub fn bars(&self) -> usize {
        self.steps.len() / ONE_BAR
    }

    /// The class of every step, 0..512: bit `p` is a hit of piece `p`.
    pub fn classes(&self) -> Vec<u16> {
        self.steps.iter().map(|&step| class_of(step)).collect()
    }
}

/// The passages of 4/4 in sixteenths cut into consecutive parts of `bars` bars, from the first bar with a hit to
/// the last one. A shorter rest is dropped.
pub fn parts_of(passages: &[Passage], bars: usize) -> Vec<Vec<u16>> {
    let length = bars.clamp(1, MOST_BARS) * ONE_BAR;
    let in_sixteenths = passages.iter().filter(|passage| passage.grid == SongGrid::FOUR_FOUR);
    in_sixteenths
        .flat_map(|passage| passage.without_silent_ends().chunks_exact(length).map(<[u16]>::to_vec))
        .collect()
}

/// The sequences of a file, and its rejected lines.
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
    let source = open_packed(path)?;
    let mut sequences = Vec::new();
    let (lines, rejected) = read_lines(path, source, LONGEST_LINE_BYTES, |text, _| {
        sequences.push(sequence_of(text)?);
        Ok(())
    })?;
    if sequences.is_empty() {
        return Err(nothing_read(path, lines, &rejected));
    }
    Ok(ReadSequences { sequences, rejected })
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
        if count != ONE_BAR {
            return Err(format!("bar {number} has {count} steps, expected {ONE_BAR}"));
        }
    }
    let genre = if genre.is_empty() { UNKNOWN_GENRE } else { genre };
    Ok(Sequence { genre: genre.to_owned(), song: song.to_owned(), steps })
}

fn step_of_text(text: &str) -> Option<u16> {
    text.parse().ok().filter(|step| *step < 1 << INSTRUMENTS)
}

/// Writes sequences in the order given, atomically, packed where the file's name ends in `.gz`.
///
/// # Errors
/// Where the file can't be written, or a genre or song id would break the columns.
pub fn write_sequences(path: &Path, sequences: &[Sequence]) -> Result<(), WriteError> {
    check_columns(path, sequences.iter().map(|sequence| (&*sequence.genre, &*sequence.song)))?;
    Ok(write_packed(path, |file| write_lines(file, sequences))?)
}

fn write_lines(file: &mut dyn Write, sequences: &[Sequence]) -> io::Result<()> {
    for Sequence { genre, song, steps } in sequences {
        write!(file, "{genre}\t{song}\t")?;
        for (index, step) in steps.iter().enumerate() {
            let before = match index {
                0 => "",
                _ if index % ONE_BAR == 0 => " ",
                _ => ",",
            };
            write!(file, "{before}{step}")?;
        }
        writeln!(file)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(song: &str, bars: usize) -> Sequence {
        let steps = (0..bars * ONE_BAR).map(|step| (step * 37 % (1 << INSTRUMENTS)) as u16).collect();
        Sequence { genre: "rock".to_owned(), song: song.to_owned(), steps }
    }

    #[test]
    fn songs_come_back_as_they_were_written_packed_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let songs = [sequence("a", 1), sequence("b/é", 60)];
        for name in ["songs.tsv", "songs.tsv.gz"] {
            let path = folder.path().join(name);
            write_sequences(&path, &songs).unwrap();
            let read = read_sequences(&path).unwrap();
            assert_eq!((read.sequences.as_slice(), read.rejected.len()), (songs.as_slice(), 0), "{name}");
        }
        let [plain, packed] = ["songs.tsv", "songs.tsv.gz"].map(|name| folder.path().join(name));
        assert!(std::fs::metadata(packed).unwrap().len() < std::fs::metadata(plain).unwrap().len());
    }

    #[test]
    fn a_bad_line_is_named_and_the_good_ones_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("songs.tsv");
        let bar = ["1"; 16].join(",");
        let lines = [
            format!("rock\ta\t{bar} {bar}"),
            format!("rock\tb\t{bar} 1,2,3"),
            format!("rock\tc\t{}", bar.replacen('1', "16384", 1)),
            format!("rock\t\t{bar}"),
            "1,0,16".to_owned(),
            format!("\td\t{bar}"),
        ];
        std::fs::write(&path, lines.join("\n")).unwrap();
        let read = read_sequences(&path).unwrap();
        let songs: Vec<_> =
            read.sequences.iter().map(|s| (s.genre.as_str(), s.song.as_str(), s.bars())).collect();
        assert_eq!(songs, [("rock", "a", 2), ("-", "d", 1)]);
        let reasons: Vec<String> = read.rejected.iter().map(ToString::to_string).collect();
        assert_eq!(reasons[0], "line 2: bar 1 has 3 steps, expected 16");
        assert_eq!(reasons[1], "line 3: bar 0 has the step \"16384\", expected an integer in 0..16384");
        assert_eq!(reasons.len(), 4);
    }

    #[test]
    fn a_file_without_songs_is_an_error_with_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.tsv");
        std::fs::write(&path, "").unwrap();
        assert!(matches!(read_sequences(&path), Err(ReadError::Empty { .. })));
        std::fs::write(&path, [0x1f, 0x8b, 0, 1, 2]).unwrap();
        assert!(matches!(read_sequences(&path), Err(ReadError::File { .. })));
        std::fs::write(&path, "no song\n").unwrap();
        assert!(matches!(read_sequences(&path), Err(ReadError::NoPattern { lines: 1, .. })));
    }

    #[test]
    fn parts_follow_each_other_from_the_start_of_a_passage() {
        let passage = |bars: usize| Passage::of_steps((0..bars * ONE_BAR).map(|s| s as u16).collect());
        let parts = parts_of(&[passage(5), passage(1), passage(2)], 2);
        let firsts: Vec<_> = parts.iter().map(|part| (part[0], part.len())).collect();
        assert_eq!(firsts, [(0, 32), (32, 32), (0, 32)]);
    }
}
