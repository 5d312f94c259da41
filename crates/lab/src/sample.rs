//! `sample`: a model in, patterns out, in the format of the paper's published samples; or, of a model of
//! time, bars that follow each other.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use beat::Pattern;
use clap::{Args, ValueEnum};
use nets::{CodeCloud, Draw, Latent, Model, PatternDecoder};

use crate::chance::{Dice, Purpose};
use crate::pack::Pack;
use crate::songs::{self, Player, Request};

/// How far a latent strays from the training code it is drawn around, in deviations of all codes.
const AROUND: f32 = 0.05;

/// Where latents come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Latents {
    /// Around the codes of training patterns.
    Data,
    /// From a normal with the codes' mean and deviation in each dimension: the paper's protocol.
    Normal,
}

/// What `sample` is told.
#[derive(Args, Debug)]
pub(crate) struct Sample {
    /// A model of time that plays bars as MIDI files; without it, patterns are drawn from --model
    #[arg(long, value_enum, requires = "midi", conflicts_with_all = ["out", "latents"])]
    kind: Option<Player>,
    /// The model; of a model of time, the one that ships if left out
    #[arg(long, value_name = "FILE", required_unless_present = "kind")]
    model: Option<PathBuf>,
    /// For a model of time: how many bars
    #[arg(long, default_value_t = 16, requires = "kind", value_parser = clap::value_parser!(u16).range(1..=1024))]
    bars: u16,
    /// For a model of time: a MIDI file whose first two bars come before, instead of a plain rock beat; for
    /// a variational autoencoder, where its latents are drawn around, instead of from anywhere
    #[arg(long, value_name = "FILE", requires = "kind")]
    prime: Option<PathBuf>,
    /// How many patterns (1000 if left out), or files of bars (1 if left out)
    #[arg(long)]
    count: Option<usize>,
    /// Decides the latents and the dice
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// 0 is the likeliest pattern of each latent, 1.5 the hottest
    #[arg(long, default_value_t = 0.0)]
    temperature: f32,
    /// Where the latents come from
    #[arg(long, value_enum, default_value_t = Latents::Data)]
    latents: Latents,
    /// Where the patterns go: code, TAB, 4 comma-separated latents
    #[arg(long, value_name = "FILE", required_unless_present = "midi")]
    out: Option<PathBuf>,
    /// A new or empty folder for a pack: one MIDI file a pattern, and manifest.json
    #[arg(long, value_name = "FOLDER")]
    midi: Option<PathBuf>,
    /// The tempo that the pack's files are stamped with, in quarter notes a minute
    #[arg(long, default_value_t = 120.0)]
    bpm: f64,
}

/// Samples and writes.
pub(crate) fn run(args: &Sample) -> Result<()> {
    let count = args.count.unwrap_or(if args.kind.is_some() { 1 } else { 1000 });
    ensure!(count > 0, "--count 0 asks for nothing");
    ensure!((0.0..=1.5).contains(&args.temperature), "--temperature goes from 0 to 1.5");
    ensure!((20.0..=400.0).contains(&args.bpm), "--bpm goes from 20 to 400");
    if let (Some(player), Some(folder)) = (args.kind, &args.midi) {
        return play(args, player, count, folder);
    }
    let model = Model::read(args.model.as_deref().context("name a model with --model FILE")?)?;
    let latents = draw_latents(model.codes(), args.latents, count, args.seed);
    let latents: Vec<Latent> = latents.into_iter().map(|(latent, _)| latent).collect();
    let patterns = draw_patterns(&model, &latents, args.temperature, args.seed);
    if let Some(out) = &args.out {
        corpus::rows::write_atomically(out, |file| write_samples(file, &patterns, &latents))?;
        println!("{}: {} patterns", out.display(), patterns.len());
    }
    if let Some(folder) = &args.midi {
        let pack = Pack {
            model: &model,
            temperature: args.temperature,
            seed: args.seed,
            bpm: args.bpm,
            patterns: &patterns,
            latents: &latents,
        };
        pack.write(folder)?;
        println!("{}: {} MIDI files and manifest.json", folder.display(), patterns.len());
    }
    Ok(())
}

/// Has a model of time play.
fn play(args: &Sample, player: Player, count: usize, folder: &Path) -> Result<()> {
    let request = Request {
        player,
        model: args.model.as_deref(),
        prime: args.prime.as_deref(),
        bars: usize::from(args.bars),
        temperature: args.temperature,
        seed: args.seed,
        count,
        bpm: args.bpm,
    };
    songs::sample(&request, folder)
}

/// Latents drawn from a model's codes, each with the code that it was drawn around. `data` needs codes
/// in the model and falls back to the normal, which is around no code: then it is the number of the draw.
pub(crate) fn draw_latents(
    codes: &CodeCloud,
    from: Latents,
    count: usize,
    seed: u64,
) -> Vec<(Latent, usize)> {
    let mut dice = Dice::new(seed, Purpose::Latents, 0);
    (0..count)
        .map(|row| {
            let (centre, width, code) = match from {
                Latents::Data if !codes.codes.is_empty() => {
                    let code = dice.below(codes.codes.len());
                    (codes.codes[code], AROUND, code)
                }
                _ => (codes.mean, 1.0, row),
            };
            (std::array::from_fn(|d| centre[d] + width * codes.deviation[d] * dice.normal()), code)
        })
        .collect()
}

/// The pattern of each latent, each with dice of its own.
pub(crate) fn draw_patterns(model: &Model, latents: &[Latent], temperature: f32, seed: u64) -> Vec<Pattern> {
    let decoder = PatternDecoder::new(model);
    decoder.patterns(latents, |row| draw(temperature, seed, row))
}

/// How pattern `row` is drawn.
pub(crate) fn draw(temperature: f32, seed: u64, row: usize) -> Draw {
    Draw { temperature, density: 0.0, dice: nets::Dice { seed, take: row as u32 } }
}

fn write_samples(file: &mut dyn Write, patterns: &[Pattern], latents: &[Latent]) -> std::io::Result<()> {
    for (pattern, [a, b, c, d]) in patterns.iter().zip(latents) {
        let steps = pattern.steps();
        write!(file, "{}", steps[0])?;
        steps[1..].iter().try_for_each(|step| write!(file, ",{step}"))?;
        writeln!(file, "\t{a},{b},{c},{d}")?;
    }
    Ok(())
}

/// Samples at temperature 1, for tests of what reads them.
#[cfg(test)]
pub(crate) fn to_file(model: &Model, path: &Path, count: usize) -> Result<()> {
    let latents = draw_latents(model.codes(), Latents::Data, count, 1);
    let latents: Vec<Latent> = latents.into_iter().map(|(latent, _)| latent).collect();
    let patterns = draw_patterns(model, &latents, 1.0, 1);
    corpus::rows::write_atomically(path, |file| write_samples(file, &patterns, &latents))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_back_as_they_were_written() -> Result<()> {
        let model = Model::synthetic(3);
        let latents = draw_latents(model.codes(), Latents::Data, 50, 1);
        let latents: Vec<Latent> = latents.into_iter().map(|(latent, _)| latent).collect();
        let patterns = draw_patterns(&model, &latents, 0.5, 1);
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("s.tsv");
        corpus::rows::write_atomically(&path, |file| write_samples(file, &patterns, &latents))?;
        let read = corpus::rows::read_patterns(&path)?;
        assert_eq!(read.rows.iter().map(|row| row.pattern).collect::<Vec<_>>(), patterns);
        assert_eq!(read.latents, latents);
        assert!(read.rejected.is_empty());
        Ok(())
    }

    #[test]
    fn latents_of_data_lie_near_codes_and_normal_ones_have_their_spread() {
        let codes = CodeCloud::of(
            (0..200).map(|k| [if k % 2 == 0 { -3.0 } else { 3.0 }, 1.0, 0.0, k as f32]).collect(),
        );
        for (z, code) in draw_latents(&codes, Latents::Data, 300, 4) {
            assert_eq!(z[0] < 0.0, code % 2 == 0);
            assert!((z[0].abs() - 3.0).abs() < 1.0 && z[1] == 1.0, "{z:?}");
        }
        let normal = draw_latents(&codes, Latents::Normal, 4000, 4);
        let spread = (normal.iter().map(|(z, _)| z[0] * z[0]).sum::<f32>() / 4000.0).sqrt();
        assert!((spread - 3.0).abs() < 0.15, "{spread}");
        assert_eq!(normal, draw_latents(&codes, Latents::Normal, 4000, 4));
    }
}
