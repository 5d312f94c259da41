//! From MIDI files to rows, in parallel: the pipeline of Table 1 of arXiv 2007.06284.
//!
//! One thread lists the files, the others read them. Results are sorted into the order of the input before
//! files are compared, so the same input gives the same rows on any machine.

mod batches;
mod gather;
mod song;

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use rayon::iter::{ParallelBridge, ParallelIterator};
use sha2::{Digest, Sha256};

use crate::found_notes::FoundNotes;
use crate::genres::{GenreTable, GenresError};
use crate::grid::{GridSelection, Metres};
use crate::intake::{Collection, Content, Document, Intake, IntakeError, Performance, open_plain};
use crate::loops::Keep;
use crate::midi::{DrumChannels, LARGEST_FILE_BYTES, Limits, Reading, Repairs, read};
use crate::notes::{NoteTable, PERCUSSION};
use crate::quantise::QuantisedSong;
use crate::remainder::{HitCounts, Remainder};
use crate::report::{InputRecord, Rejection, Report};
use crate::rows::Layout;

use batches::batches;
pub use gather::Extraction;
use gather::Gathered;
use song::{Feel, SongPatterns, consecutive, counts_of, onsets_of, performed, recurring};

/// What to extract, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folders, archives and files.
    pub midi: Vec<PathBuf>,
    /// The merge table for all files; `None` takes Roland for Groove and General MIDI for the rest.
    pub notes: Option<NoteTable>,
    /// Which channels are read as drums.
    pub channels: DrumChannels,
    /// What to take from a song.
    pub selection: Selection,
    /// Which metres are read, and on which grid.
    pub grids: GridSelection,
    /// The layout of the rows: with [`Layout::Grooves`] patterns have velocity and timing.
    pub layout: Layout,
    /// A table of genres by path.
    pub genres: Option<PathBuf>,
    /// Files whose hits lie further from the grid on average, in steps, are left out.
    pub max_error_steps: Option<f64>,
}

impl Default for Options {
    /// No input; recurring patterns of 4/4 in sixteenths.
    fn default() -> Self {
        Self {
            midi: Vec::new(),
            notes: None,
            channels: DrumChannels::default(),
            selection: Selection::Patterns(Keep::Recurring),
            grids: GridSelection::default(),
            layout: Layout::Patterns,
            genres: None,
            max_error_steps: None,
        }
    }
}

/// What to take from a song.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Two-bar patterns that this rule keeps, without dull ones and circular shifts of earlier ones.
    Patterns(Keep),
    /// Consecutive parts of so many bars.
    Parts {
        /// Bars of a part, 1 or more.
        bars: usize,
    },
    /// Every two-bar window of a human performance as it was played, with velocity and timing.
    Performances,
}

/// Why there was nothing to extract from.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// A path does not exist.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The table of genres is invalid.
    #[error(transparent)]
    Genres(#[from] GenresError),
}

/// An extraction whose input has been listed.
pub struct Extractor {
    options: Options,
    intake: Intake,
    genres: GenreTable,
}

impl Extractor {
    /// Lists the input.
    ///
    /// # Errors
    /// A path does not exist, or the table of genres is invalid.
    pub fn open(options: Options) -> Result<Self, ExtractError> {
        let genres = options.genres.as_deref().map(GenreTable::read).transpose()?.unwrap_or_default();
        let intake = Intake::open(&options.midi)?;
        Ok(Self { options, intake, genres })
    }

    /// How many MIDI files there are.
    pub fn files(&self) -> usize {
        self.intake.files()
    }

    /// Reads everything. `file_done` is called from any thread after each file. Once `stop` returns true no
    /// further file is read, and what was finished is returned.
    pub fn run(&self, file_done: &(dyn Fn() + Sync), stop: &(dyn Fn() -> bool + Sync)) -> Extraction {
        let (mut outcomes, fed) = self.read_all(file_done, stop);
        outcomes.sort_by_key(|outcome| outcome.order);
        self.gather(&outcomes, fed.is_break())
    }

    /// The outcomes in any order, and whether reading was stopped.
    fn read_all(
        &self,
        file_done: &(dyn Fn() + Sync),
        stop: &(dyn Fn() -> bool + Sync),
    ) -> (Vec<Outcome>, ControlFlow<()>) {
        let (mut batches, receiver) = batches(self.files(), rayon::current_num_threads());
        std::thread::scope(|threads| {
            let reader = threads.spawn(move || {
                self.intake.feed(&mut |document| match stop() {
                    true => ControlFlow::Break(()),
                    false => batches.put(document),
                })?;
                batches.send()
            });
            let read = |(order, document)| {
                let outcome = self.read_one(order, document);
                file_done();
                outcome
            };
            let outcomes = receiver
                .into_iter()
                .par_bridge()
                .flat_map_iter(|batch| batch.into_iter().map(read))
                .collect();
            (outcomes, reader.join().unwrap_or(ControlFlow::Break(())))
        })
    }

    fn read_one(&self, order: usize, document: Document) -> Outcome {
        let collection = &self.intake.collections[document.collection];
        let bytes = bytes_of(document.content);
        let digest = match &bytes {
            Ok(bytes) if !collection.is_archive() => Some(Sha256::digest(bytes).into()),
            _ => None,
        };
        let notes = self.options.notes.unwrap_or_else(|| table_for(collection, &document.path));
        let performance = collection.groove.get(&document.path);
        let mut outcome = Outcome {
            order,
            collection: document.collection,
            path: document.path,
            digest,
            patterns: Err(Rejection::Unreadable(String::new())),
            hits: HitCounts::default(),
            repairs: Repairs::default(),
            percussion_alone: Vec::new(),
        };
        match bytes.map(|bytes| read(&bytes, self.options.channels, &Limits::default())) {
            Ok(Ok(reading)) => {
                (outcome.patterns, outcome.hits) = self.patterns(&reading, notes, performance);
                outcome.repairs = reading.repairs;
                outcome.percussion_alone = percussion_alone(&reading, notes);
            }
            Ok(Err(refused)) => {
                outcome.hits = HitCounts::refused(refused.hits);
                outcome.patterns = Err(refused.why.into());
            }
            Err(rejection) => outcome.patterns = Err(rejection),
        }
        outcome
    }

    /// What is taken of a file, and where its hits went.
    fn patterns(
        &self,
        reading: &Reading,
        notes: NoteTable,
        performance: Option<&Performance>,
    ) -> (Result<SongPatterns, Rejection>, HitCounts) {
        let parts = &reading.parts;
        let song = match QuantisedSong::on_grids(parts, notes, &self.options.grids) {
            Ok(song) => song,
            Err(too_long) => {
                let hits = parts.iter().map(|part| part.hits.len()).sum();
                return (Err(too_long.into()), HitCounts::refused(hits));
            }
        };
        let mut none = counts_of(&song, 0);
        let Some(error_steps) = song.mean_error_steps() else {
            let rejection = match song.remainders.in_no_bar() {
                0 => Rejection::NoDrums(FoundNotes::new(&reading.notes, self.options.channels)),
                hits => Rejection::OtherMetre { hits, metres: self.options.grids.metres.to_string() },
            };
            return (Err(rejection), none);
        };
        if let Some(allowed_steps) = self.options.max_error_steps.filter(|&allowed| error_steps > allowed) {
            none.remainders.add(Remainder::LooseTiming, onsets_of(&song));
            return (Err(Rejection::LooseTiming { error_steps, allowed_steps }), none);
        }
        let feel = if self.options.layout == Layout::Grooves { Feel::Medians } else { Feel::None };
        let (mut found, hits) = match self.options.selection {
            Selection::Patterns(keep) => recurring(&song, keep, feel),
            Selection::Parts { bars } => consecutive(&song, bars),
            Selection::Performances => performed(&song, performance),
        };
        found.quantised_hits = song.hits;
        found.error_sum_steps = song.error_sum_steps;
        (Ok(found), hits)
    }

    /// Combines the outcomes in order; only here patterns of different files are compared.
    fn gather(&self, outcomes: &[Outcome], interrupted: bool) -> Extraction {
        let mut gathered = Gathered::new(self.empty_report(interrupted));
        for (path, reason) in &self.intake.unlisted {
            gathered.reject(path.clone(), &Rejection::Unreadable(reason.clone()));
        }
        for outcome in outcomes {
            let collection = &self.intake.collections[outcome.collection];
            gathered.note(&outcome.repairs, &outcome.percussion_alone);
            match &outcome.patterns {
                Ok(patterns) => {
                    let song = collection.song(&outcome.path);
                    if song.contains(char::is_control) {
                        // It would break the columns of the file of rows.
                        let reason = format!("its song id {song:?} in info.csv has a TAB or the like");
                        let path = collection.shown(&outcome.path);
                        gathered.count(&HitCounts::refused(outcome.hits.read));
                        gathered.reject(path, &Rejection::Unreadable(reason));
                        continue;
                    }
                    gathered.count(&outcome.hits);
                    gathered.add(patterns, song, self.genres.genre(collection, &outcome.path));
                }
                Err(rejection) => {
                    gathered.count(&outcome.hits);
                    gathered.reject(collection.shown(&outcome.path), rejection);
                }
            }
        }
        gathered.report.inputs = self.inputs(outcomes, interrupted);
        gathered.finish()
    }

    fn empty_report(&self, interrupted: bool) -> Report {
        let Options { midi, notes, channels, selection, grids, layout: _, genres, max_error_steps } =
            &self.options;
        let shown = |path: &PathBuf| path.display().to_string();
        let options = [
            ("midi", serde_json::json!(midi.iter().map(shown).collect::<Vec<_>>())),
            ("notes", notes.map_or("auto".into(), |notes| serde_json::json!(notes))),
            (
                "channel",
                match channels {
                    DrumChannels::AsTheFileSays => "as the file says".into(),
                    DrumChannels::One(channel) => (channel + 1).into(),
                    DrumChannels::Any => "any".into(),
                },
            ),
            match selection {
                Selection::Patterns(keep) => ("keep", serde_json::json!(keep)),
                Selection::Parts { bars } => ("bars", serde_json::json!(bars)),
                Selection::Performances => ("performances", serde_json::json!(true)),
            },
            ("grid", serde_json::json!(grids.rule)),
            (
                "metre",
                if grids.metres == Metres::All { "all".into() } else { grids.metres.to_string().into() },
            ),
            ("genres", serde_json::json!(genres.as_ref().map(shown))),
            ("max_error_steps", serde_json::json!(max_error_steps)),
        ];
        Report {
            tool: format!("beatfield extract {}", env!("CARGO_PKG_VERSION")),
            options: options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            interrupted,
            files_found: self.intake.files(),
            other_files: self.intake.other_files,
            ..Report::default()
        }
    }

    fn inputs(&self, outcomes: &[Outcome], interrupted: bool) -> Vec<InputRecord> {
        let record = |(index, collection): (usize, &Collection)| {
            let folder_hash = || {
                let mut hash = Sha256::new();
                for outcome in outcomes.iter().filter(|outcome| outcome.collection == index) {
                    let digest = outcome.digest.map_or("-".to_owned(), hex::encode);
                    hash.update(format!("{}\t{digest}\n", outcome.path));
                }
                (!interrupted).then(|| hex::encode(hash.finalize()))
            };
            InputRecord {
                label: collection.label.clone(),
                path: collection.path.display().to_string(),
                files: collection.files,
                sha256: collection.sha256.clone().or_else(folder_hash),
            }
        };
        self.intake.collections.iter().enumerate().map(record).collect()
    }
}

/// The result of one document.
struct Outcome {
    order: usize,
    collection: usize,
    path: String,
    digest: Option<[u8; 32]>,
    patterns: Result<SongPatterns, Rejection>,
    hits: HitCounts,
    repairs: Repairs,
    /// The notes of its hits, with how often, where all are percussion.
    percussion_alone: Vec<(u8, u64)>,
}

/// The notes of a file's hits, with how often, where every drum of them is percussion.
fn percussion_alone(reading: &Reading, notes: NoteTable) -> Vec<(u8, u64)> {
    let mut times = [0_u64; 128];
    for hit in reading.parts.iter().flat_map(|part| &part.hits) {
        match notes.instrument(hit.note) {
            Some(PERCUSSION) => times[usize::from(hit.note)] += 1,
            Some(_) => return Vec::new(),
            None => {}
        }
    }
    (0..128).zip(times).filter(|&(_, times)| times > 0).collect()
}

fn bytes_of(content: Content) -> Result<Vec<u8>, Rejection> {
    match content {
        Content::Bytes(bytes) => Ok(bytes),
        Content::Unreadable(reason) => Err(Rejection::Unreadable(reason)),
        Content::File(path) => read_file(&path).map_err(|error| Rejection::Unreadable(error.to_string())),
    }
}

/// A file's bytes, at most [`LARGEST_FILE_BYTES`].
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let file = open_plain(path)?;
    // The length is only a hint: the file may grow meanwhile.
    let length = file.metadata()?.len().min(LARGEST_FILE_BYTES);
    let mut bytes = Vec::with_capacity(length as usize + 1);
    file.take(LARGEST_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE_BYTES {
        return Err(io::Error::other(format!(
            "it has more than {LARGEST_FILE_BYTES} bytes, so it is not read"
        )));
    }
    Ok(bytes)
}

fn table_for(collection: &Collection, path: &str) -> NoteTable {
    if collection.groove.contains_key(path) { NoteTable::Roland } else { NoteTable::Gm }
}

#[cfg(test)]
mod tests;
