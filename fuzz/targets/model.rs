#![no_main]

#[path = "../entries/model.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entry::model(bytes));
