//! Every input that the fuzzer kept, and every one that once broke a reader, through the same entries as
//! under the fuzzer: `cargo xtask fuzz midi` and `cargo xtask fuzz rows` look for more.

#[path = "../../../fuzz/entries/damage.rs"]
mod damage;
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

/// Damaged copies of the kept inputs that every run reads.
const DAMAGED: u64 = 5_000;

/// Reads damaged copies of the kept inputs and of `more`; BEATFIELD_DAMAGED says how many.
fn run_damaged(target: &str, more: &[&[u8]], entry: fn(&[u8])) {
    let count =
        std::env::var("BEATFIELD_DAMAGED").ok().and_then(|count| count.parse().ok()).unwrap_or(DAMAGED);
    let mut kept: Vec<Vec<u8>> = kept::kept(target).into_iter().map(|(_, bytes)| bytes).collect();
    kept.retain(|bytes| !bytes.is_empty());
    kept.extend(more.iter().map(|bytes| bytes.to_vec()));
    for number in 0..count {
        let bytes = damage::damaged(&kept, number);
        let started = std::time::Instant::now();
        let met = std::panic::catch_unwind(|| entry(&bytes));
        assert!(met.is_ok(), "{target}: damaged input {number} breaks it; its panic message is above");
        assert!(
            started.elapsed().as_secs() < 10,
            "{target}: damaged input {number} takes more than ten seconds"
        );
    }
}

/// A beat of two bars with a set-up of GS, running status and a text.
const SONG: &[u8] = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk\0\0\0\x47\0\xff\x58\x04\x04\x02\x18\x08\
    \0\xff\x51\x03\x07\xa1\x20\0\xf0\x0a\x41\x10\x42\x12\x40\x1a\x15\x02\x0f\xf7\0\x99\x24\x64\x30\x2a\x64\
    \x30\x26\x64\0\xff\x01\x04text\x30\x2a\x64\x81\x10\x9a\x24\x64\x60\xb0\x07\x7f\x60\x99\x26\x64\x83\x60\xff\x2f\0";

#[test]
fn damaged_midi_files_are_read_or_refused() {
    run_damaged("midi", &[SONG], midi_entry::midi);
}

#[test]
fn damaged_rows_are_read_or_refused() {
    run_damaged("rows", &[], rows_entry::rows);
}
