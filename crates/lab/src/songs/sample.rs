//! `sample --kind …`: a model of time in, bars of drums as MIDI files out.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use beat::{Kit, STEPS, STEPS_PER_BAR, class_of, step_of};
use corpus::midi::{LARGEST_FILE_BYTES, read_parts};
use corpus::notes::NoteTable;
use corpus::quantise::QuantisedSong;
use nets::{Dice, SongModel};
use rayon::prelude::*;
use serde_json::json;

use super::players::{Player, player};
use crate::loop_file::{TICKS_A_BEAT, midi_file};
use crate::progress;

/// What it is asked for.
pub(crate) struct Request<'a> {
    pub(crate) player: Player,
    /// The model's file; what ships if left out.
    pub(crate) model: Option<&'a Path>,
    /// A MIDI file whose first two bars come before; a plain rock beat if left out.
    pub(crate) prime: Option<&'a Path>,
    pub(crate) bars: usize,
    pub(crate) temperature: f32,
    pub(crate) seed: u64,
    /// How many files.
    pub(crate) count: usize,
    /// Quarter notes a minute.
    pub(crate) bpm: f64,
}

/// Plays and writes one MIDI file for each time it was asked, and a manifest that says how.
pub(crate) fn sample(request: &Request, folder: &Path) -> Result<()> {
    let file = match request.model {
        Some(file) => file.to_owned(),
        None => shipped(Path::new(SHIPPED), request.player, request.bars)?,
    };
    let model = SongModel::read(&file)?;
    let (asked, found) = (request.player.name(), Player::of(model.kind()).name());
    ensure!(
        asked == found,
        "{}: is of --kind {found}, not {asked}; name the kind that it is",
        file.display()
    );
    let plays = player(&model)?;
    let prime = match request.prime {
        Some(file) => Some(prime_of(file)?),
        None => plays.begins_with().map(<[u16]>::to_vec),
    };
    make_empty(folder)?;
    let bar = progress::bar("sample", request.count);
    let made: Vec<Vec<u16>> = (0..request.count)
        .into_par_iter()
        .map(|take| {
            let dice = Dice { seed: request.seed, take: take as u32 };
            let classes = plays.bars(prime.as_deref(), request.bars, request.temperature, dice);
            bar.inc(1);
            classes.iter().map(|class| step_of(*class)).collect()
        })
        .collect();
    bar.finish_and_clear();
    let mut files = Vec::new();
    for (number, steps) in made.iter().enumerate() {
        let name = format!("bars-{:05}.mid", number + 1);
        let bytes = midi_file(&name, request.bpm, &Kit::DEFAULT, steps, velocity)?;
        corpus::rows::write_atomically(&folder.join(&name), |out| out.write_all(&bytes))?;
        files.push(json!({ "file": name, "steps": steps }));
    }
    let manifest = json!({
        "made_by": model.provenance().commands,
        "bars": request.bars,
        "temperature": request.temperature,
        "seed": request.seed,
        "bpm": request.bpm,
        "ticks_a_beat": TICKS_A_BEAT,
        "prime": prime.map(|prime| prime.into_iter().map(step_of).collect::<Vec<_>>()),
        "files": files,
    });
    let text = serde_json::to_string_pretty(&manifest)?;
    corpus::rows::write_atomically(&folder.join("manifest.json"), |out| writeln!(out, "{text}"))?;
    println!("{}: {} MIDI files of {} bars and manifest.json", folder.display(), made.len(), request.bars);
    Ok(())
}

/// Where the models of time lie that come with Beatfield.
const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/songs");

/// The file of a kind among those in `songs`. What plays bars at once comes by its number of bars.
fn shipped(songs: &Path, player: Player, bars: usize) -> Result<PathBuf> {
    let kind = player.name();
    let length = match player {
        Player::Hierarchical => "-16",
        Player::Mlp | Player::Flat if bars > 2 => "-16",
        Player::Mlp | Player::Flat => "-2",
        Player::Step | Player::Lstm | Player::DrumsRnn | Player::Phrase => "",
    };
    let file = songs.join(format!("{kind}{length}.safetensors"));
    ensure!(file.is_file(), "no model of --kind {kind} comes with Beatfield; name one with --model FILE");
    Ok(file)
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
    Ok(first.steps.iter().copied().cycle().take(STEPS).map(class_of).collect())
}

/// How hard a hit is: beats lean on the bar, what lies between them is lighter.
fn velocity(step: usize, _instrument: usize) -> u8 {
    match step % STEPS_PER_BAR {
        0 => 116,
        4 | 8 | 12 => 108,
        step if step % 2 == 0 => 92,
        _ => 76,
    }
}

fn make_empty(folder: &Path) -> Result<()> {
    let name = folder.display();
    std::fs::create_dir_all(folder).with_context(|| format!("{name}: can't be made"))?;
    let mut there = folder.read_dir().with_context(|| format!("{name}: can't be read"))?;
    ensure!(there.next().is_none(), "{name}: is not empty; it wants a folder of its own");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nets::{Precision, Provenance, RecurrentShape, SongKind, Weights};
    use sha2::Digest;

    fn written(folder: &Path, kind: SongKind, temperature: f32, seed: u64) -> Result<Vec<Vec<u8>>> {
        let player = Player::of(&kind);
        let weights = Weights::initial(&kind.arrays(), 1);
        let model = SongModel::new(kind, weights, Provenance::default())?;
        let file = folder.join("model.safetensors");
        std::fs::write(&file, model.to_bytes(Precision::Half))?;
        let prime = folder.join("prime.mid");
        std::fs::write(
            &prime,
            midi_file("prime", 100.0, &Kit::DEFAULT, &[1, 0, 16, 0].repeat(8), |_, _| 90)?,
        )?;
        let request = Request {
            player,
            model: Some(&file),
            prime: Some(&prime),
            bars: 3,
            temperature,
            seed,
            count: 2,
            bpm: 120.0,
        };
        let out = tempfile::tempdir_in(folder)?;
        sample(&request, out.path())?;
        ["bars-00001.mid", "bars-00002.mid"]
            .iter()
            .map(|name| Ok(std::fs::read(out.path().join(name))?))
            .collect()
    }

    #[test]
    fn a_seed_plays_the_same_bars_twice_and_every_take_its_own() -> Result<()> {
        let folder = tempfile::tempdir()?;
        for kind in [
            SongKind::Step,
            SongKind::Lstm(RecurrentShape::lstm(&[])),
            SongKind::DrumsRnn(RecurrentShape::drums_rnn(32)),
        ] {
            let played = |temperature, seed| written(folder.path(), kind.clone(), temperature, seed);
            let first = played(1.0, 1)?;
            assert_eq!(first, played(1.0, 1)?);
            assert_ne!(first, played(1.0, 2)?);
            assert_ne!(first[0], first[1]);
            assert_eq!(played(0.0, 1)?[0], played(0.0, 2)?[0], "the likeliest bars need no dice");
            let read = QuantisedSong::of(&read_parts(&first[0])?, NoteTable::Gm)?;
            assert!(read.passages.iter().map(|passage| passage.steps.len()).sum::<usize>() <= 3 * 16);
        }
        Ok(())
    }

    #[test]
    fn what_cannot_prime_is_told_in_a_sentence() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("no.mid");
        std::fs::write(&file, b"no MIDI at all")?;
        let said = prime_of(&file).map_err(|error| format!("{error:#}"));
        assert!(said.is_err_and(|said| said.contains("no MIDI file to prime with")));
        std::fs::write(&file, midi_file("silent", 100.0, &Kit::DEFAULT, &[0; 32], |_, _| 90)?)?;
        assert!(prime_of(&file).is_err_and(|error| error.to_string().contains("no drums")));
        std::fs::write(&file, midi_file("one bar", 100.0, &Kit::DEFAULT, &[2; 16], |_, _| 90)?)?;
        assert_eq!(prime_of(&file)?, [2; 32]);
        Ok(())
    }

    #[test]
    fn a_model_of_another_kind_and_one_that_does_not_ship_are_told_in_a_sentence() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let weights = Weights::initial(&SongKind::Step.arrays(), 1);
        let model = SongModel::new(SongKind::Step, weights, Provenance::default())?;
        let file = folder.path().join("step.safetensors");
        std::fs::write(&file, model.to_bytes(Precision::Half))?;
        let said = |player, model| {
            let (bars, temperature, seed, count, bpm) = (1, 0.0, 1, 1, 120.0);
            let request = Request { player, model, prime: None, bars, temperature, seed, count, bpm };
            sample(&request, &folder.path().join("out")).map_err(|error| error.to_string())
        };
        assert!(
            said(Player::Phrase, Some(&file))
                .is_err_and(|said| said.contains("is of --kind step, not phrase"))
        );
        let none = shipped(folder.path(), Player::Lstm, 1).map_err(|error| error.to_string());
        assert!(none.is_err_and(|said| said.contains("no model of --kind lstm comes")));
        assert_eq!(said(Player::Step, Some(&file)), Ok(()));
        Ok(())
    }

    #[test]
    fn what_ships_is_what_its_page_says() -> Result<()> {
        let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets");
        let page = std::fs::read_to_string(assets.join("README.md"))?;
        let mut count = 0;
        for entry in assets.join("songs").read_dir()? {
            let file = entry?.path();
            let bytes = std::fs::read(&file)?;
            let sha256 = hex::encode(sha2::Sha256::digest(&bytes));
            assert!(page.contains(&sha256), "{}: assets/README.md lacks {sha256}", file.display());
            assert!(bytes.len() < 3 << 20, "{}", file.display());
            SongModel::read(&file)?;
            count += 1;
        }
        assert!(count > 0);
        Ok(())
    }
}
