//! `sample --kind`: a sequence model in, bars of drums as MIDI files out.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use beat::{Grid, Kit, class_of, step_of};
use corpus::midi::{LARGEST_FILE_BYTES, read_parts};
use corpus::notes::NoteTable;
use corpus::quantise::QuantisedSong;
use nets::{CounterRng, SequenceModel};
use nets::{ONE_BAR, TWO_BARS};
use rayon::prelude::*;
use serde_json::json;
use train::kinds::{Kind, SequenceKind};

use crate::pack::{create_empty, midi_file};
use crate::progress;

/// What to generate.
pub(crate) struct GenerationRequest<'a> {
    /// A kind of sequence model.
    pub(crate) kind: &'static Kind,
    /// The model's file; the shipped one if left out.
    pub(crate) model: Option<&'a Path>,
    /// A MIDI file whose first two bars are continued; the kind's default if left out.
    pub(crate) prime: Option<&'a Path>,
    pub(crate) bars: usize,
    pub(crate) temperature: f32,
    pub(crate) seed: u64,
    /// Number of files.
    pub(crate) count: usize,
    /// Quarter notes a minute.
    pub(crate) bpm: f64,
}

/// Generates and writes `count` MIDI files, and a manifest of how they were made.
pub(crate) fn generate(request: &GenerationRequest, folder: &Path) -> Result<()> {
    let wanted = request.kind.name;
    let sequence =
        request.kind.sequence.as_ref().with_context(|| format!("--kind {wanted} generates no bars"))?;
    let file = match request.model {
        Some(file) => file.to_owned(),
        None => shipped(Path::new(SHIPPED), wanted, sequence, request.bars)?,
    };
    let model = SequenceModel::read(&file)?;
    let found = Kind::of(&model)?.0.name;
    ensure!(
        wanted == found,
        "{}: is of --kind {found}, not {wanted}; name the kind that it is",
        file.display()
    );
    let generator = (sequence.generator)(&model)?;
    let prime = match request.prime {
        Some(file) => Some(prime_of(file)?),
        None => generator.default_prime().map(<[u16]>::to_vec),
    };
    create_empty(folder)?;
    let bar = progress::bar("sample", request.count);
    let made: Vec<Vec<u16>> = (0..request.count)
        .into_par_iter()
        .map(|take| {
            let rng = CounterRng { seed: request.seed, take: take as u32 };
            let classes = generator.bars(prime.as_deref(), request.bars, request.temperature, rng);
            bar.inc(1);
            classes.iter().map(|class| step_of(*class)).collect()
        })
        .collect();
    bar.finish_and_clear();
    let mut files = Vec::new();
    for (number, steps) in made.iter().enumerate() {
        let name = format!("bars-{:05}.mid", number + 1);
        let bytes = midi_file(&name, request.bpm, &Kit::DEFAULT, &Grid::FOUR_FOUR, steps, velocity)?;
        corpus::rows::write_atomically(&folder.join(&name), |out| out.write_all(&bytes))?;
        files.push(json!({ "file": name, "steps": steps }));
    }
    let manifest = json!({
        "made_by": model.provenance().commands,
        "bars": request.bars,
        "temperature": request.temperature,
        "seed": request.seed,
        "bpm": request.bpm,
        "ticks_a_beat": score::TICKS_A_BEAT,
        "prime": prime.map(|prime| prime.into_iter().map(step_of).collect::<Vec<_>>()),
        "files": files,
    });
    let text = serde_json::to_string_pretty(&manifest)?;
    corpus::rows::write_atomically(&folder.join("manifest.json"), |out| writeln!(out, "{text}"))?;
    println!("{}: {} MIDI files of {} bars and manifest.json", folder.display(), made.len(), request.bars);
    Ok(())
}

/// The folder of the shipped sequence models.
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/songs");

/// The shipped file of a kind for this number of bars, in the folder `songs`.
fn shipped(songs: &Path, kind: &str, sequence: &SequenceKind, bars: usize) -> Result<PathBuf> {
    let file = (sequence.shipped)(bars).map(|name| songs.join(name)).filter(|file| file.is_file());
    file.with_context(|| {
        format!("no model of --kind {kind} comes with Beatfield; name one with --model FILE")
    })
}

/// The first two bars of drums in a MIDI file, as classes.
fn prime_of(path: &Path) -> Result<Vec<u16>> {
    let name = path.display();
    let size = std::fs::metadata(path).with_context(|| format!("{name}: can't be read"))?.len();
    ensure!(size <= LARGEST_FILE_BYTES, "{name}: is too large for a MIDI file");
    let bytes = std::fs::read(path).with_context(|| format!("{name}: can't be read"))?;
    let parts = read_parts(&bytes).with_context(|| format!("{name}: is no MIDI file to prime with"))?;
    let grid = QuantisedSong::of(&parts, NoteTable::Gm).with_context(|| format!("{name}: can't prime"))?;
    let first = grid.passages.first();
    let first = first.with_context(|| format!("{name}: has no drums in 4/4 on channel 10 to prime with"))?;
    // A single bar is played twice.
    Ok(first.without_silent_ends().iter().copied().cycle().take(TWO_BARS).map(class_of).collect())
}

/// The velocity of a hit by its step: accents on the beats, loudest on the first.
fn velocity(step: usize, _instrument: usize) -> u8 {
    match step % ONE_BAR {
        0 => 116,
        4 | 8 | 12 => 108,
        step if step % 2 == 0 => 92,
        _ => 76,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nets::{Precision, Provenance, RecurrentConfig, STEP_SHAPE, StepModel, Weights};
    use sha2::Digest;

    fn untrained_step_model() -> Result<SequenceModel> {
        let weights = Weights::initial(&STEP_SHAPE.arrays(), 1);
        Ok(SequenceModel::new(StepModel::KIND, &(), weights, Provenance::default())?)
    }

    fn untrained_recurrent_model(kind: &str, config: &RecurrentConfig) -> Result<SequenceModel> {
        let weights = Weights::initial(&config.arrays(), 1);
        Ok(SequenceModel::new(kind, config, weights, Provenance::default())?)
    }

    fn written(folder: &Path, model: &SequenceModel, temperature: f32, seed: u64) -> Result<Vec<Vec<u8>>> {
        let kind = Kind::of(model)?.0;
        let file = folder.join("model.safetensors");
        std::fs::write(&file, model.to_bytes(Precision::Half))?;
        let prime = folder.join("prime.mid");
        std::fs::write(
            &prime,
            midi_file("prime", 100.0, &Kit::DEFAULT, &Grid::FOUR_FOUR, &[1, 0, 16, 0].repeat(8), |_, _| 90)?,
        )?;
        let request = GenerationRequest {
            kind,
            model: Some(&file),
            prime: Some(&prime),
            bars: 3,
            temperature,
            seed,
            count: 2,
            bpm: 120.0,
        };
        let out = tempfile::tempdir_in(folder)?;
        generate(&request, out.path())?;
        ["bars-00001.mid", "bars-00002.mid"]
            .iter()
            .map(|name| Ok(std::fs::read(out.path().join(name))?))
            .collect()
    }

    #[test]
    fn a_seed_plays_the_same_bars_twice_and_every_take_its_own() -> Result<()> {
        let folder = tempfile::tempdir()?;
        for model in [
            untrained_step_model()?,
            untrained_recurrent_model("lstm", &RecurrentConfig::lstm(&[]))?,
            untrained_recurrent_model("drums-rnn", &RecurrentConfig::drums_rnn(32))?,
        ] {
            let played = |temperature, seed| written(folder.path(), &model, temperature, seed);
            let first = played(1.0, 1)?;
            assert_eq!(first, played(1.0, 1)?);
            assert_ne!(first, played(1.0, 2)?);
            assert_ne!(first[0], first[1]);
            assert_eq!(
                played(0.0, 1)?[0],
                played(0.0, 2)?[0],
                "the most probable bars need no random numbers"
            );
            let read = QuantisedSong::of(&read_parts(&first[0])?, NoteTable::Gm)?;
            assert!(read.passages.iter().map(|passage| passage.steps.len()).sum::<usize>() <= 3 * 16);
        }
        Ok(())
    }

    #[test]
    fn a_file_that_cannot_prime_is_refused_with_a_sentence() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("no.mid");
        std::fs::write(&file, b"no MIDI at all")?;
        let error = prime_of(&file).map_err(|error| format!("{error:#}"));
        assert!(error.is_err_and(|error| error.contains("no MIDI file to prime with")));
        std::fs::write(
            &file,
            midi_file("silent", 100.0, &Kit::DEFAULT, &Grid::FOUR_FOUR, &[0; 32], |_, _| 90)?,
        )?;
        assert!(prime_of(&file).is_err_and(|error| error.to_string().contains("no drums")));
        std::fs::write(
            &file,
            midi_file("one bar", 100.0, &Kit::DEFAULT, &Grid::FOUR_FOUR, &[2; 16], |_, _| 90)?,
        )?;
        assert_eq!(prime_of(&file)?, [2; 32]);
        Ok(())
    }

    #[test]
    fn a_model_of_another_kind_and_one_that_does_not_ship_are_refused_with_a_sentence() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("step.safetensors");
        std::fs::write(&file, untrained_step_model()?.to_bytes(Precision::Half))?;
        let generated = |kind: &str, model| {
            let kind = Kind::named(kind).context("a kind of the registry")?;
            let (bars, temperature, seed, count, bpm) = (1, 0.0, 1, 1, 120.0);
            let request = GenerationRequest { kind, model, prime: None, bars, temperature, seed, count, bpm };
            generate(&request, &folder.path().join("out"))
        };
        let refused = |kind: &str, model, sentence: &str| {
            generated(kind, model).is_err_and(|error| error.to_string().contains(sentence))
        };
        assert!(refused("phrase", Some(file.as_path()), "is of --kind step, not phrase"));
        assert!(refused("lstm", None, "no model of --kind lstm comes"));
        assert!(refused("ae", None, "--kind ae generates no bars"));
        generated("step", Some(&file))?;
        Ok(())
    }

    #[test]
    fn the_shipped_models_have_the_hashes_in_their_readme() -> Result<()> {
        let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets");
        let page = std::fs::read_to_string(assets.join("README.md"))?;
        let mut count = 0;
        for entry in assets.join("songs").read_dir()? {
            let file = entry?.path();
            let bytes = std::fs::read(&file)?;
            let sha256 = hex::encode(sha2::Sha256::digest(&bytes));
            assert!(page.contains(&sha256), "{}: assets/README.md lacks {sha256}", file.display());
            assert!(bytes.len() < 3 << 20, "{}", file.display());
            let model = SequenceModel::read(&file)?;
            let sequence = Kind::of(&model)?.1;
            (sequence.generator)(&model)?;
            count += 1;
        }
        assert!(count > 0);
        Ok(())
    }
}
