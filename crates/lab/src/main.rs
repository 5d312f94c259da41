//! The command line for offline work: from patterns to a model with its map, to samples and figures.
//!
//! Each verb is a variant below and a file of its own. Nothing here runs while music plays, and this is
//! the only crate with autodiff.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool prints its results")]

mod cartography;
mod chance;
mod codes;
mod evaluate;
mod extract;
mod genres;
mod interrupt;
mod kits;
mod loop_file;
mod map;
mod measure;
mod pack;
mod patterns;
mod phrases;
mod progress;
mod report;
mod sample;
mod songs;
mod train;
mod training;
mod yardstick;

use anyhow::Result;
use clap::Parser;

/// Offline work on Beatfield's models.
#[derive(Parser, Debug)]
#[command(name = "lab", version, arg_required_else_help = true)]
enum Verb {
    /// Extract drum patterns from MIDI files in folders, .zip and .tar.gz archives
    Extract(extract::ExtractArgs),
    /// Train an autoencoder on patterns
    Train(train::Train),
    /// Lay a trained model's patterns out on a map
    Map(map::Map),
    /// Sample patterns from a model, in the format of the paper's published samples
    Sample(sample::Sample),
    /// Measure a model on songs that it never saw
    Evaluate(evaluate::Evaluate),
    /// Measure generated phrases of sixteen bars against real songs
    Phrases(phrases::Phrases),
    /// Train the paper's three models and write its table and figures beside ours
    Report(report::Report),
}

fn main() -> Result<()> {
    match Verb::parse() {
        Verb::Extract(args) => extract::run(&args),
        Verb::Train(args) => train::run(&args),
        Verb::Map(args) => map::run(&args),
        Verb::Sample(args) => sample::run(&args),
        Verb::Evaluate(args) => evaluate::run(&args),
        Verb::Phrases(args) => phrases::run(&args),
        Verb::Report(args) => report::run(&args),
    }
}
