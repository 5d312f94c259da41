#![no_main]

#[path = "../entries/midi.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::midi(bytes));
