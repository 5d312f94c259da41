//! Ardour without display or sound card, in a home of its own: nothing of the user's is read or written.

use super::{DawError, Take, patience, takes};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// Our script for Ardour's Lua console.
const SCRIPT: &str = include_str!("record.lua");
/// Our settings for Ardour.
const CONFIG: &str = include_str!("config.xml");
/// What runs the script. Version 7, Debian 12's, is the one that this was tested with.
const CONSOLE: &str = "ardour7-lua";
const SCANNER: &str = "/usr/lib/ardour7/ardour-vst3-scanner";
const LIBRARIES: &str = "/usr/lib/ardour7";
/// How long a scan may take; it takes less than a second.
const SCAN_LIMIT: Duration = Duration::from_secs(60);
/// How much longer than its music a recording may take.
const RECORD_MARGIN: Duration = Duration::from_secs(120);

/// An Ardour that was found on this machine.
#[derive(Debug)]
pub struct Ardour(());

/// What Ardour left behind.
#[derive(Debug)]
pub struct Recorded {
    midi_folder: PathBuf,
    /// Blocks that came too late for the clock, as Ardour counts them.
    pub xruns: u32,
}

impl Ardour {
    /// Looks for what a recording needs; installs nothing.
    ///
    /// # Errors
    /// Something is missing; the error names the Debian package that has it.
    pub fn find() -> Result<Self, DawError> {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let found = |program| std::env::split_paths(&paths).any(|folder| folder.join(program).is_file());
        if !found(CONSOLE) {
            return Err(DawError::Missing { program: CONSOLE, package: "ardour" });
        }
        if !Path::new(SCANNER).is_file() {
            return Err(DawError::Missing { program: SCANNER, package: "ardour" });
        }
        if !found("script") {
            return Err(DawError::Missing { program: "script", package: "bsdutils" });
        }
        Ok(Self(()))
    }

    /// Records `takes` of the VST3 bundle at `bundle` into a session in `folder`, an existing one that
    /// holds no session yet. Takes as long as the music.
    ///
    /// # Errors
    /// The plugin can't be scanned, or Ardour does not come to the end of the script in time.
    pub fn record(&self, bundle: &Path, folder: &Path, takes: &[Take]) -> Result<Recorded, DawError> {
        let folder = fs::canonicalize(folder).map_err(DawError::file(folder))?;
        let bundle = fs::canonicalize(bundle).map_err(DawError::file(bundle))?;
        let home = Home::furnish(folder.join("home"), &bundle)?;
        home.scan(&folder)?;

        let session = folder.join("session");
        let script = folder.join("record.lua");
        let text = format!("{}\n{SCRIPT}", takes::plan(takes, &session));
        fs::write(&script, text).map_err(DawError::file(&script))?;
        let beats: f64 = takes.iter().map(|take| take.beats).sum();
        let limit = Duration::from_secs_f64(beats * 60.0 / takes::TEMPO) + RECORD_MARGIN;
        let said = home.play(&folder, limit)?;
        let xruns = said.lines().find_map(|line| line.trim().strip_prefix("rig: xruns "));
        let xruns = xruns.and_then(|count| count.parse().ok()).unwrap_or(0);
        Ok(Recorded { midi_folder: session.join("interchange").join("session").join("midifiles"), xruns })
    }
}

impl Recorded {
    /// The MIDI file of a take.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn midi_of(&self, take: &Take) -> Result<PathBuf, DawError> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.midi_folder).map_err(DawError::file(&self.midi_folder))? {
            let path = entry.map_err(DawError::file(&self.midi_folder))?.path();
            if path.file_stem().is_some_and(|stem| track_of(&stem.to_string_lossy()) == Some(take.name)) {
                found.push(path);
            }
        }
        if found.len() != 1 {
            let folder = self.midi_folder.clone();
            return Err(DawError::Recordings { folder, take: take.name, found: found.len() });
        }
        Ok(found.swap_remove(0))
    }
}

/// The track that a file of Ardour's comes from: "plain" for "Take1_plain-2".
fn track_of(stem: &str) -> Option<&str> {
    let (_, track) = stem.split_once('_')?;
    track.rsplit_once('-').map(|(track, _)| track)
}

/// A home folder with one plugin and our settings.
struct Home {
    folder: PathBuf,
    plugin: PathBuf,
}

impl Home {
    fn furnish(folder: PathBuf, bundle: &Path) -> Result<Self, DawError> {
        let config = folder.join(".config/ardour7");
        let plugins = folder.join(".vst3");
        for needed in [&config, &plugins] {
            fs::create_dir_all(needed).map_err(DawError::file(needed))?;
        }
        let config = config.join("config");
        fs::write(&config, CONFIG).map_err(DawError::file(&config))?;
        let plugin = plugins.join("Beatfield.vst3");
        link(bundle, &plugin).map_err(DawError::file(&plugin))?;
        Ok(Self { folder, plugin })
    }

    /// A program that takes this home for its user's.
    fn run(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("HOME", &self.folder);
        let places = [("CONFIG", ".config"), ("CACHE", ".cache"), ("DATA", ".local/share")];
        for (kind, place) in places {
            command.env(format!("XDG_{kind}_HOME"), self.folder.join(place));
        }
        command
    }

    /// Lets Ardour's scanner get to know the plugin; the console scans none by itself.
    fn scan(&self, logs: &Path) -> Result<(), DawError> {
        let mut scanner = self.run(SCANNER);
        scanner.env("LD_LIBRARY_PATH", LIBRARIES).arg("-f").arg(&self.plugin);
        let ended = patience::run(&mut scanner, "ardour-vst3-scanner", SCAN_LIMIT, &logs.join("scan.log"))?;
        if ended.well && ended.said.contains("Found Plugin: Beatfield") {
            return self.outdate_the_plugin();
        }
        Err(ended.without("ardour-vst3-scanner", "find Beatfield in the bundle"))
    }

    /// Dates what the scanner wrote a little ahead. Ardour believes it only where it is younger than the
    /// plugin, in whole seconds, and a bundle that was built just now is as young.
    fn outdate_the_plugin(&self) -> Result<(), DawError> {
        let learnt = self.folder.join(".cache/ardour7/vst");
        let ahead = SystemTime::now() + Duration::from_secs(2);
        for entry in fs::read_dir(&learnt).map_err(DawError::file(&learnt))? {
            let path = entry.map_err(DawError::file(&learnt))?.path();
            let file = fs::File::options().write(true).open(&path).map_err(DawError::file(&path))?;
            file.set_modified(ahead).map_err(DawError::file(&path))?;
        }
        Ok(())
    }

    /// Runs the script. The console wants a terminal, and `script` gives it one.
    fn play(&self, folder: &Path, limit: Duration) -> Result<String, DawError> {
        let mut console = self.run("script");
        console.args(["-qec", &format!("{CONSOLE} record.lua"), "/dev/null"]).current_dir(folder);
        let ended = patience::run(&mut console, CONSOLE, limit, &folder.join("ardour.log"))?;
        if ended.said.lines().any(|line| line.trim() == "rig: done") {
            return Ok(ended.said);
        }
        Err(ended.without(CONSOLE, "come to the end of the recording"))
    }
}

/// The plugin stays where it is; a link to it is what the scanner sees.
#[cfg(unix)]
fn link(bundle: &Path, plugin: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(bundle, plugin)
}

/// Nobody comes here: there is no console to be found on such a system.
#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::track_of;

    #[test]
    fn a_recording_is_known_by_its_track() {
        assert_eq!(track_of("Take1_plain-2"), Some("plain"));
        assert_eq!(track_of("Take4_looped-automated-1"), Some("looped-automated"));
        assert_eq!(track_of("unnamed"), None);
    }
}
