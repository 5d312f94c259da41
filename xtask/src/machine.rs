//! Paths on this machine: the checkout, the build folder, and installed programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// The package of the plugin, and its bundles' name in bundler.toml.
pub(crate) const PLUGIN: &str = "beatfield";

/// The top folder of the checkout.
pub(crate) fn root() -> anyhow::Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no folder above it")
}

/// Cargo's build folder, found from our own executable, which is in one of its profiles.
pub(crate) fn target() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("the path of xtask's executable is unknown")?;
    let target = this.parent().and_then(Path::parent);
    Ok(target.with_context(|| format!("{} lies outside a build folder", this.display()))?.to_owned())
}

/// Where the bundles for the user go.
pub(crate) fn bundles() -> anyhow::Result<PathBuf> {
    Ok(target()?.join("bundled"))
}

/// The path of the first of these programs that is on PATH.
pub(crate) fn find_program(names: &[&str]) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    find_in(&std::env::split_paths(&paths).collect::<Vec<_>>(), names)
}

fn find_in(folders: &[PathBuf], names: &[&str]) -> Option<PathBuf> {
    let candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    // Where programs have no extension, a name may have one: clap-validator.exe is looked for on Linux.
    let full = |path: PathBuf| match std::env::consts::EXE_EXTENSION {
        "" => path,
        extension => path.with_extension(extension),
    };
    candidates.map(full).find(|path| path.is_file())
}

/// A program that has the option `--version`, and how to install it.
struct Tool {
    call: &'static [&'static str],
    get: &'static str,
}

const EVERYWHERE: [Tool; 2] = [
    Tool { call: &["cargo", "fmt"], get: "rustup component add rustfmt" },
    Tool { call: &["cargo", "clippy"], get: "rustup component add clippy" },
];

const ON_LINUX: [Tool; 2] = [
    Tool { call: &["cc"], get: "apt-get install gcc libc6-dev (or your system's C compiler)" },
    Tool { call: &["pkg-config"], get: "apt-get install pkg-config" },
];

/// Fails with the list of all that is missing and how to install it.
pub(crate) fn require_test_tools() -> anyhow::Result<()> {
    let on_linux = if cfg!(target_os = "linux") { &ON_LINUX[..] } else { &[] };
    let missing: Vec<String> = EVERYWHERE
        .iter()
        .chain(on_linux)
        .filter(|tool| !answers(tool.call))
        .map(|tool| format!("\n  {}: {}", tool.call.join(" "), tool.get))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!("this machine lacks what the tests need. Install it and try again:{}", missing.concat())
}

/// Fails with the command that installs the compiler's standard libraries for these targets, where one is missing.
pub(crate) fn require_targets(targets: &[&str]) -> anyhow::Result<()> {
    let mut missing = Vec::new();
    for &target in targets {
        if !has_standard_library(target)? {
            missing.push(target);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "this compiler has no standard library for {0}. Install it and try again:\n  rustup target add {0}",
        missing.join(" ")
    )
}

/// Whether the compiler has a target's standard library.
pub(crate) fn has_standard_library(target: &str) -> anyhow::Result<bool> {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let output = rustc.args(["--print", "target-libdir", "--target", target]).output();
    let output = output.context("rustc could not be started")?;
    Ok(Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

fn answers(call: &[&str]) -> bool {
    let mut command = Command::new(call[0]);
    command.args(&call[1..]).arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_there_is_found() {
        assert!(find_program(&["no such program at all", "cargo"]).is_some_and(|path| path.is_absolute()));
        assert_eq!(find_program(&["no such program at all"]), None);
    }

    /// clap-validator.exe was not found on Linux.
    #[test]
    fn a_name_keeps_its_extension() {
        let folder = std::env::temp_dir().join(format!("beatfield programs {}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("validator.exe"), "").expect("a file");
        assert_eq!(
            find_in(std::slice::from_ref(&folder), &["validator.exe"]),
            Some(folder.join("validator.exe"))
        );
        std::fs::remove_dir_all(folder).expect("it was there");
    }
}
