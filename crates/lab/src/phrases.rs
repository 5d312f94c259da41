//! `phrases`: figures of generated phrases beside those of real songs.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use train::metrics::phrases::critics::CriticChoice;

use crate::phrase_evaluation::{PaqueCriteria, PhraseEvaluation};
use crate::phrase_table;

#[derive(Args, Debug)]
pub(crate) struct Phrases {
    /// A file of songs: generated phrases are compared with its held-out songs, the others count as training songs;
    /// may be repeated
    #[arg(long = "real", value_name = "FILE", required = true)]
    real: Vec<PathBuf>,
    /// A file of generated sequences in the format of songs, each of sixteen bars or more from the first
    /// of four; may be repeated
    #[arg(long = "generated", value_name = "FILE")]
    generated: Vec<PathBuf>,
    /// Also measure loops of the first two bars of each real phrase, which any critic must distinguish from
    /// real ones
    #[arg(long)]
    loops: bool,
    /// A sequence model to measure: a phrase model starts from the themes of real phrases, a step model continues
    /// their first two bars; may be repeated
    #[arg(long = "model", value_name = "FILE")]
    models: Vec<PathBuf>,
    /// A temperature of the models; may be repeated
    #[arg(long = "temperature", value_name = "T", default_values_t = [1.0])]
    temperatures: Vec<f32>,
    /// Number of phrases of each set; AUCs can be compared only between sets of the same number
    #[arg(long, default_value_t = 2000)]
    count: usize,
    /// Also measure originality and genre discrimination, which completes Paque's five criteria
    #[arg(long)]
    paque: bool,
    /// Which critics are run
    #[arg(long, value_enum, default_value_t = Critics::All)]
    critics: Critics,
    /// Seed of the choice of phrases, of generation and of the critics
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also write every generated set to a file in this folder, in the format of songs
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Also write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Which critics are run.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Critics {
    /// None: statistics only
    None,
    /// Gradient boosting, which takes seconds
    Boosting,
    /// The GRU too, which takes minutes
    All,
}

impl Critics {
    fn choice(self) -> CriticChoice {
        match self {
            Self::None => CriticChoice::None,
            Self::Boosting => CriticChoice::Boosting,
            Self::All => CriticChoice::All,
        }
    }
}

/// Measures all sets, prints the table, and writes it as JSON if requested.
pub(crate) fn run(args: &Phrases) -> Result<()> {
    ensure!(args.count > 0, "--count 0 asks for nothing");
    ensure!(args.temperatures.iter().all(|t| (0.0..=1.5).contains(t)), "--temperature goes from 0 to 1.5");
    let mut evaluation = PhraseEvaluation::new(&args.real, args.count, args.seed)?;
    if args.loops {
        evaluation.add_loops();
    }
    for model in &args.models {
        for temperature in &args.temperatures {
            evaluation.add_model(model, *temperature)?;
        }
    }
    for file in &args.generated {
        evaluation.add_generated(file)?;
    }
    if let Some(folder) = &args.keep {
        evaluation.write_generated(folder)?;
    }
    let paque = if args.paque { PaqueCriteria::All } else { PaqueCriteria::Basic };
    let table = evaluation.measured(args.critics.choice(), paque)?;
    println!("{}", phrase_table::text(&table));
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&table)?;
        corpus::rows::write_atomically(path, |file| writeln!(file, "{text}"))?;
    }
    Ok(())
}
