//! CLAP: loads a bundle and hosts its instances through clack-host.

mod callbacks;
mod instance;
mod processor;

use crate::hosts::HostError;
use crate::hosts::Instance;
use clack_host::prelude::{HostInfo, PluginEntry};
use std::ffi::CString;
use std::path::Path;

/// The first plugin of a .clap file.
pub(super) struct ClapModule {
    entry: PluginEntry,
    id: CString,
    host: HostInfo,
}

impl ClapModule {
    /// Loads the file (on macOS a folder) at `path`, which is absolute: the loader searches the system's folders for
    /// a bare file name.
    pub(super) fn load(path: &Path) -> Result<Self, String> {
        if !path.exists() {
            return Err("there is no such file".to_owned());
        }
        let entry = load_entry(path).map_err(|error| error.to_string())?;
        let factory = entry.get_plugin_factory().ok_or("it has no factory")?;
        let id = factory.plugin_descriptors().find_map(|descriptor| descriptor.id());
        let id = id.ok_or("it holds no plugin")?.to_owned();
        let host = HostInfo::new("Beatfield rig", "Beatfield", "", env!("CARGO_PKG_VERSION"))
            .map_err(|error| error.to_string())?;
        Ok(Self { entry, id, host })
    }

    pub(super) fn create(&self) -> Result<Instance, HostError> {
        instance::ClapPlugin::create(&self.entry, &self.id, &self.host)
    }
}

#[allow(unsafe_code, reason = "loading a library runs its code, which no compiler can vouch for")]
fn load_entry(path: &Path) -> Result<PluginEntry, clack_host::entry::PluginEntryError> {
    // SAFETY: the caller names a plugin bundle and asks to run it; clack checks its entry point.
    unsafe { PluginEntry::load(path) }
}
