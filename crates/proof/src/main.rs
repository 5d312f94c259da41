//! `proof soak`: checks the sequencer against the playback contract for millions of random blocks.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool prints its results")]

use std::process::ExitCode;
use std::time::Instant;

use beat::{Fault, Grid, Sequencer};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use proof::BankFixtures;
use proof::soak::{Failure, Summary, soak};

/// Check the sequencer against the playback contract
#[derive(Parser)]
#[command(name = "proof", version, arg_required_else_help = true)]
enum Verb {
    /// Play random sessions of random hosts and check every note
    Soak(SoakOptions),
}

#[derive(clap::Args)]
struct SoakOptions {
    /// How many blocks to play
    #[arg(long, default_value_t = 1_000_000)]
    blocks: u64,
    /// Which sessions to play: the same seed plays the same
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Play banks of this grid alone, instead of all and changes between them
    #[arg(long, value_enum)]
    metre: Option<SoakMetre>,
    /// Plant this fault in the sequencer, which must then be found (the exit code is not 0); `list` names
    /// them
    #[arg(long, value_name = "NAME")]
    fault: Option<String>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum SoakMetre {
    #[value(name = "4/4")]
    FourFour,
    Shuffle,
    Three,
}

impl SoakOptions {
    fn banks(&self) -> BankFixtures {
        let banks = BankFixtures::new(self.seed);
        match self.metre {
            None => banks,
            Some(SoakMetre::FourFour) => banks.on(Grid::FOUR_FOUR),
            Some(SoakMetre::Shuffle) => banks.on(Grid::SHUFFLE),
            Some(SoakMetre::Three) => banks.on(Grid::THREE),
        }
    }
}

fn main() -> ExitCode {
    let Verb::Soak(options) = Verb::parse();
    match options.fault.as_deref() {
        None => run(&options, None),
        Some("list") => list(),
        Some(name) => match Fault::ALL.iter().find(|fault| fault.name() == name) {
            Some(fault) => run(&options, Some(*fault)),
            None => {
                eprintln!("no fault is called {name}; `--fault list` names them all");
                ExitCode::from(2)
            }
        },
    }
}

fn list() -> ExitCode {
    for fault in Fault::ALL {
        println!("{:22} rule {:2}: {}", fault.name(), fault.rule(), fault.description());
    }
    ExitCode::SUCCESS
}

fn run(options: &SoakOptions, fault: Option<Fault>) -> ExitCode {
    let bar = ProgressBar::new(options.blocks);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:30} {human_pos} of {human_len} blocks, {per_sec}, {eta} left")
    {
        bar.set_style(style);
    }
    let start = Instant::now();
    let sequencer = fault.map_or(Sequencer::new(), Sequencer::with_fault);
    let banks = options.banks();
    let done = soak(options.blocks, options.seed, &banks, &sequencer, |blocks| bar.set_position(blocks));
    bar.finish_and_clear();
    match done {
        Ok(summary) => {
            if let Some(fault) = fault {
                eprintln!("{} was planted and NOT found", fault.name());
            }
            report(&summary, start.elapsed().as_secs_f64());
            ExitCode::SUCCESS
        }
        Err(failure) => {
            describe(&failure, options.seed, &banks, &sequencer);
            ExitCode::FAILURE
        }
    }
}

fn report(summary: &Summary, seconds: f64) {
    let Summary { sessions, blocks, notes, worst, worst_with_rounding: [float, fixed, ticks], coverage } =
        summary;
    println!("{blocks} blocks of {sessions} sessions in {seconds:.1} s, {notes} notes: the contract holds");
    println!("worst error {worst:.6} samples from the position that the host gives");
    println!(
        "with the host's own rounding: {float:.6} (f64), {fixed:.6} (2^-31 beat), {ticks:.3} (1/1920 beat)"
    );
    print!("met:\n{coverage}");
    let never = summary.never_met();
    if !never.is_empty() {
        println!("never met: {}", never.join("; "));
    }
}

fn describe(failure: &Failure, seed: u64, banks: &BankFixtures, sequencer: &Sequencer) {
    let Failure { session, blocks, found } = failure;
    eprintln!("the contract is broken after {blocks} blocks: seed {seed}, session {session}, {found}");
    let (shortest, calls) = failure.shortened(seed, banks, sequencer);
    eprintln!("the shortest session found: {shortest}");
    for (index, call) in calls.iter().enumerate().skip(calls.len().saturating_sub(6)) {
        eprintln!("  block {index}: bank {}, room {}, reset {}", call.newest, call.room, call.reset);
        eprintln!("    {:?}", call.transport);
        eprintln!("    {:?}", call.playback);
    }
}
