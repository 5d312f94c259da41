//! Where things are: the checkout and the build folder.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// The package of the plugin, and its bundles' name in bundler.toml.
pub(crate) const PLUGIN: &str = "beatfield";

/// The top folder of the checkout.
pub(crate) fn root() -> anyhow::Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no folder above it")
}

/// Cargo's build folder, wherever its settings put it: we lie in one of its profiles ourselves.
pub(crate) fn target() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("xtask cannot tell where it lies")?;
    let target = this.parent().and_then(Path::parent);
    Ok(target.with_context(|| format!("{} lies outside a build folder", this.display()))?.to_owned())
}

/// Where the bundles for the user go.
pub(crate) fn bundles() -> anyhow::Result<PathBuf> {
    Ok(target()?.join("bundled"))
}
