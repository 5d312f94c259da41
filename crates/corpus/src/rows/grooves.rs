//! Grooves: patterns on any grid, with the velocity and timing of each onset.
//!
//! A file of grooves has one a line, columns by tabs:
//!
//! 1. the grid: signature and `s` (sixteenths) or `t` (triplet eighths): see [`crate::grid`]
//! 2. the code: one integer a step, bit `i` for instrument `i` of the default kit
//! 3. genre, 4. song id
//! 5. how often it occurs in the song, without overlap
//! 6. the tempo where it occurs first, in beats a minute; a beat is a quarter note, in 12/8 that is read as
//!    `4/4t` a dotted one, so that a step always is a third of a beat there
//! 7. velocities, one an onset, step by step and within a step from bit 0 up: the median over the occurrences
//! 8. offsets in the same order, in hundredths of a step, positive is late: the median over the occurrences
//!
//! A window of a performance has four more, each `-` where unknown: 9. player, 10. style, 11. `beat` or `fill`,
//! 12. where it begins, in quarter notes from the start of the file. It occurs once, and velocities and offsets
//! are what was played. Columns 5 to 8 are `-` in rows that come from a file without them.

use std::io::{self, Write};

use beat::{Grid, INSTRUMENTS, Pattern};

use super::{Row, UNKNOWN_GENRE};
use crate::grid::SongGrid;

/// What stands in a column that is not known.
const UNKNOWN: &str = "-";
/// The largest offset, in hundredths of a step: half a step.
const LARGEST_OFFSET: i8 = 50;
/// The tempos of a groove, in beats a minute: far beyond any that is played.
pub const TEMPOS: std::ops::RangeInclusive<f64> = 1.0..=1e6;

/// One pattern on its grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Groove {
    /// The grid.
    pub grid: SongGrid,
    /// The steps, as many as the grid has, each below 2^14.
    pub steps: Vec<u16>,
    /// The genre, or [`UNKNOWN_GENRE`].
    pub genre: String,
    /// The song it is from: training and test are split by song.
    pub song: String,
    /// How it is played, where the file says so.
    pub played: Option<Played>,
}

/// How a pattern is played in its song.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// How often it occurs, without overlap; 1 or more.
    pub occurrences: usize,
    /// Beats a minute where it occurs first, within [`TEMPOS`].
    pub tempo: f64,
    /// MIDI velocities 1..=127, one an onset, step by step and within a step from instrument 0 up.
    pub velocities: Vec<u8>,
    /// Hundredths of a step, -50..=50, positive is late; in the same order.
    pub offsets: Vec<i8>,
    /// Who played it, if it is a window of a performance.
    pub performance: Option<PerformedWindow>,
}

/// A window of a human performance. Texts are `-` where unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct PerformedWindow {
    /// The player.
    pub player: String,
    /// The style with its parts: `funk/purdieshuffle`.
    pub style: String,
    /// `beat` or `fill`.
    pub beat_type: String,
    /// Where it begins, in quarter notes from the start of the file.
    pub beats: f64,
}

impl Groove {
    /// Whether `instrument` (0..14) is hit on `step`, below the grid's steps.
    pub fn has(&self, step: usize, instrument: usize) -> bool {
        self.steps[step] >> instrument & 1 == 1
    }

    /// How many onsets there are.
    pub fn hits(&self) -> usize {
        self.steps.iter().map(|step| step.count_ones() as usize).sum()
    }

    /// The pattern, if its grid has this field.
    pub fn pattern(&self, grid: &Grid) -> Option<Pattern> {
        Pattern::new(&self.steps).filter(|_| self.grid.field() == Some(*grid))
    }

    /// The row, if its grid has this field.
    pub fn into_row(self, grid: &Grid) -> Option<Row> {
        let metre = self.grid.metre();
        Some(Row { pattern: self.pattern(grid)?, genre: self.genre, song: self.song, metre })
    }
}

impl From<Row> for Groove {
    fn from(row: Row) -> Self {
        let steps = row.pattern.steps().to_vec();
        Self { grid: SongGrid::FOUR_FOUR, steps, genre: row.genre, song: row.song, played: None }
    }
}

/// The steps of a code such as `1,0,16,...`: `expected` comma-separated integers below 16384.
pub(super) fn steps_of(text: &str, expected: usize) -> Result<Vec<u16>, String> {
    let mut steps = Vec::with_capacity(expected);
    let mut count = 0;
    for number in text.split(',') {
        if count < expected {
            steps.push(
                number
                    .trim()
                    .parse()
                    .map_err(|_| format!("step {count} is {number:?}, expected an integer in 0..16384"))?,
            );
        }
        count += 1;
    }
    if count != expected {
        return Err(format!("the code has {count} steps, expected {expected}"));
    }
    if steps.iter().any(|&step: &u16| step >= 1 << INSTRUMENTS) {
        return Err(format!("a step is {} or above, expected integers in 0..16384", 1_u32 << INSTRUMENTS));
    }
    Ok(steps)
}

/// The groove of a line that begins with a grid; `None` where the line does not.
pub(super) fn groove_of(line: &str) -> Option<Result<Groove, String>> {
    let (grid, rest) = line.split_once('\t')?;
    grid.contains('/').then(|| groove_on(grid.parse().map_err(|error| format!("{error}"))?, rest))
}

fn groove_on(grid: SongGrid, columns: &str) -> Result<Groove, String> {
    let columns: Vec<&str> = columns.split('\t').collect();
    let (&[code, genre, song, occurrences, tempo, velocities, offsets], performance) =
        columns.split_first_chunk().ok_or("a groove has 8 columns, or 12")?;
    if song.is_empty() {
        return Err("it has no song id".to_owned());
    }
    if columns.iter().any(|column| column.contains(char::is_control)) {
        return Err("one of its columns holds a control character".to_owned());
    }
    let steps = steps_of(code, grid.steps())?;
    let genre = if genre.is_empty() { UNKNOWN_GENRE } else { genre };
    let mut groove = Groove { grid, steps, genre: genre.to_owned(), song: song.to_owned(), played: None };
    let performance = match *performance {
        [] => None,
        [player, style, beat_type, beats] => Some(PerformedWindow {
            player: player.to_owned(),
            style: style.to_owned(),
            beat_type: beat_type.to_owned(),
            beats: number(beats).ok_or_else(|| format!("it begins at {beats:?}, expected quarter notes"))?,
        }),
        _ => return Err(format!("it has {} columns, a groove has 8 or 12", columns.len() + 1)),
    };
    if [occurrences, tempo, velocities, offsets] == [UNKNOWN; 4] && performance.is_none() {
        return Ok(groove);
    }
    let hits = groove.hits();
    groove.played = Some(Played {
        occurrences: occurrences
            .parse()
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| format!("it occurs {occurrences:?} times, expected 1 or more"))?,
        tempo: number(tempo)
            .filter(|tempo| TEMPOS.contains(tempo))
            .ok_or_else(|| format!("its tempo is {tempo:?}, expected beats a minute"))?,
        velocities: list(velocities, hits, |velocity: &u8| (1..=127).contains(velocity))
            .ok_or_else(|| format!("expected {hits} velocities in 1..=127, one for each onset"))?,
        offsets: list(offsets, hits, |offset: &i8| (-LARGEST_OFFSET..=LARGEST_OFFSET).contains(offset))
            .ok_or_else(|| format!("expected {hits} offsets in -50..=50, one for each onset"))?,
        performance,
    });
    Ok(groove)
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// `expected` comma-separated values within their range.
fn list<T: std::str::FromStr>(text: &str, expected: usize, within: impl Fn(&T) -> bool) -> Option<Vec<T>> {
    if text.is_empty() {
        return (expected == 0).then(Vec::new);
    }
    let values = text.split(',').map(|value| value.parse().ok().filter(|value| within(value)));
    let values: Vec<T> = values.take(expected + 1).collect::<Option<_>>()?;
    (values.len() == expected).then_some(values)
}

/// Writes a groove as a line of its columns.
pub(super) fn write_groove(target: &mut dyn Write, groove: &Groove) -> io::Result<()> {
    write!(target, "{}\t", groove.grid)?;
    write_list(target, &groove.steps)?;
    write!(target, "\t{}\t{}", groove.genre, groove.song)?;
    match &groove.played {
        None => write!(target, "\t{UNKNOWN}\t{UNKNOWN}\t{UNKNOWN}\t{UNKNOWN}")?,
        Some(Played { occurrences, tempo, velocities, offsets, performance }) => {
            write!(target, "\t{occurrences}\t{tempo}\t")?;
            write_list(target, velocities)?;
            write!(target, "\t")?;
            write_list(target, offsets)?;
            if let Some(PerformedWindow { player, style, beat_type, beats }) = performance {
                write!(target, "\t{player}\t{style}\t{beat_type}\t{beats}")?;
            }
        }
    }
    writeln!(target)
}

/// Writes values with a comma between them.
pub(super) fn write_list<T: std::fmt::Display>(target: &mut dyn Write, values: &[T]) -> io::Result<()> {
    for (index, value) in values.iter().enumerate() {
        let before = if index == 0 { "" } else { "," };
        write!(target, "{before}{value}")?;
    }
    Ok(())
}
