//! `validate`: every validator of plugins that this machine has, over the bundles.

mod patience;
mod verdict;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::{bundle, places, programs};
use verdict::Verdict;

/// How long one validator may take: pluginval at its strictest takes minutes on a slow machine.
const LIMIT: Duration = Duration::from_secs(900);

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Take the bundles in this folder as they are instead of building the release
    #[arg(long, value_name = "FOLDER")]
    bundles: Option<PathBuf>,
}

/// A validator, and how its words are read.
struct Validator {
    name: &'static str,
    /// What it may be called on PATH.
    programs: &'static [&'static str],
    bundle: &'static str,
    /// What stands before the bundle.
    arguments: &'static [&'static str],
    read: fn(&str) -> Option<Verdict>,
    needs_display: bool,
    get: &'static str,
}

const VALIDATORS: [Validator; 3] = [
    Validator {
        name: "clap-validator",
        programs: &["clap-validator"],
        bundle: "Beatfield.clap",
        arguments: &["-v", "warn", "validate"],
        read: verdict::of_clap_validator,
        needs_display: false,
        get: "https://github.com/free-audio/clap-validator",
    },
    Validator {
        name: "vst3-validator",
        programs: &["vst3-validator", "validator"],
        bundle: "Beatfield.vst3",
        arguments: &[],
        read: verdict::of_vst3_validator,
        needs_display: false,
        get: "the target `validator` of https://github.com/steinbergmedia/vst3sdk",
    },
    Validator {
        name: "pluginval",
        programs: &["pluginval"],
        bundle: "Beatfield.vst3",
        arguments: &["--strictness-level", "10", "--validate"],
        read: verdict::of_pluginval,
        needs_display: true,
        get: "https://github.com/Tracktion/pluginval",
    },
];

/// Runs what there is, names what there is not, and says how many checks passed and failed.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let bundles = bundle::given_or_release(options.bundles.as_deref())?;
    let logs = places::target()?.join("validated");
    std::fs::create_dir_all(&logs).with_context(|| logs.display().to_string())?;

    let mut sum = Verdict::default();
    let mut missing = Vec::new();
    for validator in &VALIDATORS {
        let Some(command) = validator.command() else {
            println!("{:<15} not found; get it from {}", validator.name, validator.get);
            missing.push(validator.name);
            continue;
        };
        let verdict = validator.run(command?, &bundles, &logs)?;
        sum.passed += verdict.passed;
        sum.failed += verdict.failed;
    }
    if missing.len() == VALIDATORS.len() {
        bail!("nothing was validated: none of {} is on PATH", missing.join(", "));
    }
    let left_out =
        if missing.is_empty() { String::new() } else { format!("; not found: {}", missing.join(", ")) };
    println!("{} passed, {} failed{left_out}", sum.passed, sum.failed);
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Validator {
    /// How it is called on this machine; none where it is not there.
    fn command(&self) -> Option<anyhow::Result<Command>> {
        let program = programs::find(self.programs)?;
        if !self.needs_display || !cfg!(target_os = "linux") || std::env::var_os("DISPLAY").is_some() {
            return Some(Ok(Command::new(program)));
        }
        let Some(display) = programs::find(&["xvfb-run"]) else {
            let name = self.name;
            return Some(Err(anyhow::anyhow!(
                "{name} opens windows, and there is no display; on Debian: apt-get install xvfb"
            )));
        };
        let mut command = Command::new(display);
        command.arg("-a").arg(program);
        Some(Ok(command))
    }

    /// Runs it over its bundle and prints its verdict; what it says is kept in `logs`.
    fn run(&self, mut command: Command, bundles: &Path, logs: &Path) -> anyhow::Result<Verdict> {
        let bundle = bundles.join(self.bundle);
        if !bundle.exists() {
            bail!("{} is not there; `cargo xtask validate` without --bundles builds it", bundle.display());
        }
        let log = logs.join(self.name).with_extension("log");
        command.args(self.arguments).arg(&bundle);
        let ended = patience::run(&mut command, LIMIT, &log).with_context(|| self.name.to_owned())?;
        let mut verdict = (self.read)(&verdict::plain(&ended.said)).unwrap_or_default();
        // One that fails without naming a check, or says nothing that we understand, has not passed.
        if verdict.failed == 0 && (!ended.well || verdict.passed == 0) {
            verdict.failed = 1;
        }
        let Verdict { passed, failed } = verdict;
        println!("{:<15} {passed} passed, {failed} failed over {}", self.name, bundle.display());
        if failed > 0 {
            println!("{:<15} said all of it in {}", "", log.display());
        }
        Ok(verdict)
    }
}
