//! Where files of beats go, and how one finds them again.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use score::{FileError, write_whole};

use super::Beat;

/// Files of one name before something is wrong.
const MOST_NAMESAKES: u32 = 10_000;

/// Why a beat was not saved.
#[derive(Debug)]
pub enum ExportError {
    /// There is nothing to write.
    Empty,
    /// It does not fit into a file.
    TooLong(io::Error),
    /// There is no home folder to save to.
    Homeless,
    /// The file could not be written.
    Unwritten(FileError),
}

impl std::error::Error for ExportError {}

impl std::fmt::Display for ExportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => write!(f, "Nothing to save: no note has been played, or all are muted."),
            Self::TooLong(error) => write!(f, "This beat does not fit into a MIDI file: {error}."),
            Self::Homeless => write!(f, "Nowhere to save to: this machine names no home folder."),
            Self::Unwritten(error) => write!(f, "{error}."),
        }
    }
}

/// The folder that beats are saved to: Beatfield in the user's music, or at home where there is no music.
pub fn folder() -> Option<PathBuf> {
    let home = std::env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" })?;
    let home = PathBuf::from(home);
    let music = home.join("Music");
    Some(if music.is_dir() { music.join("Beatfield") } else { home.join("Beatfield") })
}

/// Saves a beat into `folder` under `name`, or under "name 2" and so on where that is taken. Returns where.
///
/// # Errors
/// There is nothing to write, or the file cannot be written.
pub fn save(beat: &Beat, folder: &Path, name: &str) -> Result<PathBuf, ExportError> {
    let bytes = beat.to_midi(name)?;
    let name: String =
        name.chars().map(|c| if c.is_alphanumeric() || " -_.".contains(c) { c } else { '-' }).collect();
    let free = (1..MOST_NAMESAKES)
        .map(|number| if number == 1 { format!("{name}.mid") } else { format!("{name} {number}.mid") })
        .map(|name| folder.join(name))
        .find(|path| !path.exists());
    let path = free.unwrap_or_else(|| folder.join(format!("{name}.mid")));
    write_whole(&path, &bytes).map_err(ExportError::Unwritten)?;
    Ok(path)
}

/// Shows a file in the system's own file browser.
///
/// # Errors
/// The system has none that we know how to call.
pub fn reveal(path: &Path) -> io::Result<()> {
    let mut browser = if cfg!(windows) {
        let mut explorer = Command::new("explorer");
        explorer.arg("/select,").arg(path);
        explorer
    } else if cfg!(target_os = "macos") {
        let mut open = Command::new("open");
        open.arg("-R").arg(path);
        open
    } else {
        let mut open = Command::new("xdg-open");
        open.arg(path.parent().unwrap_or(path));
        open
    };
    let mut child = browser.spawn()?;
    // Waited for, so that it leaves nothing behind; it ends as soon as the browser has been told.
    std::thread::Builder::new().name("beatfield reveal".into()).spawn(move || child.wait())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Meter;
    use score::Note;

    #[test]
    fn a_name_that_is_taken_gets_a_number_and_no_name_leaves_the_folder() {
        let folder = std::env::temp_dir().join(format!("beatfield export {}", std::process::id()));
        let note = Note { beats: 0.0, length_beats: 0.1, channel: 9, note: 36, velocity: 100 };
        let beat = Beat { notes: vec![note], beats: 4.0, meter: Meter::default() };
        let name = |result: Result<PathBuf, ExportError>| {
            let path = result.expect("it is saved");
            assert_eq!(path.parent(), Some(&*folder));
            path.file_name().map(|name| name.to_string_lossy().into_owned())
        };
        assert_eq!(name(save(&beat, &folder, "funk 120")).as_deref(), Some("funk 120.mid"));
        assert_eq!(name(save(&beat, &folder, "funk 120")).as_deref(), Some("funk 120 2.mid"));
        assert_eq!(name(save(&beat, &folder, "../a/b")).as_deref(), Some("..-a-b.mid"));
        std::fs::remove_dir_all(&folder).expect("the folder goes");
    }
}
