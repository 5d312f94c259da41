//! Every state that the fuzzer kept, and every one that once broke the reading, through the same entry as
//! under the fuzzer: `cargo xtask fuzz state` looks for more.

use std::path::Path;

#[path = "../../../fuzz/entries/state.rs"]
mod entry;

#[test]
fn kept_states_are_refused_or_made_whole() {
    let mut states = 0;
    for folder in ["corpus", "crashes"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(folder).join("state");
        for file in std::fs::read_dir(&folder).into_iter().flatten() {
            let file = file.expect("a file of the kept states").path();
            let bytes = std::fs::read(&file).expect("a kept state");
            let met = std::panic::catch_unwind(|| entry::state(&bytes));
            assert!(met.is_ok(), "{} breaks it; what it says stands above", file.display());
            states += 1;
        }
    }
    assert!(states >= 4, "{states} kept states: the fuzzer starts from nothing");
}
