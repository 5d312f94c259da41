//! `rig COMMAND`: the offline host as a command line, one command a file.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its terminal")]

mod commands;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// An offline host for the Beatfield bundles.
#[derive(Parser)]
#[command(version, about)]
struct CommandLine {
    #[command(subcommand)]
    command: RigCommand,
}

#[derive(Subcommand)]
enum RigCommand {
    /// Play 32 bars while the puck travels through the regions of the map, and record them
    Demo(commands::demo::DemoArgs),
    /// Create, automate and destroy instances by the hundred, and count aborts
    Cycles(commands::cycles::CyclesArgs),
    /// Let Ardour record the VST3 without display or sound card, and check every note that it recorded
    Daw(commands::daw::DawArgs),
    /// Open the plugin's window under Xvfb, send it mouse and keyboard input, and take a screenshot
    Shot(commands::shot::ShotArgs),
    /// Start a program under Xvfb, send its window mouse and keyboard input, and take a screenshot
    Window(commands::window::WindowArgs),
    /// Play live with eight instances and list what their audio threads do that they must not
    Realtime(commands::realtime::RealtimeArgs),
    /// Call instances in every order that hosts may, and count the threads that are left
    Lifecycle(commands::lifecycle::LifecycleArgs),
    /// Load damaged states by the thousand, and compare what the plugin makes of them with what they hold
    States(commands::states::StatesArgs),
    /// Print what the plugin costs in time and memory, beside its limits
    Measure(commands::measure::MeasureArgs),
}

fn main() -> ExitCode {
    let result = match CommandLine::parse().command {
        RigCommand::Demo(args) => commands::demo::run(&args),
        RigCommand::Cycles(args) => commands::cycles::run(&args),
        RigCommand::Daw(args) => commands::daw::run(&args),
        RigCommand::Shot(args) => commands::shot::run(&args),
        RigCommand::Window(args) => commands::window::run(&args),
        RigCommand::Realtime(args) => commands::realtime::run(&args),
        RigCommand::Lifecycle(args) => commands::lifecycle::run(&args),
        RigCommand::States(args) => commands::states::run(&args),
        RigCommand::Measure(args) => commands::measure::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rig: {error:#}");
            if commands::daw::is_missing(&error) { commands::daw::MISSING.into() } else { ExitCode::FAILURE }
        }
    }
}
