//! A bundle of either format.

use crate::hosts::{HostError, Instance, clap, vst3};
use std::path::{Path, PathBuf};

/// A loaded bundle; its file name tells the format.
pub enum Bundle {
    /// A .clap file (a folder on macOS).
    Clap(clap::Bundle),
    /// A .vst3 folder.
    Vst3(vst3::Bundle),
}

impl Bundle {
    /// Loads the bundle at `path`: VST3 if it ends in `.vst3`, else CLAP.
    ///
    /// # Errors
    /// There is no such bundle, or it does not load.
    pub fn load(path: &Path) -> Result<Self, HostError> {
        if path.extension().is_some_and(|extension| extension == "vst3") {
            vst3::Bundle::load(path).map(Self::Vst3)
        } else {
            clap::Bundle::load(path).map(Self::Clap)
        }
    }

    /// Creates an instance of its first plugin. Any number may live at once.
    ///
    /// # Errors
    /// The plugin does not start.
    pub fn create(&self) -> Result<Box<dyn Instance>, HostError> {
        Ok(match self {
            Self::Clap(bundle) => Box::new(bundle.create()?),
            Self::Vst3(bundle) => Box::new(bundle.create()?),
        })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        match self {
            Self::Clap(bundle) => bundle.path(),
            Self::Vst3(bundle) => bundle.path(),
        }
    }

    /// The path of the library in it, as the system loaded it.
    pub fn library(&self) -> PathBuf {
        match self {
            Self::Clap(bundle) => bundle.path().to_owned(),
            Self::Vst3(bundle) => bundle.library().to_owned(),
        }
    }
}
