//! What is measured against what: held-out songs, others to compare those with, and generated sets.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use corpus::sequences::{Sequence, read_sequences, write_sequences};
use corpus::split::is_held_out;
use nets::{PhraseDraw, PhraseModel, SongKind, SongModel, VaeDecoder};

use super::bars::PHRASE_BARS;
use super::borders::turns;
use super::controls::{grown, loops, played_on, unfolded};
use super::critics::{Asking, critics};
use super::form::{PIECE_BARS, form};
use super::genre::GenreEar;
use super::known::Known;
use super::originality::{Learnt, originality};
use super::set::{PhraseSet, generated, phrases_of, pieces_of};
use super::statistics::statistics;
use super::table::{Measured, Table};
use crate::chance::{Dice, Purpose};
use crate::patterns::is_validation;
use crate::songs::foreteller::Foreteller;

/// As many long pieces are made of each model.
const PIECES_MADE: usize = 300;

/// Whether originality and genres are measured too, which takes half a minute more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paque {
    /// All five criteria.
    Asked,
    /// Only those that come with the figures.
    NotAsked,
}

/// Real songs, and the sets of phrases that are held against them.
pub(crate) struct Asked {
    /// Phrases of held-out songs, as many as are measured of each set.
    real: PhraseSet,
    /// As many phrases of songs to learn from, to compare `real` with.
    others: PhraseSet,
    known: Known,
    /// All phrases of songs to learn from.
    training: PhraseSet,
    /// Phrases, and long pieces where there are any.
    sets: Vec<(PhraseSet, PhraseSet)>,
    count: usize,
    seed: u64,
}

impl Asked {
    /// Real songs from files; nothing to measure yet.
    pub(crate) fn new(files: &[PathBuf], count: usize, seed: u64) -> Result<Self> {
        let mut songs: Vec<Sequence> = Vec::new();
        for file in files {
            let read = read_sequences(file)?;
            if let Some(first) = read.rejected.first() {
                eprintln!("{}: {} lines left out, {first}", file.display(), read.rejected.len());
            }
            songs.extend(read.sequences);
        }
        let (held_out, training): (Vec<Sequence>, Vec<Sequence>) =
            songs.into_iter().partition(|song| is_held_out(&song.song));
        let training: Vec<Sequence> =
            training.into_iter().filter(|song| !is_validation(&song.song)).collect();
        let [held, other] = [&held_out, &training].map(|songs| phrases_of(songs));
        ensure!(!held.phrases.is_empty(), "no song of the files is held out and has sixteen bars");
        let some = |set: &PhraseSet, stream: u64| {
            let order = Dice::new(seed, Purpose::Control, stream).order(set.phrases.len());
            set.only(&order[..count.min(order.len())])
        };
        let classes: Vec<Vec<u16>> = training.iter().map(Sequence::classes).collect();
        Ok(Self {
            real: some(&held, 10),
            others: some(&other, 11),
            sets: vec![(held, pieces_of(&held_out, PIECE_BARS))],
            known: Known::of(&classes),
            training: other,
            count,
            seed,
        })
    }

    /// Also measures loops of two bars.
    pub(crate) fn add_loops(&mut self) {
        self.sets.push((loops(&self.real), PhraseSet::default()));
    }

    /// Also measures what a model of time plays at a temperature: one that foretells steps behind the first
    /// two bars of each real phrase or long piece, a phrase model from the home beat of each, an autoencoder
    /// of sixteen bars or more from latents. A long piece of a phrase model is its phrase over and over, as
    /// the plugin plays it.
    pub(crate) fn add_model(&mut self, file: &Path, temperature: f32) -> Result<()> {
        let model = SongModel::read(file)?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{name}, T {temperature}");
        let made = match model.kind() {
            SongKind::Step | SongKind::Lstm(_) | SongKind::DrumsRnn(_) => {
                let model = Foreteller::new(&model)?;
                let play = |behind: &PhraseSet| played_on(&model, &name, behind, temperature, self.seed);
                (play(&self.real), play(&first(&self.sets[0].1)))
            }
            SongKind::Vae(shape) => {
                let made = unfolded(&model, shape, &name, self.count, temperature, self.seed);
                let made = made.with_context(|| format!("{}", file.display()))?;
                let long = made.bars() >= PIECE_BARS - 4; // two minutes are 60 to 64 bars
                let pieces = if long { first(&made) } else { PhraseSet::default() };
                (made.cut(PHRASE_BARS, self.count), pieces)
            }
            SongKind::Phrase => {
                let draw = PhraseDraw { seed: self.seed, temperature, fills: 0.0 };
                let phrases = grown(&PhraseModel::new(model.weights())?, &name, &self.real, &draw);
                let mut pieces = first(&phrases);
                pieces.phrases.iter_mut().for_each(|piece| *piece = piece.repeat(PIECE_BARS / PHRASE_BARS));
                (phrases, pieces)
            }
        };
        self.sets.push(made);
        Ok(())
    }

    /// Also measures the sequences of a file.
    pub(crate) fn add_generated(&mut self, file: &Path) -> Result<()> {
        let [phrases, pieces] = [PHRASE_BARS, PIECE_BARS].map(|bars| generated(file, bars));
        let (mut phrases, pieces) = (phrases?, pieces?);
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
    pub(crate) fn keep(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("{}: can't be made", folder.display()))?;
        for (phrases, _) in &self.sets[1..] {
            let name: String = phrases.name.chars().filter(|letter| !letter.is_control()).collect();
            let place = folder.join(name.replace([' ', '/', '\\'], "-").replace(',', "") + ".tsv.gz");
            write_sequences(&place, &phrases.sequences())?;
            println!("{}: {} phrases", place.display(), phrases.phrases.len());
        }
        Ok(())
    }

    /// Everything measured.
    pub(crate) fn measured(&self, asking: Asking, paque: Paque) -> Result<Table> {
        let learnt = (paque == Paque::Asked)
            .then(|| (Learnt::of(&self.training.phrases), GenreEar::learn(&self.training, self.seed)));
        let mut table = Table::default();
        for (number, (phrases, pieces)) in self.sets.iter().enumerate() {
            // What stands in the column of real songs is the floor: real ones told from other real ones.
            let told = if number == 0 { &self.others } else { phrases };
            table.sets.push(Measured {
                name: phrases.name.clone(),
                statistics: statistics(&phrases.phrases, &self.known),
                form: (!pieces.phrases.is_empty()).then(|| form(&pieces.phrases)),
                turns: turns(&phrases.phrases),
                originality: learnt.as_ref().map(|(learnt, _)| originality(&phrases.phrases, learnt)),
                genres: learnt.as_ref().map(|(_, ear)| ear.judge(phrases)),
                critics: critics(told, &self.real, asking, self.seed)?,
            });
        }
        Ok(table)
    }
}

/// As many long pieces of a set as are made of each model.
fn first(set: &PhraseSet) -> PhraseSet {
    set.only(&(0..set.phrases.len().min(PIECES_MADE)).collect::<Vec<_>>())
}

/// What a kind of model is called in tables.
pub(crate) fn kind_name(kind: &SongKind) -> &'static str {
    match kind {
        SongKind::Step => "step model",
        SongKind::Lstm(_) => "LSTM",
        SongKind::DrumsRnn(_) => "DrumsRNN",
        SongKind::Phrase => "phrase model",
        SongKind::Vae(shape) => match shape.decoder {
            VaeDecoder::Mlp => "perceptron VAE",
            VaeDecoder::Flat => "flat VAE",
            VaeDecoder::Hierarchical => "hierarchical VAE",
        },
    }
}

/// Whether its loss is in nats a step, so that a perplexity follows from it.
pub(crate) fn foretells_steps(kind: &SongKind) -> bool {
    matches!(kind, SongKind::Step | SongKind::Lstm(_) | SongKind::DrumsRnn(_))
}

/// Whether [`Asked::add_model`] can let it play: it makes sixteen bars or more.
pub(crate) fn plays_phrases(kind: &SongKind) -> bool {
    match kind {
        SongKind::Vae(shape) => usize::from(shape.bars) >= PHRASE_BARS,
        SongKind::Step | SongKind::Lstm(_) | SongKind::DrumsRnn(_) | SongKind::Phrase => true,
    }
}
