//! VST3: loads a bundle and hosts its instances. This module tree is the only one of the rig with
//! `unsafe` throughout: VST3 is a C++ interface, and every call into it is.

#![allow(unsafe_code, reason = "VST3 is a C++ interface; each call says what makes it sound")]
#![allow(clippy::unnecessary_cast, reason = "VST3's enums are i32 on Windows and u32 elsewhere")]

mod host_objects;
mod instance;
mod lists;
mod module;
mod processor;
#[cfg(target_os = "linux")]
mod window;

use crate::hosts::HostError;
use module::{Module, library_in};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use instance::Vst3Instance;

/// A loaded .vst3 bundle. Its library stays loaded as long as the bundle or one of its instances lives.
pub struct Bundle {
    module: Arc<Module>,
    path: PathBuf,
    library: PathBuf,
}

impl Bundle {
    /// Loads the bundle at `path`, a folder.
    ///
    /// # Errors
    /// There is no such bundle, or its library does not load or holds no plugin.
    pub fn load(path: &Path) -> Result<Self, HostError> {
        let failed = |reason: String| HostError::Load { path: path.to_owned(), format: "VST3", reason };
        let library =
            library_in(path).ok_or_else(|| failed("it holds no library for this system".to_owned()))?;
        let module = Arc::new(Module::enter(&library).map_err(failed)?);
        Ok(Self { module, path: path.to_owned(), library })
    }

    /// Creates an instance of the bundle's first audio plugin. Any number may live at once.
    ///
    /// # Errors
    /// The plugin does not start.
    pub fn create(&self) -> Result<Vst3Instance, HostError> {
        Vst3Instance::new(Arc::clone(&self.module))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the library in it.
    pub fn library(&self) -> &Path {
        &self.library
    }
}
