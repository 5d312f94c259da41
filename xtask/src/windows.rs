//! `windows`: builds the Windows bundles on this machine, and with `--test` runs them and the tests under Wine.
//!
//! Both take what rustup and the system's packages give: the standard library of the target, mingw-w64 as linker,
//! Wine and Xvfb. What is missing is named; nothing is installed.

use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, bail};

use crate::machine::{self, PLUGIN};
use crate::test::ALL_FOR_TESTS;
use crate::{bundle, child, forward};

/// 64-bit Windows by mingw-w64, whose programs need no library of Microsoft's compiler.
const TARGET: &str = "x86_64-pc-windows-gnu";
const LINKER: &str = "x86_64-w64-mingw32-gcc";
/// Takes the debug symbols out of what the linker wrote.
pub(crate) const OBJCOPY: &str = "x86_64-w64-mingw32-objcopy";
const LIBRARY: &str = "beatfield.dll";
/// The VST3 specification's name of the system and processor.
pub(crate) const SYSTEM: &str = "x86_64-win";
/// Seeds of the demos that are compared with Linux's.
const SEEDS: [&str; 5] = ["4711", "7", "1234", "1", "9999"];

#[derive(clap::Args)]
pub(crate) struct WindowsOptions {
    /// Build for debugging and run it under Wine: tests, demos, states, lifecycles
    #[arg(long)]
    test: bool,
    /// Leave the unit tests out, whose build takes longest
    #[arg(long, requires = "test")]
    short: bool,
    /// Test the bundles in this folder as they are, instead of a debug build's
    #[arg(long, requires = "test", value_name = "FOLDER")]
    bundles: Option<PathBuf>,
}

/// Builds, and tests where that is wanted.
pub(crate) fn run(options: &WindowsOptions) -> anyhow::Result<ExitCode> {
    if options.test {
        require_tools(true)?;
        return test(options);
    }
    let [library, _] = build("release")?;
    let bundles = machine::target()?.join("bundled-windows");
    bundle::lay_out(&library, SYSTEM, &bundles)?;
    bundle::copy_licences(machine::root()?, &bundles).context("copying the licences")?;
    println!("{} and {}", bundles.join("Beatfield.clap").display(), bundles.join("Beatfield.vst3").display());
    Ok(ExitCode::SUCCESS)
}

/// The plugin's library and the standalone, built with `profile` and the same features: with others the networks would
/// be compiled twice.
///
/// # Errors
/// Something that the build needs is missing, or it failed.
pub(crate) fn build(profile: &str) -> anyhow::Result<[PathBuf; 2]> {
    require_tools(false)?;
    let standalone = ["build", "--profile", profile, "--package", PLUGIN, "--bin", forward::STANDALONE];
    for program in [&bundle::library(profile)[..], &standalone] {
        let mut build = cargo(program[0]);
        child::run(build.args(&program[1..]).args(["--features", "standalone"]), "building for Windows")?;
    }
    Ok([built(profile, LIBRARY)?, built(profile, &format!("{}.exe", forward::STANDALONE))?])
}

/// Fails with everything that is missing and the commands that install it.
fn require_tools(test: bool) -> anyhow::Result<()> {
    let mut packages = Vec::new();
    let mut lack = |program: &[&str], package| {
        if machine::find_program(program).is_none() {
            packages.push(package);
        }
    };
    lack(&[LINKER], "gcc-mingw-w64-x86-64");
    if test {
        lack(&["wine64", "wine"], "wine wine64");
        lack(&["xvfb-run"], "xvfb xauth");
    }
    let mut missing = Vec::new();
    if !packages.is_empty() {
        missing
            .push(format!("\n  on Debian: apt-get install --no-install-recommends {}", packages.join(" ")));
    }
    if !machine::has_standard_library(TARGET)? {
        missing.push(format!("\n  rustup target add {TARGET}"));
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!("this machine lacks what a Windows build needs. Install it and try again:{}", missing.concat())
}

/// A command of cargo for the target.
fn cargo(command: &str) -> Command {
    let mut cargo = child::cargo();
    cargo.args([command, "--target", TARGET]).env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", LINKER);
    // The compiler puts no function into a section of its own here, so the linker drops none that is not used: only
    // the optimisation of the whole program does, and the plugin is 43 MB without it.
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "fat");
    cargo
}

/// What cargo built for the target with a profile's folder.
fn built(profile: &str, file: &str) -> anyhow::Result<PathBuf> {
    Ok(machine::target()?.join(TARGET).join(profile).join(file))
}

/// What was tried under Wine.
#[derive(Default)]
struct WineReport {
    passed: usize,
    failed: Vec<String>,
}

impl WineReport {
    fn note(&mut self, what: &str, result: anyhow::Result<()>) {
        match result {
            Ok(()) => {
                println!("ok     {what}");
                self.passed += 1;
            }
            Err(error) => {
                println!("FAILED {what}: {error:#}");
                self.failed.push(what.to_owned());
            }
        }
    }
}

fn test(options: &WindowsOptions) -> anyhow::Result<ExitCode> {
    let wine = Wine::prepare()?;
    let plugin = ["--package", PLUGIN, "--package", "rig", "--features", bundle::ASSERT_ALLOCS];
    let standalone = ["--features", "beatfield/standalone"];
    child::run(cargo("build").args(plugin).args(standalone), "building for Windows")?;
    bundle::build_debug(&ALL_FOR_TESTS)?;
    let linux = bundle::bundle_debug()?;
    let windows = match &options.bundles {
        Some(folder) => folder.clone(),
        None => {
            let folder = machine::target()?.join("asserted-windows");
            bundle::lay_out(&built("debug", LIBRARY)?, SYSTEM, &folder)?;
            folder
        }
    };

    let mut report = WineReport::default();
    for name in ["Beatfield.clap", "Beatfield.vst3"] {
        for seed in SEEDS {
            let options = ["--seed", seed];
            report.note(&format!("demo {name} {seed}"), wine.demo(name, &options, &linux, &windows));
        }
        report.note(&format!("phrase {name}"), wine.demo(name, &["--phrase"], &linux, &windows));
    }
    let checks: [&[&str]; 3] = [
        &["states", "--count", "200"],
        &["lifecycle", "--longest", "4"],
        &["cycles", "--cycles", "100", "--runs", "2"],
    ];
    for check in checks {
        let mut rig = wine.command(&wine.rig);
        rig.args(check).arg("--bundles").arg(&windows);
        report.note(&check.join(" "), quiet(&mut rig));
    }
    let exe = built("debug", &format!("{}.exe", forward::STANDALONE))?;
    report.note("window of the standalone", wine.window(&exe));
    match machine::find_program(&["clap-validator.exe"]) {
        Some(validator) => {
            let mut validator = wine.command(&validator);
            validator.args(["validate", "--only-failed"]).arg(windows.join("Beatfield.clap"));
            report.note("clap-validator", quiet(&mut validator));
        }
        None => println!("clap-validator.exe: not run (it is not on PATH)"),
    }
    if options.short {
        println!("unit tests: not run (--short)");
    } else {
        unit_tests(&wine, &windows, &mut report)?;
    }
    println!("{} passed, {} failed under Wine", report.passed, report.failed.len());
    Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the tests and runs each program, with the bundle tests one at a time: each load of the plugin takes a
/// thread-local index of the process, of which Wine has few. The proof's come last, by themselves, as its feature
/// `faults` must not be compiled into the rest.
fn unit_tests(wine: &Wine, bundles: &Path, report: &mut WineReport) -> anyhow::Result<()> {
    let most = ["--workspace", "--exclude=xtask", "--exclude=lab", "--exclude=train", "--exclude=proof"];
    let mut programs = build_tests(&[&most[..], &["--features", bundle::ASSERT_ALLOCS]].concat())?;
    programs.extend(build_tests(&["--package", "proof"])?);
    for program in programs {
        let name = program.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with("names-") || name.starts_with("walls-") {
            println!("{name}: not run (it reads the sources with cargo, which is not under Wine)");
            continue;
        }
        let all = wine.tests(&program, &[])?;
        // Those that are ignored are run by others, in processes of their own.
        let ignored = wine.tests(&program, &["--ignored"])?;
        let tests: Vec<&String> = all.iter().filter(|test| !ignored.contains(test)).collect();
        if name.starts_with("bundles-") {
            for test in tests {
                let mut run = wine.command(&program);
                run.args(["--exact", test]).env("BEATFIELD_BUNDLES", bundles);
                report.note(test, quiet(&mut run));
            }
        } else if !tests.is_empty() {
            let what = format!("{name}, {} tests", tests.len());
            report.note(&what, quiet(&mut wine.command(&program)));
        }
    }
    Ok(())
}

/// Builds the tests of `scope` (arguments of cargo) and returns their programs.
fn build_tests(scope: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let mut build = cargo("test");
    build.args(scope).args(["--no-run", "--message-format=json-render-diagnostics"]);
    let mut building = build.stdout(Stdio::piped()).spawn().context("cargo could not be started")?;
    let output = building.stdout.take().context("cargo has no output")?;
    let mut programs = Vec::new();
    for line in std::io::BufReader::new(output).lines() {
        let line = line.context("reading the output of cargo")?;
        programs.extend(test_program(&line));
    }
    child::ended(building.wait().context("waiting for cargo")?, "building the tests for Windows")?;
    Ok(programs)
}

/// The path of the test program that a line of cargo's JSON says was built.
fn test_program(line: &str) -> Option<PathBuf> {
    let (_, rest) = line.split_once("\"executable\":\"")?;
    let path = rest.split('"').next()?;
    line.contains("\"test\":true").then(|| PathBuf::from(path.replace("\\\\", "\\")))
}

/// Runs it to its end; its output is shown only where it failed.
fn quiet(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().context("it could not be started")?;
    if !output.status.success() {
        print!("{}", String::from_utf8_lossy(&output.stdout));
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        bail!("{}", output.status);
    }
    Ok(())
}

/// The .mid files in the folder of music of each of Wine's users.
fn saved_beats(users: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut beats = Vec::new();
    for user in fs::read_dir(users).with_context(|| users.display().to_string())? {
        let folder = user.context("a user's folder")?.path().join("Music/Beatfield");
        let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
        beats.extend(files.filter(|file| file.extension().is_some_and(|kind| kind == "mid")));
    }
    Ok(beats)
}

/// Wine with a folder of its own, in the build folder.
struct Wine {
    program: PathBuf,
    prefix: PathBuf,
    /// The user's folder, so that nothing is written into the true one.
    user_folder: PathBuf,
    /// The rig for Windows.
    rig: PathBuf,
    /// Where the demos are written.
    out: PathBuf,
}

impl Wine {
    /// Makes the folder, unless it is there, with the one library that Wine 8 lacks.
    fn prepare() -> anyhow::Result<Self> {
        let target = machine::target()?;
        // Debian keeps the 64-bit program away from PATH.
        let debian = PathBuf::from("/usr/lib/wine/wine64");
        let program =
            if debian.is_file() { Some(debian) } else { machine::find_program(&["wine64", "wine"]) };
        let wine = Self {
            program: program.context("Wine is not installed")?,
            prefix: target.join("wine/prefix"),
            user_folder: target.join("wine/user"),
            rig: built("debug", "rig.exe")?,
            out: target.join("demos-windows"),
        };
        fs::create_dir_all(&wine.user_folder).context("making a folder for Wine's user")?;
        let system = wine.prefix.join("drive_c/windows/system32");
        if !system.is_dir() {
            let mut boot = wine.command(Path::new("wineboot"));
            quiet(boot.arg("--init")).context("making Wine's folder")?;
        }
        let library = system.join("bcryptprimitives.dll");
        if !library.is_file() {
            let source = machine::root()?.join("tests/windows/bcryptprimitives.c");
            let mut compile = Command::new(LINKER);
            compile.args(["-shared", "-O2", "-o"]).arg(&library).arg(source).arg("-ladvapi32");
            child::run(&mut compile, "building the library that Wine lacks")?;
        }
        Ok(wine)
    }

    /// A Windows program on a display of its own: under VST3 the framework makes a hidden window.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("xvfb-run");
        command
            .args(["-a", "-s", "-screen 0 1400x1000x24 +extension GLX -noreset"])
            .arg(&self.program)
            .arg(program);
        self.in_prefix(&mut command);
        command
    }

    /// Opens the standalone's window, drags the puck to another genre, saves the beat, and finds it where Windows keeps
    /// music, with a screenshot beside the demos.
    fn window(&self, standalone: &Path) -> anyhow::Result<()> {
        const SCRIPT: &str = "move 290 344; press; move 200 260; move 100 180; release; beats 2; \
                              move 612 588; press; release; beats 2; move 980 20";
        let users = self.prefix.join("drive_c/users");
        for file in saved_beats(&users)? {
            fs::remove_file(&file).with_context(|| file.display().to_string())?;
        }
        fs::create_dir_all(&self.out).context("the folder of the demos")?;
        let picture = self.out.join("window.png");
        let mut rig = Command::new(machine::target()?.join("debug/rig"));
        rig.args(["window", "--size", "1000x900", "--script", SCRIPT, "--out"]).arg(&picture);
        rig.arg(&self.program).arg(standalone);
        quiet(self.in_prefix(&mut rig))?;
        let [saved] = &saved_beats(&users)?[..] else {
            bail!("no beat was saved; {} shows the window", picture.display());
        };
        let name = saved.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with("funk") {
            bail!("the puck was dragged to funk, what was saved is {name}");
        }
        Ok(())
    }

    /// Sets Wine's folders for this command.
    fn in_prefix<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("WINEPREFIX", &self.prefix).env("HOME", &self.user_folder).env("WINEDEBUG", "-all");
        // No questions about Mono and Gecko, which are not needed.
        command.env("WINEDLLOVERRIDES", "mscoree=;mshtml=")
    }

    /// The names of a test program's tests.
    fn tests(&self, program: &Path, options: &[&str]) -> anyhow::Result<Vec<String>> {
        let mut listing = self.command(program);
        let listing = listing.args(["--list", "--format=terse"]).args(options).stderr(Stdio::null()).output();
        let listing = listing.with_context(|| format!("{} could not be started", program.display()))?;
        let lines = String::from_utf8_lossy(&listing.stdout).into_owned();
        Ok(lines
            .lines()
            .filter_map(|line| line.trim_end().strip_suffix(": test"))
            .map(str::to_owned)
            .collect())
    }

    /// Records the demo on both systems and compares its notes and its sound byte by byte.
    fn demo(&self, bundle: &str, options: &[&str], linux: &Path, windows: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(&self.out).context("the folder of the demos")?;
        let [ours, theirs] = ["linux", "windows"].map(|system| self.out.join(system).with_extension("mid"));
        let linux_rig = machine::target()?.join("debug/rig");
        let record = |mut rig: Command, bundles: &Path, out: &Path| {
            rig.arg("demo").arg("--bundle").arg(bundles.join(bundle)).args(options).arg("--out").arg(out);
            quiet(&mut rig)
        };
        record(Command::new(linux_rig), linux, &ours)?;
        record(self.command(&self.rig), windows, &theirs)?;
        for kind in ["mid", "wav"] {
            let [ours, theirs] = [&ours, &theirs].map(|file| fs::read(file.with_extension(kind)));
            if ours.context("Linux's demo")? != theirs.context("the demo of Windows")? {
                bail!("the .{kind} files differ; they lie in {}", self.out.display());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_programs_are_found_in_what_cargo_says() {
        let program =
            r#"{"reason":"compiler-artifact","profile":{"test":true},"executable":"/t/beat-1.exe"}"#;
        assert_eq!(test_program(program), Some("/t/beat-1.exe".into()));
        assert_eq!(test_program(&program.replace("true", "false")), None);
        assert_eq!(test_program(r#"{"profile":{"test":true},"executable":null}"#), None);
    }
}
