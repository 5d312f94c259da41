//! `dist`: an archive for each platform that this machine can build, with their checksums. Entries are sorted and
//! carry the time of the last commit, so that the same build should give the same bytes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use crate::machine::{self, PLUGIN};
use crate::note_names::{self, NoteName};
use crate::{bundle, child, forward, windows};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One entry of an archive.
struct Entry {
    bytes: Vec<u8>,
    executable: bool,
}

/// The entries of an archive by their paths, with `/` between folders.
type Entries = BTreeMap<String, Entry>;

/// Builds and packs everything that can be built here, and prints what was left out and why.
pub(crate) fn run() -> anyhow::Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("archives are made on Linux on x86-64 only, so far; `cargo xtask bundle` works everywhere");
    }
    let folder = machine::target()?.join("dist");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let time = commit_time()?;
    let mut archives = vec![linux(&folder, time)?];
    match windows::release() {
        Ok(bundles) => archives.push(for_windows(&folder, &bundles, time)?),
        Err(error) => println!("Windows: left out ({error:#})"),
    }
    archives.extend(bill_of_materials(&folder)?);
    let mut sums = String::new();
    for archive in &archives {
        let bytes = fs::read(archive).with_context(|| archive.display().to_string())?;
        let name = archive.file_name().unwrap_or_default().to_string_lossy();
        let hash: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        sums.push_str(&format!("{hash}  {name}\n"));
    }
    fs::write(folder.join("SHA256SUMS"), &sums).context("writing SHA256SUMS")?;
    print!("{sums}");
    println!("all in {}", folder.display());
    Ok(())
}

fn linux(folder: &Path, time: u64) -> anyhow::Result<PathBuf> {
    bundle::release()?;
    let mut entries = Entries::new();
    add_folder(&mut entries, &machine::bundles()?, "")?;
    if forward::has_headers() {
        let standalone = forward::build_standalone()?;
        add_file(&mut entries, &standalone, forward::STANDALONE, true)?;
    } else {
        println!("standalone for Linux: left out ({})", forward::HEADERS);
    }
    add_pages(&mut entries, "Linux (x86-64)", "install.sh")?;
    let path = folder.join(format!("beatfield-{VERSION}-linux-x86_64.tar.gz"));
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::best()));
    for (name, entry) in &entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(entry.bytes.len() as u64);
        header.set_mode(if entry.executable { 0o755 } else { 0o644 });
        header.set_mtime(time);
        header.set_uid(0);
        header.set_gid(0);
        tar.append_data(&mut header, format!("beatfield-{VERSION}/{name}"), &entry.bytes[..])
            .with_context(|| format!("packing {name}"))?;
    }
    tar.into_inner().and_then(flate2::write::GzEncoder::finish).context("ending the archive")?;
    Ok(path)
}

fn for_windows(folder: &Path, bundles: &Path, time: u64) -> anyhow::Result<PathBuf> {
    let mut entries = Entries::new();
    add_folder(&mut entries, bundles, "")?;
    add_pages(&mut entries, "Windows (x86-64)", "install.cmd")?;
    let path = folder.join(format!("beatfield-{VERSION}-windows-x86_64.zip"));
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    let mut zip = zip::ZipWriter::new(file);
    let options = zip::write::SimpleFileOptions::default().last_modified_time(zip_time(time));
    for (name, entry) in &entries {
        zip.start_file(format!("beatfield-{VERSION}/{name}"), options)
            .with_context(|| format!("packing {name}"))?;
        zip.write_all(&entry.bytes).with_context(|| format!("packing {name}"))?;
    }
    zip.finish().context("ending the archive")?;
    Ok(path)
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

/// The pages and files of an archive that come out of `dist`.
fn add_pages(entries: &mut Entries, platform: &str, script: &str) -> anyhow::Result<()> {
    let pages = machine::root()?.join("dist");
    let page = fs::read_to_string(pages.join("README.txt")).context("reading dist/README.txt")?;
    let page = page.replace("VERSION", VERSION).replace("PLATFORM", platform);
    let mut add_text = |name: &str, text: String| {
        let text = if script.ends_with(".cmd") { text.replace('\n', "\r\n") } else { text };
        entries.insert(name.to_owned(), Entry { bytes: text.into_bytes(), executable: false });
    };
    add_text("README.txt", page);
    let list = fs::read_to_string(pages.join("note-names.txt")).context("reading dist/note-names.txt")?;
    let names = NoteName::parse_all(&list)?;
    add_text("note-names/note-names.txt", list);
    add_text("note-names/Beatfield.midnam", note_names::midnam(&names));
    add_text("note-names/Beatfield.drm", note_names::drum_map(&names));
    add_file(entries, &pages.join(script), script, true)
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
            let executable = path.extension().is_some_and(|kind| kind == "so" || kind == "clap");
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
