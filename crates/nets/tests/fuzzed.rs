//! Every model file that the fuzzer kept, and every one that once broke the reader, through the same entry as
//! under the fuzzer: `cargo xtask fuzz model` looks for more.

use std::path::Path;

#[path = "../../../fuzz/entries/model.rs"]
mod entry;

#[test]
fn kept_models_are_refused_or_play() {
    let mut sound = 0;
    for folder in ["corpus", "crashes"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(folder).join("model");
        for file in std::fs::read_dir(&folder).into_iter().flatten() {
            let file = file.expect("a file of the kept models").path();
            let bytes = std::fs::read(&file).expect("a kept model");
            let met = std::panic::catch_unwind(|| entry::model(&bytes));
            assert!(met.is_ok(), "{} breaks it; what it says stands above", file.display());
            sound += usize::from(nets::Model::from_bytes("kept", &bytes).is_ok());
        }
    }
    assert!(sound >= 3, "{sound} of the kept models are sound: the fuzzer starts from nothing");
}
