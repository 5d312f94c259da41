//! `fuzz`: fuzzes one of the readers with libFuzzer and a nightly compiler. The kept inputs run in `test`
//! too.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::{child, machine};

/// What can be fuzzed.
#[derive(Clone, Copy, clap::ValueEnum)]
enum FuzzTarget {
    /// MIDI files
    Midi,
    /// Files of pattern rows
    Rows,
    /// Model files
    Model,
    /// Saved projects
    State,
}

#[derive(clap::Args)]
pub(crate) struct FuzzOptions {
    /// Which reader
    #[arg(value_enum)]
    target: FuzzTarget,
    /// How long to fuzz
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Reduce fuzz/corpus and what was found since to the fewest inputs with the same coverage
    #[arg(long)]
    minimise: bool,
}

impl FuzzTarget {
    fn name(self) -> &'static str {
        match self {
            Self::Midi => "midi",
            Self::Rows => "rows",
            Self::Model => "model",
            Self::State => "state",
        }
    }

    /// The longest input that is tried, in bytes.
    fn longest_bytes(self) -> u32 {
        match self {
            Self::Midi => 4 << 10,
            Self::Rows => 8 << 10,
            Self::Model => 32 << 10,
            Self::State => 16 << 10,
        }
    }
}

/// Builds the target and runs it, starting from the kept inputs. New inputs go into the build folder, crashes
/// into fuzz/crashes.
pub(crate) fn run(options: &FuzzOptions) -> anyhow::Result<()> {
    require()?;
    let (root, name) = (machine::root()?, options.target.name());
    let found = machine::target()?.join("fuzz").join("found").join(name);
    let kept = ["corpus", "crashes"].map(|kind| root.join("fuzz").join(kind).join(name));
    for folder in kept.iter().chain([&found]) {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    // The targets are built with the versions of the workspace.
    let (lock, theirs) = (root.join("Cargo.lock"), root.join("fuzz/Cargo.lock"));
    fs::copy(&lock, &theirs)
        .with_context(|| format!("copying {} to {}", lock.display(), theirs.display()))?;
    if options.minimise {
        return minimise(root, name, &found, &kept);
    }
    let mut fuzz = target(root, name)?;
    fuzz.arg(&found).args(&kept).arg("--");
    fuzz.arg(format!("-artifact_prefix={}/", kept[1].display()));
    fuzz.arg(format!("-dict={}", root.join("fuzz/words").join(name).with_extension("dict").display()));
    fuzz.arg(format!("-max_total_time={}", options.seconds));
    fuzz.arg(format!("-max_len={}", options.target.longest_bytes()));
    // Taking 10 seconds or a gigabyte for a few kilobytes is a failure too.
    fuzz.args(["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"]);
    child::run(&mut fuzz, "the fuzzer")
}

/// `cargo fuzz run`, up to the target. Without a sanitizer: the readers have no unsafe code of their own, and
/// networks and window take a quarter of an hour to build with one.
fn target(root: &Path, name: &str) -> anyhow::Result<Command> {
    let mut fuzz = Command::new("cargo");
    fuzz.args(["+nightly", "fuzz", "run", "--sanitizer", "none", "--fuzz-dir"]).arg(root.join("fuzz"));
    fuzz.arg("--target-dir").arg(machine::target()?.join("fuzz"));
    fuzz.args(["--features", name, name]);
    // With these set, our own stable compiler would be used.
    fuzz.env_remove("RUSTC").env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    Ok(fuzz)
}

/// Replaces the kept inputs by the fewest that cover every branch that any input covers.
fn minimise(root: &Path, name: &str, found: &Path, kept: &[PathBuf; 2]) -> anyhow::Result<()> {
    let fewest = found.with_extension("fewest");
    fs::create_dir_all(&fewest).with_context(|| format!("making {}", fewest.display()))?;
    let mut fuzz = target(root, name)?;
    fuzz.arg(&fewest).arg(&kept[0]).arg(found).args(["--", "-set_cover_merge=1", "-use_counters=0"]);
    child::run(&mut fuzz, "reducing the inputs")?;
    fs::remove_dir_all(&kept[0])
        .and_then(|()| fs::create_dir(&kept[0]))
        .context("emptying the kept inputs")?;
    for input in fs::read_dir(&fewest).context("reading the inputs")? {
        let input = input.context("reading the inputs")?;
        fs::copy(input.path(), kept[0].join(input.file_name())).context("keeping an input")?;
    }
    fs::remove_dir_all(&fewest).with_context(|| format!("removing {}", fewest.display()))
}

/// Fails with what is not installed and how to install it.
fn require() -> anyhow::Result<()> {
    let mut missing = String::new();
    let nightly = Command::new("cargo")
        .args(["+nightly", "--version"])
        .env_remove("RUSTUP_TOOLCHAIN")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !nightly.is_ok_and(|status| status.success()) {
        missing += "\n  a nightly compiler: rustup toolchain install nightly";
    }
    if machine::find_program(&["cargo-fuzz"]).is_none() {
        missing += "\n  cargo-fuzz: cargo install cargo-fuzz";
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "this machine lacks what fuzzing needs (`cargo xtask test` runs the kept inputs without it):{missing}"
    )
}
