//! `bundle`: the plugin as a DAW wants it on disk.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::places::{self, PLUGIN};
use crate::{child, install};

/// In debug builds an allocation in `process` ends the host instead of passing unseen.
pub(crate) const ASSERT_ALLOCS: &str = "beatfield/assert_process_allocs";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// A debug build that aborts when the audio thread allocates, in target/asserted/bundled
    #[arg(long)]
    debug: bool,
}

/// Bundles as asked and leaves the bundler's lines about where.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if options.debug {
        build_debug(&["--package", PLUGIN])?;
        bundle_debug().map(drop)
    } else {
        release()
    }
}

/// Builds the plugin for users and bundles it into target/bundled.
pub(crate) fn release() -> anyhow::Result<()> {
    child::run(child::cargo().args(["build", "--release", "--package", PLUGIN]), "building the plugin")?;
    write_bundles(&places::target()?, "--release")?;
    let (root, bundles) = (places::root()?, places::bundles()?);
    copy_papers(root, &bundles).with_context(|| format!("copying the licences to {}", bundles.display()))
}

/// The folder of bundles that was given, else the release, built now.
pub(crate) fn given_or_release(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    match given {
        Some(folder) => Ok(folder.to_owned()),
        None => release().and_then(|()| places::bundles()),
    }
}

/// The licences of what a bundle contains, which whoever passes it on has to pass on too.
const PAPERS: [&str; 5] = ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT", "LICENSES", "NOTICES.md"];

fn copy_papers(from: &Path, to: &Path) -> std::io::Result<()> {
    PAPERS.iter().try_for_each(|paper| install::copy(&from.join(paper), &to.join(paper)))
}

/// Builds `scope` (cargo's words for what) in debug, with the plugin's allocation check on.
pub(crate) fn build_debug(scope: &[&str]) -> anyhow::Result<()> {
    let mut build = child::cargo();
    build.arg("build").args(scope).args(["--features", ASSERT_ALLOCS]);
    child::run(&mut build, "building for debug")
}

/// Bundles the plugin that [`build_debug`] built into a folder of its own, which it returns: bundles
/// for tests must not end up in a DAW.
pub(crate) fn bundle_debug() -> anyhow::Result<PathBuf> {
    let target = places::target()?;
    let asserted = target.join("asserted");
    let library = format!("{DLL_PREFIX}{PLUGIN}{DLL_SUFFIX}");
    let (built, staged) = (target.join("debug").join(&library), asserted.join("debug").join(&library));
    fs::create_dir_all(asserted.join("debug"))
        .and_then(|()| fs::copy(&built, &staged))
        .with_context(|| format!("copying {} to {}", built.display(), staged.display()))?;
    write_bundles(&asserted, "--profile=debug")?;
    Ok(asserted.join("bundled"))
}

/// Calls the framework's bundler, which reads bundler.toml from the folder where one stands.
fn write_bundles(target: &Path, profile: &str) -> anyhow::Result<()> {
    let here = std::env::current_dir().context("the current folder is gone")?;
    std::env::set_current_dir(places::root()?).context("the checkout is gone")?;
    let bundled = nice_plug_xtask::bundle(target, PLUGIN, &[profile.to_owned()], false);
    std::env::set_current_dir(here).context("the current folder is gone")?;
    bundled.context("the plugin was built but could not be bundled")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_licence_lies_where_it_is_looked_for() {
        for paper in PAPERS {
            assert!(places::root().expect("the checkout").join(paper).exists(), "{paper} is missing");
        }
    }
}
