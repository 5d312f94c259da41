//! `mutants`: mutation testing of `crates/beat` with cargo-mutants. A mutant is caught if a test of beat or of the
//! proof fails within a minute.

use std::ffi::OsString;

use anyhow::bail;

use crate::{child, machine};

#[derive(clap::Args)]
pub(crate) struct MutantsOptions {
    /// Only mutants in files that match, such as 'crates/beat/src/sequencer/*'
    #[arg(long, value_name = "GLOB")]
    file: Option<String>,
    /// List the mutants and test none
    #[arg(long)]
    list: bool,
    /// Behind --: more options for cargo mutants
    #[arg(last = true, value_name = "OPTIONS")]
    words: Vec<OsString>,
}

/// Tests every mutant that no earlier run has caught, so an interrupted run is resumed by the same command. The
/// results are in target/mutants/mutants.out. Fails where a mutant is not caught.
pub(crate) fn run(options: &MutantsOptions) -> anyhow::Result<()> {
    if machine::find_program(&["cargo-mutants"]).is_none() {
        bail!("cargo-mutants is not installed: cargo install --locked cargo-mutants (then try again)");
    }
    let mut mutants = child::cargo();
    mutants.arg("mutants").arg("--dir").arg(machine::root()?);
    mutants.arg("--output").arg(machine::target()?.join("mutants"));
    mutants.args(["--package", "beat", "--test-package", "beat", "--test-package", "proof"]);
    // Planted faults are off in a mutant; mutating their table proves nothing.
    mutants.args(["--exclude", "crates/beat/src/fault.rs"]);
    mutants.args(["--iterate", "--timeout", "60", "--gitignore", "true"]);
    if let Some(glob) = &options.file {
        mutants.args(["--file", glob]);
    }
    if options.list {
        mutants.arg("--list");
    }
    child::run(mutants.args(&options.words), "mutation testing")
}
