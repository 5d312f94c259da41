//! Every state that the fuzzer kept, and every one that once broke the reading, through the same entry as
//! under the fuzzer, and some hundred damaged ones: `cargo xtask fuzz state` looks for more, `cargo xtask
//! states` plays what it makes.

#[path = "../../../fuzz/entries/damage.rs"]
mod damage;
#[path = "../../../fuzz/entries/state.rs"]
mod entry;
#[path = "../../../fuzz/entries/kept.rs"]
mod kept;

fn kept() -> Vec<Vec<u8>> {
    kept::kept("state").into_iter().map(|(_, bytes)| bytes).collect()
}

#[test]
fn kept_states_are_refused_or_made_whole() {
    let kept = kept();
    kept.iter().for_each(|bytes| entry::state(bytes));
    assert!(kept.len() >= 4, "{} kept states: the fuzzer starts from nothing", kept.len());
}

#[test]
fn damaged_states_are_refused_or_made_whole() {
    let kept = kept();
    let count = std::env::var("BEATFIELD_DAMAGED").ok().and_then(|count| count.parse().ok()).unwrap_or(500);
    for number in 0..count {
        let bytes = damage::damaged(&kept, number);
        let met = std::panic::catch_unwind(|| entry::state(&bytes));
        assert!(met.is_ok(), "damaged state {number} breaks it: {}", String::from_utf8_lossy(&bytes));
    }
}
