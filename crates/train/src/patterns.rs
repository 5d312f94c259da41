//! Two-bar patterns for autoencoders: read from files and split by song.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use beat::{Grid, Kit, Pattern};
use corpus::filter::passes;
use corpus::rows::{Row, UNKNOWN_GENRE, read_patterns};
use corpus::split::is_held_out;
use nets::GridReading;
use sha2::{Digest, Sha256};

/// One in this many of the songs that are not held out is a validation song: it decides when training stops, and
/// is neither trained on nor in the evaluation set.
const VALIDATION_ONE_IN: u32 = 25;

/// Folds of a cross-validation by song.
pub const FOLDS: u32 = 5;

/// Which songs are held out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeldOut {
    /// A tenth, the same for all models.
    #[default]
    Tenth,
    /// One of [`FOLDS`] parts, counted from 0: with a model for each, every song is held out once.
    Fold(u32),
}

impl HeldOut {
    /// Whether a song is held out.
    pub fn holds(self, song: &str) -> bool {
        match self {
            Self::Tenth => is_held_out(song),
            Self::Fold(fold) => song_hash(song, "held-out fold") % FOLDS == fold,
        }
    }
}

/// The patterns of one or more files.
#[derive(Clone, Debug)]
pub struct Patterns {
    /// The grid of all of them.
    pub grid: Grid,
    /// All rows, in the order of the files.
    pub rows: Vec<Row>,
    /// Patterns of 4/4 as they can be read on the grid, for training alone: few songs are in other metres.
    pub derived: Vec<Row>,
    /// Which songs are held out.
    pub held_out: HeldOut,
    /// The kit of the patterns' bits.
    pub kit: Kit,
    /// sha256 over the contents of the files in their order, in hexadecimal.
    pub sha256: String,
    /// A sentence for each file with lines that were left out.
    pub warnings: Vec<String>,
}

impl Patterns {
    /// Reads the patterns on `grid` of the files. Bad lines are left out, with a warning.
    ///
    /// # Errors
    ///
    /// No file is named, one can't be read, or they have different kits.
    pub fn read(paths: &[PathBuf], grid: &Grid) -> Result<Self> {
        ensure!(!paths.is_empty(), "no file of patterns was named; give one with --patterns FILE");
        let mut hash = Sha256::new();
        let mut all: Option<Self> = None;
        let mut warnings = Vec::new();
        for path in paths {
            let read = read_patterns(path, grid)?;
            hash.update(std::fs::read(path).with_context(|| format!("{}: can't read", path.display()))?);
            if let Some(first) = read.rejected.first() {
                warnings.push(format!("{}: {} lines left out, {first}", path.display(), read.rejected.len()));
            }
            if read.other_grids > 0 {
                let (path, count) = (path.display(), read.other_grids);
                let metre = grid.name();
                warnings.push(format!("{path}: {count} patterns in other metres than {metre} left out"));
            }
            let all = all.get_or_insert_with(|| Self {
                grid: *grid,
                rows: Vec::new(),
                derived: Vec::new(),
                held_out: HeldOut::default(),
                kit: read.kit,
                sha256: String::new(),
                warnings: Vec::new(),
            });
            ensure!(all.kit == read.kit, "{}: has another kit than the files before it", path.display());
            all.rows.extend(read.rows.into_iter().map(|row| {
                let genre = common_name(&row.genre).to_owned();
                Row { genre, ..row }
            }));
        }
        let mut all = all.context("no file of patterns was named")?;
        all.sha256 = hex::encode(hash.finalize());
        all.warnings = warnings;
        Ok(all)
    }

    /// Checks that there are training and validation patterns.
    ///
    /// # Errors
    ///
    /// One of the two parts is empty.
    pub fn check_enough(&self) -> Result<()> {
        ensure!(
            !self.training().is_empty() && !self.validation().is_empty(),
            "the files hold too few songs: training and validation are split by song, and one is empty"
        );
        Ok(())
    }

    /// The rows of training songs.
    pub fn training(&self) -> Vec<&Row> {
        self.rows.iter().filter(|row| self.trains_on(&row.song)).collect()
    }

    /// The patterns of training songs as often as they are shown in an epoch: where some are derived, each with its bars
    /// in both orders, and as often as all derived ones together.
    pub fn learnt(&self) -> Vec<Pattern> {
        let training = patterns_of(&self.training());
        let derived: Vec<Pattern> =
            self.derived.iter().filter(|row| self.trains_on(&row.song)).map(|row| row.pattern).collect();
        if derived.is_empty() {
            return training;
        }
        let swapped = |pattern: &Pattern| pattern.rotated(self.grid.bar_steps(), &self.grid);
        let both: Vec<Pattern> = training.iter().flat_map(|pattern| [*pattern, swapped(pattern)]).collect();
        let times = derived.len().div_ceil(both.len().max(1)).max(1);
        (0..times).flat_map(|_| both.iter().copied()).chain(derived).collect()
    }

    fn trains_on(&self, song: &str) -> bool {
        !self.held_out.holds(song) && !is_validation(song)
    }

    /// The rows of validation songs, which decide when training stops.
    pub fn validation(&self) -> Vec<&Row> {
        self.rows.iter().filter(|row| !self.held_out.holds(&row.song) && is_validation(&row.song)).collect()
    }

    /// The rows of held-out songs, which no model is trained on.
    pub fn held_out(&self) -> Vec<&Row> {
        self.rows.iter().filter(|row| self.held_out.holds(&row.song)).collect()
    }

    /// Adds the patterns of 4/4 in the files that can be read on this grid without loss of a hit: those of a shuffle have
    /// no hit on the sixteenths between eighths.
    ///
    /// # Errors
    ///
    /// A file can't be read.
    pub fn derive(&mut self, paths: &[PathBuf]) -> Result<()> {
        let reading = GridReading::of(self.grid);
        for path in paths {
            for row in read_patterns(path, &Grid::FOUR_FOUR)?.rows {
                let off_the_eighths =
                    (1..Grid::FOUR_FOUR.steps()).step_by(2).any(|step| row.pattern.step(step) != 0);
                let pattern = reading.of_four(&row.pattern);
                if passes(&pattern, &self.grid) && !(self.grid.is_triplet() && off_the_eighths) {
                    self.derived.push(Row { pattern, ..row });
                }
            }
        }
        Ok(())
    }
}

/// The patterns of rows.
pub fn patterns_of(rows: &[&Row]) -> Vec<Pattern> {
    rows.iter().map(|row| row.pattern).collect()
}

/// Whether a song that is not held out is a validation song.
pub fn is_validation(song: &str) -> bool {
    song_hash(song, "validation").is_multiple_of(VALIDATION_ONE_IN)
}

/// A hash of a song's name that is independent of those for other purposes: the first four bytes of a SHA-256.
pub(crate) fn song_hash(song: &str, purpose: &str) -> u32 {
    let digest = Sha256::digest(format!("{purpose} {song}").as_bytes());
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// The file names of paths, for provenance: without folders, which are private.
pub fn file_names(paths: &[PathBuf]) -> Vec<String> {
    let name = |path: &PathBuf| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    paths.iter().map(name).collect()
}

/// Other spellings of genres and their names here. The names are those of the web patterns; the Groove MIDI
/// Dataset omits spaces, and some collections lie in folders whose names are no genres.
const SPELLINGS: [(&str, &str); 9] = [
    ("afrocuban", "afro-cuban"),
    ("hiphop", "hip-hop"),
    ("hip hop", "hip-hop"),
    ("middleeastern", "middle-eastern"),
    ("music", UNKNOWN_GENRE),
    ("musics", UNKNOWN_GENRE),
    ("neworleans", "new-orleans"),
    ("r&b", "rnb"),
    ("rock'n'roll", "rock-n-roll"),
];

/// The name of a genre, given any of its spellings.
fn common_name(genre: &str) -> &str {
    SPELLINGS
        .iter()
        .find(|(spelling, _)| genre.eq_ignore_ascii_case(spelling))
        .map_or(genre, |(_, name)| name)
}

/// The genres of rows by name, with how many rows each has; unknown ones left out.
pub fn genres<'a>(rows: impl IntoIterator<Item = &'a Row>) -> BTreeMap<String, usize> {
    let mut genres = BTreeMap::new();
    for row in rows {
        if row.genre != UNKNOWN_GENRE {
            *genres.entry(row.genre.clone()).or_default() += 1;
        }
    }
    genres
}

#[cfg(test)]
mod tests {
    use super::*;
    use corpus::grid::Metre;

    #[test]
    fn a_song_is_in_one_part_only() {
        let row = |song: String| Row {
            pattern: Pattern::EMPTY,
            genre: "rock".to_owned(),
            song,
            metre: Metre::FOUR_FOUR,
        };
        let rows: Vec<Row> = (0..4000).map(|k| row(format!("song-{k}"))).collect();
        let mut patterns = Patterns {
            grid: Grid::FOUR_FOUR,
            rows,
            derived: Vec::new(),
            held_out: HeldOut::Tenth,
            kit: Kit::DEFAULT,
            sha256: String::new(),
            warnings: Vec::new(),
        };
        assert_eq!(patterns.learnt().len(), patterns.training().len());
        let parts = [patterns.training().len(), patterns.validation().len(), patterns.held_out().len()];
        assert_eq!(parts.iter().sum::<usize>(), 4000);
        assert!((300..500).contains(&parts[2]) && (90..200).contains(&parts[1]), "{parts:?}");
        let folds = (0..FOLDS).map(|fold| {
            patterns.held_out = HeldOut::Fold(fold);
            patterns.held_out().len()
        });
        assert_eq!(folds.sum::<usize>(), 4000, "every song is held out once");
    }

    #[test]
    fn a_genre_has_one_name_however_it_is_spelt() {
        assert_eq!(common_name("hiphop"), "hip-hop");
        assert_eq!(common_name("Hip Hop"), "hip-hop");
        assert_eq!(common_name("hip-hop"), "hip-hop");
        assert_eq!(common_name("musics"), UNKNOWN_GENRE);
        assert_eq!(common_name("polka"), "polka");
        // A name is final: no spelling leads to another spelling.
        assert!(SPELLINGS.iter().all(|(_, name)| common_name(name) == *name));
    }
}
