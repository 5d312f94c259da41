//! What the end-to-end tests share: where the bundles are, and instances of every format.

use rig::{Bundle, Instance};
use std::path::PathBuf;

/// The variable that says in which folder the bundles lie.
pub const BUNDLES: &str = "BEATFIELD_BUNDLES";

/// The bundle of this file name.
///
/// # Panics
/// No bundles were built for this run.
pub fn bundle(name: &str) -> PathBuf {
    let Some(folder) = std::env::var_os(BUNDLES) else {
        panic!(
            "{BUNDLES} does not say where the bundles are; run `cargo xtask test`, which builds them first"
        );
    };
    let path = PathBuf::from(folder).join(name);
    assert!(path.exists(), "{BUNDLES} has no {name}; run `cargo xtask test`, which builds it first");
    path
}

/// A plugin format that the rig hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CLAP.
    Clap,
    /// VST3.
    Vst3,
}

/// All of them.
pub const FORMATS: [Format; 2] = [Format::Clap, Format::Vst3];

impl Format {
    /// The real bundle, loaded.
    ///
    /// # Panics
    /// There is no bundle, or it does not load.
    pub fn load(self) -> Bundle {
        let name = match self {
            Self::Clap => "Beatfield.clap",
            Self::Vst3 => "Beatfield.vst3",
        };
        Bundle::load(&bundle(name)).expect("the bundle loads")
    }

    /// A fresh instance of the real bundle, which stays loaded as long as the instance lives.
    ///
    /// # Panics
    /// There is no bundle, or it does not start.
    pub fn create(self) -> Box<dyn Instance> {
        self.load().create().expect("the plugin starts")
    }
}
