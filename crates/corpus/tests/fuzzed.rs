//! Every input that the fuzzer kept, and every one that once broke a reader, through the same entries as
//! under the fuzzer: `cargo xtask fuzz midi` and `cargo xtask fuzz rows` look for more.

use std::path::Path;

#[path = "../../../fuzz/entries/midi.rs"]
mod midi_entry;
#[path = "../../../fuzz/entries/rows.rs"]
mod rows_entry;

/// Runs the kept inputs of a target.
fn run_kept(target: &str, entry: fn(&[u8])) {
    for folder in ["corpus", "crashes"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(folder).join(target);
        let files = std::fs::read_dir(&folder).into_iter().flatten();
        let inputs: Vec<_> = files.map(|file| file.expect("a file of the kept inputs").path()).collect();
        assert!(
            !inputs.is_empty() || folder.ends_with(format!("crashes/{target}")),
            "{} is empty",
            folder.display()
        );
        for input in inputs {
            let bytes = std::fs::read(&input).expect("a kept input");
            let met = std::panic::catch_unwind(|| entry(&bytes));
            assert!(met.is_ok(), "{} breaks it; what it says stands above", input.display());
        }
    }
}

#[test]
fn kept_midi_files_are_read_or_refused() {
    run_kept("midi", midi_entry::midi);
}

#[test]
fn kept_rows_are_read_or_refused() {
    run_kept("rows", rows_entry::rows);
}
