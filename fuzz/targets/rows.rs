#![no_main]

#[path = "../entries/rows.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::rows(bytes));
