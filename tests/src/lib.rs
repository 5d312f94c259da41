//! What the end-to-end tests share: where the bundles are, and instances of every format.

use rig::Instance;
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
}

/// All of them.
pub const FORMATS: [Format; 1] = [Format::Clap];

impl Format {
    /// A fresh instance of the real bundle.
    ///
    /// # Panics
    /// There is no bundle, or it does not load.
    pub fn create(self) -> Box<dyn Instance> {
        match self {
            Self::Clap => {
                let bundle = rig::clap::Bundle::load(&bundle("Beatfield.clap")).expect("the CLAP loads");
                Box::new(bundle.create().expect("the CLAP starts"))
            }
        }
    }
}
