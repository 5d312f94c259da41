//! `hosts`: runs the scripts of tests/hosts in hosts that are not ours, where they are installed, and names the
//! others. docs/hosts.md says what each showed.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, bail};

use crate::child::{self, number_before};
use crate::{bundle, machine};

#[derive(clap::Args)]
pub(crate) struct HostsOptions {
    /// Take the bundles in this folder as they are instead of building the release
    #[arg(long, value_name = "FOLDER")]
    bundles: Option<PathBuf>,
    /// The Python that has pedalboard and DawDreamer
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: PathBuf,
    /// Fresh instances that DawDreamer renders at once
    #[arg(long, default_value_t = 500)]
    fresh: u32,
}

/// Where Debian installs Qtractor's scanner, which is not on PATH.
const SCANNERS: [&str; 2] =
    ["/usr/lib/x86_64-linux-gnu/qtractor/qtractor_plugin_scan", "/usr/lib/qtractor/qtractor_plugin_scan"];

/// A host, its command where it is installed, and how to install it.
struct ForeignHost {
    name: &'static str,
    command: Option<Command>,
    get: &'static str,
}

/// Runs the hosts that are installed, names the others, and prints how many checks passed and failed.
pub(crate) fn run(options: &HostsOptions) -> anyhow::Result<ExitCode> {
    let bundles = bundle::given_or_release(options.bundles.as_deref())?;
    let (mut passed, mut failed, mut missing) = (0, 0, Vec::new());
    for ForeignHost { name, command, get } in hosts(options, &bundles)? {
        println!("== {name}");
        let Some(mut command) = command else {
            println!("not installed; {get}");
            missing.push(name);
            continue;
        };
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let output = output.with_context(|| format!("{name} could not be started"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        print!("{text}");
        let counts = counts(&text);
        passed += counts.0;
        // A host that crashes, or says nothing, has not passed.
        failed += counts.1.max(usize::from(!output.status.success() || counts.0 == 0));
    }
    let left_out =
        if missing.is_empty() { String::new() } else { format!("; not installed: {}", missing.join(", ")) };
    if passed + failed == 0 {
        bail!("nothing was checked{left_out}");
    }
    println!("{passed} passed, {failed} failed{left_out}");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn hosts(options: &HostsOptions, bundles: &Path) -> anyhow::Result<[ForeignHost; 4]> {
    let scripts = machine::root()?.join("tests/hosts");
    let (clap, vst3) = (bundles.join("Beatfield.clap"), bundles.join("Beatfield.vst3"));
    let python = |module: &str, script: &str| {
        has_module(&options.python, module).then(|| {
            let mut command = Command::new(&options.python);
            command.arg(scripts.join(script)).arg(&vst3);
            command
        })
    };
    let mut dawdreamer = python("dawdreamer", "in_dawdreamer.py");
    if let Some(command) = &mut dawdreamer {
        command.args(["--fresh", &options.fresh.to_string()]);
    }
    let scanner = SCANNERS.into_iter().find(|scanner| Path::new(scanner).is_file());
    let qtractor = scanner.map(|scanner| {
        let mut command = Command::new(scripts.join("in_qtractor.sh"));
        command.arg(scanner).arg(&clap);
        command
    });
    let ardour = match machine::find_program(&["ardour7-lua"]) {
        Some(_) => {
            let mut rig = child::release("rig")?;
            rig.args(["daw", "--bundle"]).arg(&vst3);
            Some(rig)
        }
        None => None,
    };
    Ok([
        ForeignHost {
            name: "pedalboard",
            command: python("pedalboard", "in_pedalboard.py"),
            get: "pip install pedalboard==0.9.26 (in a virtual environment; --python names its Python)",
        },
        ForeignHost {
            name: "DawDreamer",
            command: dawdreamer,
            get: "pip install dawdreamer==0.9.0 (in a virtual environment; --python names its Python)",
        },
        ForeignHost { name: "Qtractor", command: qtractor, get: "on Debian 12: apt-get install qtractor" },
        ForeignHost { name: "Ardour", command: ardour, get: "on Debian 12: apt-get install ardour" },
    ])
}

fn has_module(python: &Path, module: &str) -> bool {
    let mut import = Command::new(python);
    import.args(["-c", &format!("import {module}")]).stdout(Stdio::null()).stderr(Stdio::null());
    import.status().is_ok_and(|status| status.success())
}

/// The checks that passed and failed, from a script's last line "12 passed, 0 failed"; the takes of a recording
/// in Ardour count as one check, whose exit status tells.
fn counts(output: &str) -> (usize, usize) {
    let sum = output.lines().rev().find(|line| line.contains(" passed, "));
    let number = |word| sum.and_then(|line| number_before(line, word));
    match (number(" passed"), number(" failed")) {
        (Some(passed), Some(failed)) => (passed, failed),
        _ => (usize::from(output.lines().any(|line| line.starts_with("all "))), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scripts_sum_and_a_recording_are_counted() {
        assert_eq!(counts("ok     x\nFAILED y\n1 passed, 1 failed\n"), (1, 1));
        assert_eq!(counts("take  notes\nall                412  400 0 0\n"), (1, 0));
        assert_eq!(counts("Segmentation fault\n"), (0, 0));
    }
}
