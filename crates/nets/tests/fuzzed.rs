//! Runs the fuzz target on every model file of its corpus, on every one that once broke the reader, and on some
//! thousand damaged ones. `cargo xtask fuzz model` looks for more, and so does
//! `BEATFIELD_DAMAGED=200000 cargo test -p nets --test fuzzed` where there is no nightly compiler.

#[path = "../../../fuzz/entries/damage.rs"]
mod damage;
#[path = "../../../fuzz/entries/model.rs"]
mod entry;
#[path = "../../../fuzz/entries/kept.rs"]
mod kept;

fn kept() -> Vec<Vec<u8>> {
    kept::kept("model").into_iter().map(|(_, bytes)| bytes).collect()
}

#[test]
fn kept_models_are_refused_or_play() {
    let kept = kept();
    kept.iter().for_each(|bytes| entry::model(bytes));
    let sound = kept.iter().filter(|bytes| nets::Model::from_bytes("kept", bytes).is_ok()).count();
    assert!(sound >= 3, "{sound} of the kept models are sound: the fuzzer starts from nothing");
}

#[test]
fn damaged_models_are_refused_or_play() {
    let (kept, mut accepted) = (kept(), 0);
    let count = std::env::var("BEATFIELD_DAMAGED").ok().and_then(|count| count.parse().ok()).unwrap_or(2_000);
    for number in 0..count {
        let bytes = damage::damaged(&kept, number);
        let outcome = std::panic::catch_unwind(|| entry::model(&bytes));
        assert!(outcome.is_ok(), "damaged model {number} panics; its message stands above");
        accepted += u64::from(nets::Model::from_bytes("damaged", &bytes).is_ok());
    }
    assert!(accepted > count / 50, "{accepted} of {count} were accepted: the damage is too coarse");
}
