//! `install`: copies the bundles to the user's plugin folders.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::{bundle, machine};

/// A bundle and the folder where DAWs look for its format.
struct PluginFolder {
    bundle: &'static str,
    folder: PathBuf,
}

/// Writes the bundles, copies them and prints where they are.
pub(crate) fn run() -> anyhow::Result<()> {
    let plugin_folders = plugin_folders()?;
    bundle::release()?;
    let bundles = machine::bundles()?;
    for format in plugin_folders {
        let to = format.folder.join(format.bundle);
        replace(&bundles.join(format.bundle), &to)?;
        println!("installed {}", to.display());
    }
    println!("Let your DAW scan for plugins, then insert Beatfield as an instrument.");
    Ok(())
}

/// The per-user folders of the CLAP and VST3 specifications; they need no administrator.
fn plugin_folders() -> anyhow::Result<[PluginFolder; 2]> {
    let (clap, vst3) = if cfg!(target_os = "windows") {
        let own = folder_of("LOCALAPPDATA")?.join("Programs").join("Common");
        (own.join("CLAP"), own.join("VST3"))
    } else if cfg!(target_os = "macos") {
        let plugins = folder_of("HOME")?.join("Library/Audio/Plug-Ins");
        (plugins.join("CLAP"), plugins.join("VST3"))
    } else {
        let user = folder_of("HOME")?;
        (user.join(".clap"), user.join(".vst3"))
    };
    Ok([
        PluginFolder { bundle: "Beatfield.clap", folder: clap },
        PluginFolder { bundle: "Beatfield.vst3", folder: vst3 },
    ])
}

fn folder_of(variable: &str) -> anyhow::Result<PathBuf> {
    let folder = std::env::var_os(variable).filter(|folder| !folder.is_empty());
    folder.map(PathBuf::from).with_context(|| {
        format!("the plugin folders are unknown because {variable} is not set; set it and install again")
    })
}

/// Replaces `to` by `from`. The old file is unlinked, not overwritten, so a DAW that has it loaded keeps
/// running.
fn replace(from: &Path, to: &Path) -> anyhow::Result<()> {
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let arriving = to.with_file_name(format!("{name}.part"));
    let placed = remove(&arriving)
        .and_then(|()| bundle::copy(from, &arriving))
        .and_then(|()| remove(to))
        .and_then(|()| fs::rename(&arriving, to));
    placed.with_context(|| {
        let to = to.display();
        format!("{to} could not be written; close the DAWs that use it, and see that you may write there")
    })
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_version_replaces_the_old_one_whole() {
        let place = std::env::temp_dir().join(format!("beatfield-install-{}", std::process::id()));
        let (built, installed) = (place.join("built.vst3"), place.join("plugins/Beatfield.vst3"));
        let write = |path: PathBuf, text: &str| {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a temporary folder");
            fs::write(path, text).expect("a temporary file");
        };
        write(built.join("Contents/x86_64-linux/Beatfield.so"), "new");
        write(installed.join("Contents/x86_64-linux/Beatfield.so"), "old");
        write(installed.join("Contents/stale"), "old");

        replace(&built, &installed).expect("it can be replaced");

        let library = fs::read_to_string(installed.join("Contents/x86_64-linux/Beatfield.so"));
        assert_eq!(library.expect("it is there"), "new");
        assert!(!installed.join("Contents/stale").exists(), "nothing of the old version is left");
        let left = fs::read_dir(place.join("plugins")).expect("the plugin folder").count();
        assert_eq!(left, 1, "no half copy is left");
        fs::remove_dir_all(place).expect("the temporary folder goes");
    }
}
