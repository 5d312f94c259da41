#![no_main]

#[path = "../entries/state.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::state(bytes));
