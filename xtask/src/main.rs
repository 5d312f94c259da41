//! `cargo xtask VERB`: the commands of this project. A verb is a variant here and a function in the file
//! named for it, or in [`forward`] where one of our programs does the work.
//!
//! xtask depends on nothing of ours, so that it compiles in under a minute: verbs that need the networks or
//! the plugin build and run them as child processes, in the current folder.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

mod bench;
mod bundle;
mod child;
mod dist;
mod forward;
mod fuzz;
mod hosts;
mod install;
mod machine;
mod macos;
mod mutants;
mod note_names;
mod test;
mod validate;
mod windows;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::child::Arguments;

/// Beatfield: a map of drum patterns, played by your DAW.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version, after_help = FIRST_STEPS)]
struct Cli {
    #[command(subcommand)]
    verb: XtaskVerb,
}

const FIRST_STEPS: &str = "\
First steps:
  cargo xtask demo       play and record the plugin without a DAW
  cargo xtask install    put the plugin where your DAW looks for it
  cargo xtask test       check everything, as the continuous integration does

VERB --help lists a verb's own options.";

#[derive(Subcommand)]
enum XtaskVerb {
    /// Build the plugin and write Beatfield.clap and Beatfield.vst3 to target/bundled
    Bundle(bundle::BundleOptions),
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
    /// Compute a model's map, which the window shows
    Map(Arguments),
    /// Sample new patterns from a model
    Sample(Arguments),
    /// Evaluate a model on held-out patterns
    Evaluate(Arguments),
    /// Evaluate generated phrases of sixteen bars against held-out songs
    Phrases(Arguments),
    /// Train or load the paper's three models and write docs/report: its table and figures, ours beside them
    Report(Arguments),

    /// Check format and lints, build the bundles, run every test, build the docs
    Test,
    /// Check the sequencer against the playback contract: --blocks N --seed S --fault NAME
    Soak(Arguments),
    /// Run cargo-mutants on the sequencer: each change of its code must make a test fail
    Mutants(mutants::MutantsOptions),
    /// Create, automate and destroy hundreds of instances, and count the hosts that they abort
    Cycles(Arguments),
    /// Load thousands of damaged states and check the result of each: --count N --seed S
    States(Arguments),
    /// Fuzz one of the readers, with a nightly compiler and cargo-fuzz
    Fuzz(fuzz::FuzzOptions),
    /// Count forbidden calls on the audio threads of the release, and the threads that are left over
    Realtime(forward::RealtimeOptions),
    /// Take a picture of the window in a host under Xvfb: --x X --y Y --temperature T --out shot.png
    Shot(Arguments),
    /// Let Ardour record the plugin without display or sound card, and check every note that it recorded
    Daw(Arguments),
    /// Run our scripts in other people's hosts, where they are installed, and name those that are missing
    Hosts(hosts::HostsOptions),
    /// Run every installed plugin validator over the bundles, and name those that are missing
    Validate(validate::ValidateOptions),
    /// Pack what a musician downloads, for each platform that this machine can build, into target/dist
    Dist,
    /// Type-check everything for another system: --macos
    Check(macos::CheckOptions),
    /// Build the bundles for Windows on this machine, and with --test run them and the tests under Wine
    Windows(windows::WindowsOptions),
    /// Measure the plugin's CPU time and memory, and print them beside their targets
    Bench(bench::BenchOptions),
}

fn main() -> ExitCode {
    let verb = Cli::parse().verb;
    let done = child::outlive_interrupts().and_then(|()| run(verb));
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            child::exit_code(&error)
        }
    }
}

fn run(verb: XtaskVerb) -> anyhow::Result<ExitCode> {
    match verb {
        XtaskVerb::Bundle(options) => bundle::run(&options),
        XtaskVerb::Install => install::run(),
        XtaskVerb::Demo(arguments) => forward::demo(&arguments),
        XtaskVerb::Standalone(arguments) => forward::standalone(&arguments),
        XtaskVerb::Extract(arguments) => forward::lab("extract", &arguments),
        XtaskVerb::Train(arguments) => forward::lab("train", &arguments),
        XtaskVerb::Map(arguments) => forward::lab("map", &arguments),
        XtaskVerb::Sample(arguments) => forward::lab("sample", &arguments),
        XtaskVerb::Evaluate(arguments) => forward::lab("evaluate", &arguments),
        XtaskVerb::Phrases(arguments) => forward::lab("phrases", &arguments),
        XtaskVerb::Report(arguments) => forward::lab("report", &arguments),
        XtaskVerb::Test => return test::run(),
        XtaskVerb::Soak(arguments) => forward::soak(&arguments),
        XtaskVerb::Mutants(options) => mutants::run(&options),
        XtaskVerb::Cycles(arguments) => forward::cycles(&arguments),
        XtaskVerb::States(arguments) => forward::states(&arguments),
        XtaskVerb::Fuzz(options) => fuzz::run(&options),
        XtaskVerb::Realtime(options) => forward::realtime(&options),
        XtaskVerb::Shot(arguments) => forward::shot(&arguments),
        XtaskVerb::Daw(arguments) => return forward::daw(&arguments),
        XtaskVerb::Hosts(options) => return hosts::run(&options),
        XtaskVerb::Dist => dist::run(),
        XtaskVerb::Check(options) => macos::check(&options),
        XtaskVerb::Windows(options) => return windows::run(&options),
        XtaskVerb::Validate(options) => return validate::run(&options),
        XtaskVerb::Bench(options) => bench::run(&options),
    }?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_after_a_forwarded_verb_belongs_to_the_child() {
        let line = Cli::try_parse_from(["cargo xtask", "train", "ae", "--help"]);
        let Ok(Cli { verb: XtaskVerb::Train(arguments) }) = line else { panic!("train takes any argument") };
        assert_eq!(arguments.words(), ["ae", "--help"]);
    }
}
