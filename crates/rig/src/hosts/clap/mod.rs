//! CLAP: loads a bundle and hosts its instances through clack-host.

mod callbacks;
mod instance;
mod processor;

use crate::hosts::HostError;
use clack_host::prelude::{HostInfo, PluginEntry};
use std::ffi::CString;
use std::path::{Path, PathBuf};

pub use instance::ClapInstance;

/// A loaded .clap file. It stays loaded as long as the bundle or one of its instances lives.
pub struct Bundle {
    path: PathBuf,
    entry: PluginEntry,
    id: CString,
    host: HostInfo,
}

impl Bundle {
    /// Loads the bundle at `path` (on macOS a folder, elsewhere a file).
    ///
    /// # Errors
    /// There is no such file, it does not load, or it holds no plugin.
    pub fn load(path: &Path) -> Result<Self, HostError> {
        let failed = |reason: String| HostError::Load { path: path.to_owned(), format: "CLAP", reason };
        if !path.exists() {
            return Err(failed("there is no such file".to_owned()));
        }
        // The loader searches the system's folders for a bare file name, so the path is made absolute.
        let path = std::path::absolute(path).map_err(|error| failed(error.to_string()))?;
        let entry = load_entry(&path).map_err(|error| failed(error.to_string()))?;
        let factory = entry.get_plugin_factory().ok_or_else(|| failed("it has no factory".to_owned()))?;
        let id = factory
            .plugin_descriptors()
            .find_map(|descriptor| descriptor.id())
            .ok_or_else(|| failed("it holds no plugin".to_owned()))?
            .to_owned();
        let host = HostInfo::new("Beatfield rig", "Beatfield", "", env!("CARGO_PKG_VERSION"))
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self { path, entry, id, host })
    }

    /// Creates an instance of the bundle's first plugin. Any number may live at once.
    ///
    /// # Errors
    /// The plugin does not start, or lacks parameters.
    pub fn create(&self) -> Result<ClapInstance, HostError> {
        ClapInstance::new(&self.entry, &self.id, &self.host)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[allow(unsafe_code, reason = "loading a library runs its code, which no compiler can vouch for")]
fn load_entry(path: &Path) -> Result<PluginEntry, clack_host::entry::PluginEntryError> {
    // SAFETY: the caller names a plugin bundle and asks to run it; clack checks its entry point.
    unsafe { PluginEntry::load(path) }
}
