//! `dist`: an archive for each platform that this machine can build, with their checksums. Entries are sorted and
//! carry the time of the last commit, so that the same build should give the same bytes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use crate::machine::{self, PLUGIN};
use crate::note_names::{self, NoteName};
use crate::{bundle, child, forward, macos, windows};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One entry of an archive.
struct Entry {
    bytes: Vec<u8>,
    executable: bool,
}

impl Entry {
    /// Its permissions on Unix.
    fn mode(&self) -> u32 {
        if self.executable { 0o755 } else { 0o644 }
    }
}

/// The entries of an archive by their paths, with `/` between folders.
type Entries = BTreeMap<String, Entry>;

/// Builds and packs everything that can be built here, and prints what was left out and why.
pub(crate) fn run() -> anyhow::Result<()> {
    let folder = machine::target()?.join("dist");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let time = commit_time()?;
    let mut written = Vec::new();
    let mut pack = |release: Release| -> anyhow::Result<()> {
        let Release { platform, entries, symbols } = release;
        let zipped = platform.contains("windows") || platform.contains("macos");
        let path =
            folder.join(format!("beatfield-{VERSION}-{platform}{}", if zipped { ".zip" } else { ".tar.gz" }));
        if zipped {
            zip(&path, &entries, time)?
        } else {
            tar(&path, &entries, time)?
        }
        written.push(path);
        if !symbols.is_empty() {
            let path = folder.join(format!("beatfield-{VERSION}-{platform}-symbols.tar.gz"));
            tar(&path, &symbols, time)?;
            written.push(path);
        }
        Ok(())
    };
    if cfg!(target_os = "macos") {
        pack(for_macos()?)?;
    } else if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        pack(for_linux()?)?;
        match for_windows() {
            Ok(release) => pack(release)?,
            Err(error) => println!("Windows: left out ({error:#})"),
        }
    } else {
        bail!(
            "archives are made on Linux on x86-64 and on macOS only; `cargo xtask bundle` works everywhere"
        );
    }
    written.extend(bill_of_materials(&folder)?);
    let mut sums = String::new();
    for path in &written {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        sums.push_str(&format!("{}  {name}\n", hex::encode(Sha256::digest(bytes))));
    }
    fs::write(folder.join("SHA256SUMS"), &sums).context("writing SHA256SUMS")?;
    print!("{sums}");
    println!("all in {}", folder.display());
    Ok(())
}

/// What one platform's archive holds, and what lies in the archive of debug symbols beside it.
struct Release {
    platform: &'static str,
    entries: Entries,
    symbols: Entries,
}

/// The profile of releases whose debug symbols are kept; its programs are those of `--release`.
const PROFILE: &str = "with-symbols";

fn for_linux() -> anyhow::Result<Release> {
    child::run(child::cargo().args(bundle::library(PROFILE)), "building the plugin")?;
    let built = machine::target()?.join(PROFILE);
    let mut programs = vec![built.join("libbeatfield.so")];
    if forward::has_headers() {
        programs.push(forward::build_standalone(PROFILE)?);
    } else {
        println!("standalone for Linux: left out ({})", forward::HEADERS);
    }
    let mut release = Release::of("linux-x86_64", &programs, "objcopy", "x86_64-linux")?;
    release.add_pages("Linux (x86-64)", "install.sh")?;
    Ok(release)
}

fn for_windows() -> anyhow::Result<Release> {
    let programs = windows::build(PROFILE)?;
    let mut release = Release::of("windows-x86_64", &programs, windows::OBJCOPY, windows::SYSTEM)?;
    release.add_pages("Windows (x86-64)", "install.cmd")?;
    Ok(release)
}

/// Without debug symbols, which a Mac keeps in another way.
fn for_macos() -> anyhow::Result<Release> {
    let bundles = macos::universal()?;
    let mut release =
        Release { platform: "macos-universal", entries: Entries::new(), symbols: Entries::new() };
    add_folder(&mut release.entries, &bundles, "")?;
    release.add_pages("macOS (Apple silicon and Intel)", "install.sh")?;
    Ok(release)
}

impl Release {
    /// Takes the debug symbols out of the plugin's library and the programs after it, and lays the library out as
    /// both bundles.
    fn of(platform: &'static str, programs: &[PathBuf], objcopy: &str, system: &str) -> anyhow::Result<Self> {
        let staged = machine::target()?.join("dist-staged").join(platform);
        if staged.exists() {
            fs::remove_dir_all(&staged).with_context(|| staged.display().to_string())?;
        }
        let bundles = staged.join("bundled");
        fs::create_dir_all(&bundles).with_context(|| bundles.display().to_string())?;
        let mut release = Self { platform, entries: Entries::new(), symbols: Entries::new() };
        for (number, program) in programs.iter().enumerate() {
            let name = program.file_name().context("a program has a name")?.to_string_lossy().into_owned();
            let (stripped, symbols) = (staged.join(&name), staged.join(format!("{name}.debug")));
            split_symbols(objcopy, program, &stripped, &symbols)?;
            add_file(&mut release.symbols, &symbols, &format!("{name}.debug"), false)?;
            if number == 0 {
                bundle::lay_out(&stripped, system, &bundles)?;
            } else {
                add_file(&mut release.entries, &stripped, &name, true)?;
            }
        }
        bundle::copy_licences(machine::root()?, &bundles).context("copying the licences")?;
        add_folder(&mut release.entries, &bundles, "")?;
        Ok(release)
    }

    /// Adds the pages and scripts of `dist`.
    fn add_pages(&mut self, platform: &str, script: &str) -> anyhow::Result<()> {
        let pages = machine::root()?.join("dist");
        let page = fs::read_to_string(pages.join("README.txt")).context("reading dist/README.txt")?;
        let page = page.replace("VERSION", VERSION).replace("PLATFORM", platform);
        let mut add_text = |name: &str, text: String| {
            let text = if script.ends_with(".cmd") { text.replace('\n', "\r\n") } else { text };
            self.entries.insert(name.to_owned(), Entry { bytes: text.into_bytes(), executable: false });
        };
        add_text("README.txt", page);
        let list = fs::read_to_string(pages.join("note-names.txt")).context("reading dist/note-names.txt")?;
        let names = NoteName::parse_all(&list)?;
        add_text("note-names/note-names.txt", list);
        add_text("note-names/Beatfield.midnam", note_names::midnam(&names));
        add_text("note-names/Beatfield.drm", note_names::drum_map(&names));
        add_file(&mut self.entries, &pages.join(script), script, true)
    }
}

/// Writes a program without its debug symbols to `stripped`, with a link to the file `symbols`, which holds them.
fn split_symbols(objcopy: &str, program: &Path, stripped: &Path, symbols: &Path) -> anyhow::Result<()> {
    let mut keep = Command::new(objcopy);
    keep.arg("--only-keep-debug").arg(program).arg(symbols);
    child::run(&mut keep, "keeping the debug symbols")?;
    let mut strip = Command::new(objcopy);
    let mut link = OsString::from("--add-gnu-debuglink=");
    link.push(symbols);
    strip.arg("--strip-all").arg(link).arg(program).arg(stripped);
    child::run(&mut strip, "removing the debug symbols")
}

fn tar(path: &Path, entries: &Entries, time: u64) -> anyhow::Result<()> {
    let file = File::create(path).with_context(|| path.display().to_string())?;
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::best()));
    for (name, entry) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(entry.bytes.len() as u64);
        header.set_mode(entry.mode());
        header.set_mtime(time);
        header.set_uid(0);
        header.set_gid(0);
        tar.append_data(&mut header, format!("beatfield-{VERSION}/{name}"), &entry.bytes[..])
            .with_context(|| format!("packing {name}"))?;
    }
    tar.into_inner().and_then(flate2::write::GzEncoder::finish).context("ending the archive")?;
    Ok(())
}

fn zip(path: &Path, entries: &Entries, time: u64) -> anyhow::Result<()> {
    let file = File::create(path).with_context(|| path.display().to_string())?;
    let mut zip = zip::ZipWriter::new(file);
    let options = zip::write::SimpleFileOptions::default().last_modified_time(zip_time(time));
    for (name, entry) in entries {
        zip.start_file(format!("beatfield-{VERSION}/{name}"), options.unix_permissions(entry.mode()))
            .with_context(|| format!("packing {name}"))?;
        zip.write_all(&entry.bytes).with_context(|| format!("packing {name}"))?;
    }
    zip.finish().context("ending the archive")?;
    Ok(())
}

/// A time in seconds since 1970 as zip has it, in UTC and to the day, which is enough for a release.
fn zip_time(seconds: u64) -> zip::DateTime {
    // Days to a date: Howard Hinnant, *chrono-Compatible Low-Level Date Algorithms*, civil_from_days.
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    zip::DateTime::from_date_and_time(year as u16, month as u8, day as u8, 0, 0, 0).unwrap_or_default()
}

fn add_file(entries: &mut Entries, path: &Path, name: &str, executable: bool) -> anyhow::Result<()> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    entries.insert(name.to_owned(), Entry { bytes, executable });
    Ok(())
}

fn add_folder(entries: &mut Entries, folder: &Path, below: &str) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        let name = format!("{below}{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            add_folder(entries, &path, &format!("{name}/"))?;
        } else {
            // On macOS the library lies without an extension in a folder of this name.
            let executable = below.ends_with("MacOS/")
                || path.extension().is_some_and(|kind| kind == "so" || kind == "clap");
            add_file(entries, &path, &name, executable)?;
        }
    }
    Ok(())
}

/// The time of the last commit, in seconds since 1970.
fn commit_time() -> anyhow::Result<u64> {
    let mut git = Command::new("git");
    let git = git.args(["log", "-1", "--format=%ct"]).current_dir(machine::root()?);
    let output = git.stderr(Stdio::null()).output().context("git could not be started")?;
    String::from_utf8_lossy(&output.stdout).trim().parse().context("the time of the last commit is unknown")
}

/// The software bill of materials of the plugin, by cargo-cyclonedx where that is installed.
fn bill_of_materials(folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    if machine::find_program(&["cargo-cyclonedx"]).is_none() {
        println!("bill of materials: left out (cargo install --locked cargo-cyclonedx)");
        return Ok(None);
    }
    let written = machine::root()?.join("plugin/beatfield.cdx.json");
    let mut bill = child::cargo();
    bill.args(["cyclonedx", "--format", "json", "--override-filename", "beatfield.cdx"]);
    bill.arg("--manifest-path").arg(machine::root()?.join("plugin/Cargo.toml"));
    child::run(bill.env("SOURCE_DATE_EPOCH", commit_time()?.to_string()), "the bill of materials")?;
    let path = folder.join(format!("{PLUGIN}-{VERSION}.cdx.json"));
    fs::rename(&written, &path).with_context(|| format!("taking {}", written.display()))?;
    // It writes one for each other member of the workspace, too.
    let root = machine::root()?;
    let crates = fs::read_dir(root.join("crates")).context("listing the crates")?;
    let members = crates.flatten().map(|member| member.path());
    for member in members.chain([root.join("tests"), root.join("xtask")]) {
        let other = member.join("beatfield.cdx.json");
        if other.exists() {
            fs::remove_file(&other).with_context(|| format!("removing {}", other.display()))?;
        }
    }
    Ok(Some(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_date() {
        for (seconds, date) in
            [(0, (1980, 1, 1)), (951_782_400, (2000, 2, 29)), (1_798_675_199, (2026, 12, 30))]
        {
            let time = zip_time(seconds);
            assert_eq!((time.year(), time.month(), time.day()), date, "{seconds}");
        }
    }
}
