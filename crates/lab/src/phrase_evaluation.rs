//! Evaluation of generated phrases against held-out songs.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use corpus::sequences::{Sequence, write_sequences};
use corpus::split::is_held_out;
use nets::{PHRASE_BARS, SequenceModel};
use train::kinds::{Kind, PhraseRequest};
use train::metrics::phrases::critics::{CriticChoice, critics};
use train::metrics::phrases::form::{PIECE_BARS, form, turns};
use train::metrics::phrases::genre::GenreClassifier;
use train::metrics::phrases::originality::{NearestPhrases, TrainingPhrases, originality};
use train::metrics::phrases::set::{PhraseSet, cut_generated, loops, phrases_of, pieces_of};
use train::metrics::phrases::statistics::statistics;
use train::patterns::is_validation;
use train::rng::{Purpose, TrainingRng};
use train::songs::read_songs;

use crate::phrase_table::{MeasuredSet, PhraseTable};

/// The most long pieces of a set.
const MAX_PIECES: usize = 300;

/// Which of the five criteria of Paque (2023) are measured (docs/report/sequences.md); originality and genres take
/// half a minute more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaqueCriteria {
    /// All five of them.
    All,
    /// Only those that come with the statistics.
    Basic,
}

/// Real songs, and the sets of phrases that are compared with them.
pub(crate) struct PhraseEvaluation {
    /// `count` phrases of held-out songs.
    real: PhraseSet,
    /// As many phrases of training songs: the control that `real` is compared with.
    others: PhraseSet,
    /// For exact copies.
    training_phrases: TrainingPhrases,
    /// All phrases of training songs.
    training: PhraseSet,
    /// The sets to measure: phrases, and long pieces where there are any. Real songs are the first.
    sets: Vec<(PhraseSet, PhraseSet)>,
    count: usize,
    seed: u64,
}

impl PhraseEvaluation {
    /// Reads real songs from files.
    pub(crate) fn new(files: &[PathBuf], count: usize, seed: u64) -> Result<Self> {
        let mut songs: Vec<Sequence> = Vec::new();
        for file in files {
            songs.extend(read(file)?);
        }
        let (held_out, training): (Vec<Sequence>, Vec<Sequence>) =
            songs.into_iter().partition(|song| is_held_out(&song.song));
        let training: Vec<Sequence> =
            training.into_iter().filter(|song| !is_validation(&song.song)).collect();
        let [held, other] = [&held_out, &training].map(|songs| phrases_of(songs));
        ensure!(!held.phrases.is_empty(), "no song of the files is held out and has sixteen bars");
        let sample = |set: &PhraseSet, stream: u64| {
            let order = TrainingRng::new(seed, Purpose::Control, stream).order(set.phrases.len());
            set.only(&order[..count.min(order.len())])
        };
        let classes: Vec<Vec<u16>> = training.iter().map(Sequence::classes).collect();
        Ok(Self {
            real: sample(&held, 10),
            others: sample(&other, 11),
            sets: vec![(held, pieces_of(&held_out, PIECE_BARS))],
            training_phrases: TrainingPhrases::of(&classes),
            training: other,
            count,
            seed,
        })
    }

    /// Also measures loops of two bars.
    pub(crate) fn add_loops(&mut self) {
        self.sets.push((loops(&self.real), PhraseSet::default()));
    }

    /// Also measures phrases that a sequence model generates at a temperature.
    pub(crate) fn add_model(&mut self, file: &Path, temperature: f32) -> Result<()> {
        let model = SequenceModel::read(file)?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let request = PhraseRequest {
            real: &self.real,
            pieces: &first(&self.sets[0].1),
            name: format!("{name}, T {temperature}"),
            count: self.count,
            temperature,
            seed: self.seed,
        };
        let generate = Kind::of(&model)?.1.phrases;
        let [phrases, pieces] = generate(&model, &request).with_context(|| format!("{}", file.display()))?;
        self.sets.push((phrases, first(&pieces)));
        Ok(())
    }

    /// Also measures the sequences of a file.
    pub(crate) fn add_generated(&mut self, file: &Path) -> Result<()> {
        let name = file.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
        let stem = name.strip_suffix(".gz").unwrap_or(&name);
        let stem = stem.strip_suffix(".tsv").unwrap_or(stem);
        let sequences = read(file)?;
        let [mut phrases, pieces] =
            [PHRASE_BARS, PIECE_BARS].map(|bars| cut_generated(stem, &sequences, bars));
        ensure!(!phrases.phrases.is_empty(), "{}: no sequence has sixteen bars", file.display());
        let found = phrases.phrases.len();
        if found < self.count {
            eprintln!("{}: {found} phrases, where --count asks for {}", file.display(), self.count);
        }
        phrases = phrases.only(&(0..found.min(self.count)).collect::<Vec<_>>());
        self.sets.push((phrases, pieces));
        Ok(())
    }

    /// Writes every generated set to a file of its own in `folder`, in the format of songs.
    pub(crate) fn write_generated(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("{}: can't be made", folder.display()))?;
        for (phrases, _) in &self.sets[1..] {
            let name: String = phrases.name.chars().filter(|letter| !letter.is_control()).collect();
            let place = folder.join(name.replace([' ', '/', '\\'], "-").replace(',', "") + ".tsv.gz");
            write_sequences(&place, &phrases.sequences())?;
            println!("{}: {} phrases", place.display(), phrases.phrases.len());
        }
        Ok(())
    }

    /// Measures every set.
    pub(crate) fn measured(&self, choice: CriticChoice, paque: PaqueCriteria) -> Result<PhraseTable> {
        let trained = (paque == PaqueCriteria::All).then(|| {
            (NearestPhrases::of(&self.training.phrases), GenreClassifier::train(&self.training, self.seed))
        });
        let mut table = PhraseTable::default();
        for (number, (phrases, pieces)) in self.sets.iter().enumerate() {
            // The control: in the first column the critics compare other real songs with the real ones.
            let scored = if number == 0 { &self.others } else { phrases };
            table.sets.push(MeasuredSet {
                name: phrases.name.clone(),
                statistics: statistics(&phrases.phrases, &self.training_phrases),
                form: (!pieces.phrases.is_empty()).then(|| form(&pieces.phrases)),
                turns: turns(&phrases.phrases),
                originality: trained.as_ref().map(|(nearest, _)| originality(&phrases.phrases, nearest)),
                genres: trained.as_ref().map(|(_, classifier)| classifier.accuracy(phrases)),
                critics: critics(scored, &self.real, choice, self.seed)?,
            });
        }
        Ok(table)
    }
}

/// The first [`MAX_PIECES`] of a set.
fn first(set: &PhraseSet) -> PhraseSet {
    set.only(&(0..set.phrases.len().min(MAX_PIECES)).collect::<Vec<_>>())
}

/// The sequences of a file; lines that were left out are counted on standard error.
fn read(file: &Path) -> Result<Vec<Sequence>> {
    let (sequences, warning) = read_songs(file)?;
    if let Some(warning) = warning {
        eprintln!("{warning}");
    }
    Ok(sequences)
}
