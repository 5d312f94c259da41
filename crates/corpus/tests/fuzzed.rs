//! Every input that the fuzzer kept, and every one that once broke a reader, through the same entries as
//! under the fuzzer: `cargo xtask fuzz midi` and `cargo xtask fuzz rows` look for more.

#[path = "../../../fuzz/entries/kept.rs"]
mod kept;
#[path = "../../../fuzz/entries/midi.rs"]
mod midi_entry;
#[path = "../../../fuzz/entries/rows.rs"]
mod rows_entry;

/// Runs the kept inputs of a target.
fn run_kept(target: &str, entry: fn(&[u8])) {
    for (path, bytes) in kept::kept(target) {
        let met = std::panic::catch_unwind(|| entry(&bytes));
        assert!(met.is_ok(), "{} breaks it; its panic message is above", path.display());
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
