//! Ardour without display or sound card, with a home folder of its own: none of the user's files is read or
//! written.

use super::takes::{self, DawTake};
use anyhow::{Context, Result, anyhow, bail, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// The script for Ardour's Lua console.
const SCRIPT: &str = include_str!("record.lua");
/// Ardour's settings.
const CONFIG: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- Lets Ardour start by itself with its dummy backend on a machine without a sound card. -->
<Ardour>
  <Config>
    <Option name="hide-dummy-backend" value="0"/>
    <Option name="try-autostart-engine" value="1"/>
    <Option name="copy-demo-sessions" value="0"/>
  </Config>
</Ardour>
"#;
/// The program that runs the script. Tested with version 7 of Debian 12.
const CONSOLE: &str = "ardour7-lua";
const SCANNER: &str = "/usr/lib/ardour7/ardour-vst3-scanner";
const LIBRARIES: &str = "/usr/lib/ardour7";
/// How long a scan may take, which usually takes less than a second.
const SCAN_LIMIT: Duration = Duration::from_secs(60);
/// How much longer than its music a recording may take.
const RECORD_MARGIN: Duration = Duration::from_secs(120);

/// A program that a recording needs is not on this machine.
#[derive(Debug, thiserror::Error)]
#[error("{program} is not installed; on Debian: apt-get install {package} (then try again)")]
pub struct MissingProgram {
    program: &'static str,
    /// The Debian package that holds it.
    package: &'static str,
}

/// An Ardour that was found on this machine.
#[derive(Debug)]
pub struct Ardour(());

/// A recording by Ardour.
#[derive(Debug)]
pub struct ArdourRecording {
    midi_folder: PathBuf,
    /// Blocks that were processed too late, as counted by Ardour.
    pub xruns: u32,
}

impl Ardour {
    /// Looks for what a recording needs; installs nothing.
    ///
    /// # Errors
    /// [`MissingProgram`] names the Debian package that has it.
    pub fn find() -> Result<Self, MissingProgram> {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let found = |program| std::env::split_paths(&paths).any(|folder| folder.join(program).is_file());
        if !found(CONSOLE) {
            return Err(MissingProgram { program: CONSOLE, package: "ardour" });
        }
        if !Path::new(SCANNER).is_file() {
            return Err(MissingProgram { program: SCANNER, package: "ardour" });
        }
        if !found("script") {
            return Err(MissingProgram { program: "script", package: "bsdutils" });
        }
        Ok(Self(()))
    }

    /// Records `takes` of the VST3 bundle at `bundle` into a session in `folder`, an existing one that
    /// holds no session yet. Takes as long as the music.
    ///
    /// # Errors
    /// The plugin can't be scanned, or Ardour does not finish the script in time.
    pub fn record(&self, bundle: &Path, folder: &Path, takes: &[DawTake]) -> Result<ArdourRecording> {
        let folder = fs::canonicalize(folder).with_context(named(folder))?;
        let bundle = fs::canonicalize(bundle).with_context(named(bundle))?;
        let user = UserFolder::create(folder.join("home"), &bundle)?;
        user.scan(&folder)?;

        let session = folder.join("session");
        let script = folder.join("record.lua");
        let text = format!("{}\n{SCRIPT}", takes::plan(takes, &session));
        fs::write(&script, text).with_context(named(&script))?;
        let beats: f64 = takes.iter().map(|take| take.beats).sum();
        let limit = Duration::from_secs_f64(beats * 60.0 / takes::TEMPO) + RECORD_MARGIN;
        let output = user.play(&folder, limit)?;
        let xruns = output.lines().find_map(|line| line.trim().strip_prefix("rig: xruns "));
        let xruns = xruns.and_then(|count| count.parse().ok()).unwrap_or(0);
        Ok(ArdourRecording {
            midi_folder: session.join("interchange").join("session").join("midifiles"),
            xruns,
        })
    }
}

impl ArdourRecording {
    /// The MIDI file of a take.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn midi_of(&self, take: &DawTake) -> Result<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.midi_folder).with_context(named(&self.midi_folder))? {
            let path = entry.with_context(named(&self.midi_folder))?.path();
            if path.file_stem().is_some_and(|stem| track_of(&stem.to_string_lossy()) == Some(take.name)) {
                found.push(path);
            }
        }
        let (folder, found_takes) = (self.midi_folder.display(), found.len());
        ensure!(
            found_takes == 1,
            "{folder} holds {found_takes} recordings of the take \"{}\" instead of one",
            take.name
        );
        Ok(found.swap_remove(0))
    }
}

/// The track of one of Ardour's MIDI files: "plain" for "Take1_plain-2".
fn track_of(stem: &str) -> Option<&str> {
    let (_, track) = stem.split_once('_')?;
    track.rsplit_once('-').map(|(track, _)| track)
}

/// A home folder with the plugin and the settings.
struct UserFolder {
    folder: PathBuf,
    plugin: PathBuf,
}

impl UserFolder {
    fn create(folder: PathBuf, bundle: &Path) -> Result<Self> {
        let config = folder.join(".config/ardour7");
        let plugins = folder.join(".vst3");
        for needed in [&config, &plugins] {
            fs::create_dir_all(needed).with_context(named(needed))?;
        }
        let config = config.join("config");
        fs::write(&config, CONFIG).with_context(named(&config))?;
        let plugin = plugins.join("Beatfield.vst3");
        link(bundle, &plugin).with_context(named(&plugin))?;
        Ok(Self { folder, plugin })
    }

    /// A command that uses this home folder.
    fn run(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("HOME", &self.folder);
        let places = [("CONFIG", ".config"), ("CACHE", ".cache"), ("DATA", ".local/share")];
        for (kind, place) in places {
            command.env(format!("XDG_{kind}_HOME"), self.folder.join(place));
        }
        command
    }

    /// Has Ardour's scanner scan the plugin; the console scans none by itself.
    fn scan(&self, logs: &Path) -> Result<()> {
        let mut scanner = self.run(SCANNER);
        scanner.env("LD_LIBRARY_PATH", LIBRARIES).arg("-f").arg(&self.plugin);
        let ended = run_limited(&mut scanner, "ardour-vst3-scanner", SCAN_LIMIT, &logs.join("scan.log"))?;
        if ended.success && ended.output.contains("Found Plugin: Beatfield") {
            return self.postdate_scan();
        }
        Err(ended.failed("ardour-vst3-scanner", "find Beatfield in the bundle"))
    }

    /// Sets the modification times of the scanner's files two seconds ahead. Ardour uses them only where they
    /// are newer than the plugin, in whole seconds, and a bundle that was just built is as new.
    fn postdate_scan(&self) -> Result<()> {
        let cache = self.folder.join(".cache/ardour7/vst");
        let ahead = SystemTime::now() + Duration::from_secs(2);
        for entry in fs::read_dir(&cache).with_context(named(&cache))? {
            let path = entry.with_context(named(&cache))?.path();
            let file = fs::File::options().write(true).open(&path).with_context(named(&path))?;
            file.set_modified(ahead).with_context(named(&path))?;
        }
        Ok(())
    }

    /// Runs the script. The console needs a terminal, which the program `script` provides.
    fn play(&self, folder: &Path, limit: Duration) -> Result<String> {
        let mut console = self.run("script");
        console.args(["-qec", &format!("{CONSOLE} record.lua"), "/dev/null"]).current_dir(folder);
        let ended = run_limited(&mut console, CONSOLE, limit, &folder.join("ardour.log"))?;
        if ended.output.lines().any(|line| line.trim() == "rig: done") {
            return Ok(ended.output);
        }
        Err(ended.failed(CONSOLE, "finish the recording"))
    }
}

/// The scanner finds the plugin through a link.
#[cfg(unix)]
fn link(bundle: &Path, plugin: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(bundle, plugin)
}

/// Not reached: there is no console on such a system.
#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// The pause between checks whether a program has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Lines of a program's output in an error.
const LAST_LINES: usize = 12;

/// A program that ended by itself.
struct FinishedProgram {
    /// Whether it exited with success.
    success: bool,
    /// Everything that it output.
    output: String,
    /// The file of its output.
    log: PathBuf,
}

/// Runs `command`, called `program` in errors, for at most `limit`, and writes its output to `log`.
fn run_limited(
    command: &mut Command,
    program: &'static str,
    limit: Duration,
    log: &Path,
) -> Result<FinishedProgram> {
    let out = File::create(log).with_context(named(log))?;
    let err = out.try_clone().with_context(named(log))?;
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    let mut child = command.spawn().context(program)?;
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context(program)? {
            let output = read(log)?;
            return Ok(FinishedProgram { success: status.success(), output, log: log.to_owned() });
        }
        if started.elapsed() > limit {
            child.kill().and_then(|()| child.wait()).context(program)?;
            let (seconds, output) = (limit.as_secs(), last_lines(&read(log)?));
            bail!(
                "{program} was ended after {seconds} s without a result; its output, in {}, ends with:\n{output}",
                log.display()
            );
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

impl FinishedProgram {
    /// The error that `program` did not do its `task`.
    fn failed(self, program: &str, task: &str) -> anyhow::Error {
        let (log, output) = (self.log.display(), last_lines(&self.output));
        anyhow!("{program} did not {task}; its output, in {log}, ends with:\n{output}")
    }
}

/// The context of an error of the file system about `path`.
fn named(path: &Path) -> impl FnOnce() -> String {
    let name = path.display().to_string();
    move || name
}

fn read(log: &Path) -> Result<String> {
    let bytes = std::fs::read(log).with_context(named(log))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn last_lines(output: &str) -> String {
    let lines: Vec<&str> = output.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_found_by_its_track() {
        assert_eq!(track_of("Take1_plain-2"), Some("plain"));
        assert_eq!(track_of("Take4_looped-automated-1"), Some("looped-automated"));
        assert_eq!(track_of("unnamed"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_does_not_end_is_killed_and_quoted() -> Result<()> {
        let log = tempfile::NamedTempFile::new()?;
        let mut endless = Command::new("sh");
        endless.args(["-c", "echo still here; exec sleep 60"]);
        let ended = run_limited(&mut endless, "sh", Duration::from_millis(300), log.path());
        assert!(ended.is_err_and(|error| error.to_string().contains("still here")));
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn the_output_of_a_program_is_kept() -> Result<()> {
        let log = tempfile::NamedTempFile::new()?;
        let mut brief = Command::new("sh");
        brief.args(["-c", "echo out; echo err >&2; exit 4"]);
        let ended = run_limited(&mut brief, "sh", Duration::from_secs(60), log.path())?;
        assert_eq!((ended.success, ended.output.as_str()), (false, "out\nerr\n"));
        Ok(())
    }
}
