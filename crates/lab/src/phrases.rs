//! `phrases`: whether generated phrases hold against real songs, every figure beside the real one.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::songs::{self, Asked};

/// What `phrases` is told.
#[derive(Args, Debug)]
pub(crate) struct Phrases {
    /// A file of songs: generated phrases are measured against its held-out songs, the others count as
    /// known; may be repeated
    #[arg(long = "real", value_name = "FILE", required = true)]
    real: Vec<PathBuf>,
    /// A file of generated sequences in the format of songs, each of sixteen bars or more from the first
    /// of four; may be repeated
    #[arg(long = "generated", value_name = "FILE")]
    generated: Vec<PathBuf>,
    /// Also measure loops of the first two bars of each real phrase, which any critic must hear
    #[arg(long)]
    loops: bool,
    /// Also measure what this step model plays on behind the first two bars of each real phrase
    #[arg(long, value_name = "FILE")]
    step: Option<PathBuf>,
    /// The temperature of the step model
    #[arg(long, default_value_t = 1.0)]
    temperature: f32,
    /// How many phrases of each set are measured; critics only compare where their numbers are equal
    #[arg(long, default_value_t = 2000)]
    count: usize,
    /// Decides which phrases, the step model's dice and the critics
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Measures, prints and writes JSON where that is asked.
pub(crate) fn run(args: &Phrases) -> Result<()> {
    ensure!(args.count > 0, "--count 0 asks for nothing");
    ensure!((0.0..=2.0).contains(&args.temperature), "--temperature goes from 0 to 2");
    let mut asked = Asked::new(&args.real, args.count, args.seed)?;
    if args.loops {
        asked.add_loops();
    }
    if let Some(step) = &args.step {
        asked.add_step(step, args.temperature)?;
    }
    for file in &args.generated {
        asked.add_generated(file)?;
    }
    let table = asked.measured()?;
    println!("{}", songs::text(&table));
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&table)?;
        corpus::rows::write_atomically(path, |file| writeln!(file, "{text}"))?;
    }
    Ok(())
}
