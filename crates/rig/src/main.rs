//! `rig VERB`: the offline host as a command line, one verb a file.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

mod commands;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// An offline host for the Beatfield bundles.
#[derive(Parser)]
#[command(version, about)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Play 32 bars while the puck travels through the regions of the map, and record them
    Demo(commands::demo::Options),
    /// Create, automate and destroy instances by the hundred, and count aborts
    Cycles(commands::cycles::Options),
    /// Let Ardour record the VST3 without display or sound card, and check every note that it recorded
    Daw(commands::daw::Options),
    /// Open the plugin's window under Xvfb, let a hand work in it, and take its picture
    Shot(commands::shot::Options),
    /// Play live with eight instances and name what their audio threads do that they must not
    Realtime(commands::realtime::Options),
    /// Call instances in every order that hosts may, and count the threads that are left
    Lifecycle(commands::lifecycle::Options),
    /// Load damaged states by the thousand, and hold what becomes of them against what they say
    States(commands::states::Options),
    /// Print what the plugin costs a computer, beside what it may cost
    Figures(commands::figures::Options),
}

fn main() -> ExitCode {
    let result = match CommandLine::parse().verb {
        Verb::Demo(options) => commands::demo::run(&options),
        Verb::Cycles(options) => commands::cycles::run(&options),
        Verb::Daw(options) => commands::daw::run(&options),
        Verb::Shot(options) => commands::shot::run(&options),
        Verb::Realtime(options) => commands::realtime::run(&options),
        Verb::Lifecycle(options) => commands::lifecycle::run(&options),
        Verb::States(options) => commands::states::run(&options),
        Verb::Figures(options) => commands::figures::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rig: {error:#}");
            if commands::daw::is_missing(&error) { commands::daw::MISSING.into() } else { ExitCode::FAILURE }
        }
    }
}
