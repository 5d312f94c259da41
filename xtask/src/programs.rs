//! Programs of others, where PATH has them.

use std::path::PathBuf;

/// The first of these names that PATH has, and where.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&paths).collect();
    let candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.map(|path| path.with_extension(std::env::consts::EXE_EXTENSION)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_there_is_found() {
        assert!(find(&["no such program at all", "cargo"]).is_some_and(|path| path.is_absolute()));
        assert_eq!(find(&["no such program at all"]), None);
    }
}
