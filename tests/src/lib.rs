//! What the end-to-end tests share: the bundles, the built-in model and instances.

use rig::{Bundle, Instance, PluginFormat};
use std::path::{Path, PathBuf};

/// The variable that says in which folder the bundles lie.
pub const BUNDLES: &str = "BEATFIELD_BUNDLES";

/// The real bundle of a format, loaded.
///
/// # Panics
/// No bundles were built for this run, or this one does not load.
pub fn load(format: PluginFormat) -> Bundle {
    let Some(folder) = std::env::var_os(BUNDLES) else {
        panic!(
            "{BUNDLES} does not say where the bundles are; run `cargo xtask test`, which builds them first"
        );
    };
    let path = PathBuf::from(folder).join(format.file_name("Beatfield"));
    Bundle::load(&path).expect("`cargo xtask test` builds a bundle that loads")
}

/// A fresh instance of the real bundle, which stays loaded as long as the instance lives.
///
/// # Panics
/// As [`load`], or the plugin does not start.
pub fn create(format: PluginFormat) -> Instance {
    load(format).create().expect("the plugin starts")
}

/// The file of the built-in model.
pub fn model_file(grid: &beat::Grid) -> PathBuf {
    let name = if *grid == beat::Grid::FOUR_FOUR { "beatfield" } else { grid.name() };
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets").join(name).with_extension("safetensors")
}
