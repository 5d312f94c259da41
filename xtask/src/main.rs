//! `cargo xtask VERB`: everything one does with this project, one verb a file.
//!
//! It depends on nothing of ours, so that it compiles in under a minute and starts at once: verbs that
//! need the networks or the plugin build and run them as children, in the folder where one stands.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

mod bench;
mod bundle;
mod child;
mod daw;
mod fuzz;
mod install;
mod lab;
mod places;
mod programs;
mod rig;
mod shot;
mod soak;
mod standalone;
mod test;
mod tools;
mod validate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::child::Arguments;

/// Beatfield: a map of drum patterns, played by your DAW.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version, after_help = FIRST_STEPS)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

const FIRST_STEPS: &str = "\
First steps:
  cargo xtask demo       play and record the plugin without a DAW
  cargo xtask install    put the plugin where your DAW looks for it
  cargo xtask test       check everything, as the continuous integration does

VERB --help lists a verb's own options.";

#[derive(Subcommand)]
enum Verb {
    /// Build the plugin and write Beatfield.clap and Beatfield.vst3 to target/bundled
    Bundle(bundle::Options),
    /// Bundle, then copy both formats to your own plugin folders and say where they are
    Install,
    /// Bundle, play 32 bars in an offline host while the puck travels (or 64 of --phrase), and record
    /// out/demo.mid and .wav
    Demo(Arguments),
    /// Open the window without a DAW, with a transport of its own, on JACK or ALSA
    Standalone(Arguments),

    /// Read drum patterns out of MIDI files: folders, .zip and .tar.gz
    Extract(Arguments),
    /// Train a model on extracted patterns
    Train(Arguments),
    /// Lay a model's codes out as the map that the window shows
    Map(Arguments),
    /// Draw new patterns from a model
    Sample(Arguments),
    /// Measure a model against patterns that it has not seen
    Evaluate(Arguments),
    /// Measure generated phrases of sixteen bars against real songs
    Phrases(Arguments),
    /// Train or load the paper's three models and write docs/report: its table and figures, ours beside them
    Report(Arguments),

    /// Check format and lints, build the bundles, run every test, build the docs
    Test,
    /// Hold the sequencer against the playback contract: --blocks N --seed S --fault NAME
    Soak(Arguments),
    /// Create, automate and destroy instances by the hundred, and count the hosts that they abort
    Cycles(Arguments),
    /// Load damaged states by the thousand and check what becomes of each: --count N --seed S
    States(Arguments),
    /// Fuzz one of the readers, with a nightly compiler and cargo-fuzz
    Fuzz(fuzz::Options),
    /// Count what the audio threads of the release do that they must not, and the threads that are left
    Realtime(rig::Watched),
    /// Take a picture of the window in a host under Xvfb: --x X --y Y --temperature T --out shot.png
    Shot(Arguments),
    /// Let Ardour record the plugin without display or sound card, and check every note that it recorded
    Daw(Arguments),
    /// Run every plugin validator that this machine has over the bundles, and name those it has not
    Validate(validate::Options),
    /// Measure what the plugin costs a computer, and print it beside what it may cost
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let verb = CommandLine::parse().verb;
    let done = child::outlive_interrupts().and_then(|()| run(verb));
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            child::exit_code(&error)
        }
    }
}

fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Bundle(options) => bundle::run(&options),
        Verb::Install => install::run(),
        Verb::Demo(arguments) => rig::demo(&arguments),
        Verb::Standalone(arguments) => standalone::run(&arguments),
        Verb::Extract(arguments) => lab::run("extract", &arguments),
        Verb::Train(arguments) => lab::run("train", &arguments),
        Verb::Map(arguments) => lab::run("map", &arguments),
        Verb::Sample(arguments) => lab::run("sample", &arguments),
        Verb::Evaluate(arguments) => lab::run("evaluate", &arguments),
        Verb::Phrases(arguments) => lab::run("phrases", &arguments),
        Verb::Report(arguments) => lab::run("report", &arguments),
        Verb::Test => return test::run(),
        Verb::Soak(arguments) => soak::run(&arguments),
        Verb::Cycles(arguments) => rig::cycles(&arguments),
        Verb::States(arguments) => rig::states(&arguments),
        Verb::Fuzz(options) => fuzz::run(&options),
        Verb::Realtime(options) => rig::realtime(&options),
        Verb::Shot(arguments) => shot::run(&arguments),
        Verb::Daw(arguments) => return daw::run(&arguments),
        Verb::Validate(options) => return validate::run(&options),
        Verb::Bench(options) => bench::run(&options),
    }?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn help_after_a_forwarded_verb_belongs_to_the_child() {
        let line = CommandLine::try_parse_from(["cargo xtask", "train", "--kind", "ae", "--help"]);
        let Ok(CommandLine { verb: Verb::Train(arguments) }) = line else {
            panic!("train takes any argument")
        };
        assert_eq!(arguments.words(), ["--kind", "ae", "--help"]);
    }
}
