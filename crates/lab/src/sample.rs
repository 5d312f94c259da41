//! `sample`: a model in, patterns out, in the format of the paper's published samples; or, from a sequence model,
//! bars as MIDI files.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use beat::{Grid, Pattern};
use clap::{Args, ValueEnum};
use nets::{Latent, Model};
use train::kinds::{KINDS, Kind};
use train::latents::{LatentSource, draw_latents, draw_patterns};

use crate::generate::{GenerationRequest, generate};
use crate::pack::Pack;

/// Distribution of the latents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Latents {
    /// Around the codes of training patterns.
    Data,
    /// From a normal with the codes' mean and deviation in each dimension: the paper's protocol.
    Normal,
}

#[derive(Args, Debug)]
pub(crate) struct Sample {
    /// A kind of sequence model, which generates bars as MIDI files; without it, patterns are drawn from --model
    #[arg(long, value_parser = sequence_kinds(), requires = "midi", conflicts_with_all = ["out", "latents"])]
    kind: Option<String>,
    /// The model; for a sequence model, the shipped one if left out
    #[arg(long, value_name = "FILE", required_unless_present = "kind")]
    model: Option<PathBuf>,
    /// For a sequence model: number of bars
    #[arg(long, default_value_t = 16, requires = "kind", value_parser = clap::value_parser!(u16).range(1..=1024))]
    bars: u16,
    /// For a sequence model: a MIDI file whose first two bars are continued, instead of a plain rock beat; for a
    /// variational autoencoder, the beat around whose latent it samples
    #[arg(long, value_name = "FILE", requires = "kind")]
    prime: Option<PathBuf>,
    /// Number of patterns (1000 if left out), or of files of bars (1 if left out)
    #[arg(long)]
    count: Option<usize>,
    /// Seed of the latents and of all draws
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Sampling temperature, 0 to 1.5; 0 gives the likeliest pattern of each latent
    #[arg(long, default_value_t = 0.0)]
    temperature: f32,
    /// Distribution of the latents
    #[arg(long, value_enum, default_value_t = Latents::Data)]
    latents: Latents,
    /// The file to write patterns to: code, TAB, 4 comma-separated latents
    #[arg(long, value_name = "FILE", required_unless_present = "midi")]
    out: Option<PathBuf>,
    /// A new or empty folder for a pack: one MIDI file a pattern, and manifest.json
    #[arg(long, value_name = "FOLDER")]
    midi: Option<PathBuf>,
    /// Tempo of the MIDI files, in quarter notes a minute
    #[arg(long, default_value_t = 120.0)]
    bpm: f64,
}

impl Latents {
    fn source(self) -> LatentSource {
        match self {
            Self::Data => LatentSource::Data,
            Self::Normal => LatentSource::Normal,
        }
    }
}

/// The names of the sequence models' kinds.
fn sequence_kinds() -> clap::builder::PossibleValuesParser {
    KINDS.iter().filter(|kind| kind.sequence.is_some()).map(|kind| kind.name).collect::<Vec<_>>().into()
}

/// Samples patterns, or bars of a sequence model, and writes them.
pub(crate) fn run(args: &Sample) -> Result<()> {
    let count = args.count.unwrap_or(if args.kind.is_some() { 1 } else { 1000 });
    ensure!(count > 0, "--count 0 asks for nothing");
    ensure!((0.0..=1.5).contains(&args.temperature), "--temperature goes from 0 to 1.5");
    ensure!((20.0..=400.0).contains(&args.bpm), "--bpm goes from 20 to 400");
    if let (Some(kind), Some(folder)) = (&args.kind, &args.midi) {
        let kind = Kind::named(kind).context("no such kind")?;
        return sample_bars(args, kind, count, folder);
    }
    let model = Model::read(args.model.as_deref().context("name a model with --model FILE")?)?;
    let latents = draw_latents(model.codes(), args.latents.source(), count, args.seed);
    let latents: Vec<Latent> = latents.into_iter().map(|(latent, _)| latent).collect();
    let patterns = draw_patterns(&model, &latents, args.temperature, args.seed);
    if let Some(out) = &args.out {
        corpus::rows::write_atomically(out, |file| write_samples(file, model.grid(), &patterns, &latents))?;
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

/// Generates bars from a sequence model.
fn sample_bars(args: &Sample, kind: &'static Kind, count: usize, folder: &Path) -> Result<()> {
    let request = GenerationRequest {
        kind,
        model: args.model.as_deref(),
        prime: args.prime.as_deref(),
        bars: usize::from(args.bars),
        temperature: args.temperature,
        seed: args.seed,
        count,
        bpm: args.bpm,
    };
    generate(&request, folder)
}

fn write_samples(
    file: &mut dyn Write,
    grid: &Grid,
    patterns: &[Pattern],
    latents: &[Latent],
) -> std::io::Result<()> {
    for (pattern, [a, b, c, d]) in patterns.iter().zip(latents) {
        let steps = &pattern.steps()[..grid.steps()];
        write!(file, "{}", steps[0])?;
        steps[1..].iter().try_for_each(|step| write!(file, ",{step}"))?;
        writeln!(file, "\t{a},{b},{c},{d}")?;
    }
    Ok(())
}

/// Writes samples at temperature 1, for tests of their readers.
#[cfg(test)]
pub(crate) fn to_file(model: &Model, path: &Path, count: usize) -> Result<()> {
    let latents = draw_latents(model.codes(), LatentSource::Data, count, 1);
    let latents: Vec<Latent> = latents.into_iter().map(|(latent, _)| latent).collect();
    let patterns = draw_patterns(model, &latents, 1.0, 1);
    corpus::rows::write_atomically(path, |file| write_samples(file, model.grid(), &patterns, &latents))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_back_as_they_were_written() -> Result<()> {
        let model = Model::synthetic(3);
        let latents = draw_latents(model.codes(), LatentSource::Data, 50, 1);
        let latents: Vec<Latent> = latents.into_iter().map(|(latent, _)| latent).collect();
        let patterns = draw_patterns(&model, &latents, 0.5, 1);
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("s.tsv");
        corpus::rows::write_atomically(&path, |file| write_samples(file, model.grid(), &patterns, &latents))?;
        let read = corpus::rows::read_patterns(&path, &Grid::FOUR_FOUR)?;
        assert_eq!(read.rows.iter().map(|row| row.pattern).collect::<Vec<_>>(), patterns);
        assert_eq!(read.latents, latents);
        assert!(read.rejected.is_empty());
        Ok(())
    }
}
