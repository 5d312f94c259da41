//! `bundle`: builds the plugin and writes its CLAP and VST3 bundles.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::machine::{self, PLUGIN};
use crate::{child, macos};

/// In debug builds an allocation in `process` aborts the host.
pub(crate) const ASSERT_ALLOCS: &str = "beatfield/assert_process_allocs";

#[derive(clap::Args)]
pub(crate) struct BundleOptions {
    /// A debug build that aborts when the audio thread allocates, in target/asserted/bundled
    #[arg(long)]
    debug: bool,
}

/// Writes the bundles; the bundler prints where.
pub(crate) fn run(options: &BundleOptions) -> anyhow::Result<()> {
    if options.debug {
        build_debug(&["--package", PLUGIN])?;
        bundle_debug().map(drop)
    } else {
        release()
    }
}

/// The arguments of cargo that build the plugin's library with a profile for users. Only as a library of one kind it is
/// optimised as a whole: beside the kind that tests link, which the package has too, cargo leaves that out.
pub(crate) fn library(profile: &str) -> [&str; 8] {
    ["rustc", "--profile", profile, "--package", PLUGIN, "--lib", "--crate-type", "cdylib"]
}

/// Builds the plugin for users and bundles it into target/bundled.
pub(crate) fn release() -> anyhow::Result<()> {
    child::run(child::cargo().args(library("release")), "building the plugin")?;
    write_bundles(&machine::target()?, "--release", false)?;
    let (root, bundles) = (machine::root()?, machine::bundles()?);
    copy_licences(root, &bundles).with_context(|| format!("copying the licences to {}", bundles.display()))
}

/// Copies the library of a system where a plugin is a file to the places of its bundles in `bundles`; `system` is
/// the VST3 specification's name of the system and processor, as in `x86_64-win`.
pub(crate) fn lay_out(library: &Path, system: &str, bundles: &Path) -> anyhow::Result<()> {
    let module = if system.ends_with("win") { "Beatfield.vst3" } else { "Beatfield.so" };
    for place in ["Beatfield.clap".to_owned(), format!("Beatfield.vst3/Contents/{system}/{module}")] {
        let place = bundles.join(place);
        copy(library, &place)
            .with_context(|| format!("copying {} to {}", library.display(), place.display()))?;
    }
    Ok(())
}

/// The folder of bundles that was given, else the release, built now.
pub(crate) fn given_or_release(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    match given {
        Some(folder) => Ok(folder.to_owned()),
        None => release().and_then(|()| machine::bundles()),
    }
}

/// The licences of what a bundle contains; they have to be distributed with it.
const LICENCES: [&str; 5] = ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT", "LICENSES", "NOTICES.md"];

/// Copies the licences in the checkout `from` to the bundles in `to`.
pub(crate) fn copy_licences(from: &Path, to: &Path) -> std::io::Result<()> {
    LICENCES.iter().try_for_each(|licence| copy(&from.join(licence), &to.join(licence)))
}

/// Copies a file or a folder recursively, and makes missing parent folders.
pub(crate) fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().unwrap_or(to))?;
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Builds `scope` (arguments of cargo) in debug, with the plugin's allocation check on.
pub(crate) fn build_debug(scope: &[&str]) -> anyhow::Result<()> {
    let mut build = child::cargo();
    build.arg("build").args(scope).args(["--features", ASSERT_ALLOCS]);
    child::run(&mut build, "building for debug")
}

/// Bundles the plugin that [`build_debug`] built into a folder of its own, which it returns, so that bundles
/// for tests are not installed by mistake.
pub(crate) fn bundle_debug() -> anyhow::Result<PathBuf> {
    let target = machine::target()?;
    let asserted = target.join("asserted");
    let library = format!("{DLL_PREFIX}{PLUGIN}{DLL_SUFFIX}");
    let (built, staged) = (target.join("debug").join(&library), asserted.join("debug").join(&library));
    fs::create_dir_all(asserted.join("debug"))
        .and_then(|()| fs::copy(&built, &staged))
        .with_context(|| format!("copying {} to {}", built.display(), staged.display()))?;
    write_bundles(&asserted, "--profile=debug", false)?;
    Ok(asserted.join("bundled"))
}

/// Calls the framework's bundler, which reads bundler.toml from the current folder. With `universal` it joins the
/// libraries of both kinds of Mac.
pub(crate) fn write_bundles(target: &Path, profile: &str, universal: bool) -> anyhow::Result<()> {
    let here = std::env::current_dir().context("the current folder is gone")?;
    std::env::set_current_dir(machine::root()?).context("the checkout is gone")?;
    let bundled = nice_plug_xtask::bundle(target, PLUGIN, &[profile.to_owned()], universal);
    std::env::set_current_dir(here).context("the current folder is gone")?;
    bundled.context("the plugin was built but could not be bundled")?;
    if cfg!(target_os = "macos") {
        macos::complete(&target.join("bundled"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_licence_lies_where_it_is_looked_for() {
        for licence in LICENCES {
            assert!(machine::root().expect("the checkout").join(licence).exists(), "{licence} is missing");
        }
    }
}
