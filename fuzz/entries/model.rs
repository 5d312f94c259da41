//! Any bytes as a model file.

use beat::Settings;
use nets::{BankDecoder, Model, Precision};

/// A model that loads can be written and read again, and its banks hold valid notes and velocities.
pub(crate) fn model(bytes: &[u8]) {
    let Ok(model) = Model::from_bytes("model.safetensors", bytes) else { return };
    let written = model.to_bytes(Precision::Single);
    let again = Model::from_bytes("model.safetensors", &written).expect("what was written can be read");
    assert_eq!(again.parts(), model.parts());
    let Ok(decoder) = BankDecoder::new(&model) else { return };
    for (x, temperature) in [(0.0, 0.0), (0.7, 1.5)] {
        let bank = decoder.decode(&Settings { x, temperature, ..Settings::DEFAULT }, 1);
        assert!(bank.kit().notes().iter().all(|note| *note < 128));
        assert_eq!(bank.takes().len(), nets::TAKES);
        let velocities = bank.takes().iter().flat_map(|take| take.velocities.as_flattened());
        assert!(velocities.into_iter().all(|velocity| (1..128).contains(velocity)));
    }
}
