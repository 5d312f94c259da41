//! The kept inputs of a fuzz target: its corpus and its crashes.

use std::path::{Path, PathBuf};

/// The paths and contents of a target's kept inputs, sorted. Having none is an error.
pub(crate) fn kept(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|above| above.join("fuzz"));
    let fuzz = fuzz.into_iter().find(|folder| folder.is_dir()).expect("fuzz lies in the checkout");
    let mut kept = Vec::new();
    for folder in ["corpus", "crashes"] {
        for file in std::fs::read_dir(fuzz.join(folder).join(target)).into_iter().flatten() {
            let path = file.expect("a kept input").path();
            kept.push((path.clone(), std::fs::read(path).expect("a kept input")));
        }
    }
    assert!(!kept.is_empty(), "nothing is kept of {target}: the fuzzer starts from nothing");
    kept.sort_by(|(_, one), (_, other)| one.cmp(other)); // folders have no order
    kept
}
