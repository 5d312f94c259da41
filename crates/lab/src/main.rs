//! The command line for offline work: from MIDI files to a model with its map, to samples and figures.
//!
//! Each verb is a variant below and a file of its own: arguments, progress bars, tables and pages. What they compute
//! is in `corpus`, `train` and `nets`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool prints its results")]

mod evaluate;
mod extract;
mod generate;
mod map;
mod pack;
mod phrase_evaluation;
mod phrase_table;
mod phrases;
mod progress;
mod report;
mod sample;
mod train_verb;

use std::process::ExitCode;

use clap::Parser;

/// Offline work on Beatfield's models.
#[derive(Parser, Debug)]
#[command(name = "lab", version, arg_required_else_help = true)]
enum LabVerb {
    /// Extract drum patterns from MIDI files in folders, .zip and .tar.gz archives
    Extract(extract::ExtractArgs),
    /// Train a model of any kind
    Train(train_verb::Train),
    /// Add a map to a trained model
    Map(map::Map),
    /// Sample patterns from a model, in the format of the paper's published samples
    Sample(sample::Sample),
    /// Measure a model on songs that it was not trained on
    Evaluate(evaluate::Evaluate),
    /// Measure generated phrases of sixteen bars against real songs
    Phrases(phrases::Phrases),
    /// Train the paper's three models and write its table and figures beside ours
    Report(report::ReportArgs),
}

fn main() -> ExitCode {
    let result = match LabVerb::parse() {
        LabVerb::Extract(args) => extract::run(&args),
        LabVerb::Train(args) => train_verb::run(&args),
        LabVerb::Map(args) => map::run(&args),
        LabVerb::Sample(args) => sample::run(&args),
        LabVerb::Evaluate(args) => evaluate::run(&args),
        LabVerb::Phrases(args) => phrases::run(&args),
        LabVerb::Report(args) => report::run(&args),
    };
    // Not returned from here: a returned error prints a stack backtrace too, where RUST_BACKTRACE is set.
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}
