//! A bundle of either format.

use crate::hosts::clap::ClapModule;
use crate::hosts::vst3::{Module, Vst3Plugin, library_in};
use crate::hosts::{HostError, Instance};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A loaded bundle: a .clap file (a folder on macOS) or a .vst3 folder. Its library stays loaded as long as the
/// bundle or one of its instances lives.
pub struct Bundle {
    path: PathBuf,
    library: PathBuf,
    module: BundleModule,
}

enum BundleModule {
    Clap(ClapModule),
    Vst3(Arc<Module>),
}

impl Bundle {
    /// Loads the bundle at `path`: VST3 if it ends in `.vst3`, else CLAP.
    ///
    /// # Errors
    /// There is no such bundle, its library does not load, or it holds no plugin.
    pub fn load(path: &Path) -> Result<Self, HostError> {
        let is_vst3 = path.extension().is_some_and(|extension| extension == "vst3");
        let format = if is_vst3 { "VST3" } else { "CLAP" };
        let failed = |reason: String| HostError::Load { path: path.to_owned(), format, reason };
        let path = std::path::absolute(path).map_err(|error| failed(error.to_string()))?;
        let (library, module) = if is_vst3 {
            let library = library_in(&path);
            let library = library.ok_or_else(|| failed("it holds no library for this system".to_owned()))?;
            let module = Arc::new(Module::enter(&library).map_err(failed)?);
            (library, BundleModule::Vst3(module))
        } else {
            (path.clone(), BundleModule::Clap(ClapModule::load(&path).map_err(failed)?))
        };
        Ok(Self { path, library, module })
    }

    /// Creates an instance of its first plugin. Any number may live at once.
    ///
    /// # Errors
    /// The plugin does not start, or lacks parameters.
    pub fn create(&self) -> Result<Instance, HostError> {
        match &self.module {
            BundleModule::Clap(module) => module.create(),
            BundleModule::Vst3(module) => Vst3Plugin::create(Arc::clone(module)),
        }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the library in it, as the system loaded it.
    pub fn library(&self) -> &Path {
        &self.library
    }
}
