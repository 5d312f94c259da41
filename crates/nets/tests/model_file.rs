//! What the musician relies on: a model file is read back as it was written, and a damaged one is
//! refused with a sentence, never with a crash.

use nets::{Model, ModelFault, ModelParts, Precision, WeightsFault};
use proptest::prelude::*;
use safetensors::SafeTensors;

fn bytes() -> Vec<u8> {
    Model::synthetic(1).to_bytes(Precision::Single)
}

#[test]
fn a_model_is_read_back_as_it_was_written() {
    let model = Model::synthetic(1);
    let read = Model::from_bytes("synthetic", &bytes()).expect("a sound model");
    assert_eq!(read, model);
    assert_eq!(read.sha256_hex().len(), 64);
    assert_eq!(read.to_bytes(Precision::Single), bytes());
}

#[test]
fn half_precision_is_half_the_size_and_nearly_the_same_model() {
    let single = Model::synthetic(1);
    let bytes = single.to_bytes(Precision::Half);
    assert!(bytes.len() < 6 * single.to_bytes(Precision::Single).len() / 10);
    let half = Model::from_bytes("half", &bytes).expect("a sound model");
    for ((name, a), (_, b)) in single.parts().weights.iter().zip(half.parts().weights.iter()) {
        for (a, b) in a.values.iter().zip(&b.values) {
            assert!((a - b).abs() <= a.abs() / 1000.0 + 1e-6, "{name}: {a} became {b}");
        }
    }
    assert_eq!(half.to_bytes(Precision::Half), bytes);
}

/// They became infinite, which only the next reader noticed.
#[test]
fn values_beyond_what_16_bits_hold_are_written_in_32() {
    let mut parts = Model::synthetic_parts(1);
    parts.codes.codes[0][0] = 70_000.0;
    let model = Model::new("far out", parts).expect("a sound model");
    let read = Model::from_bytes("far out", &model.to_bytes(Precision::Half)).expect("as sound");
    assert_eq!(read.parts().codes.codes[0][0], 70_000.0);
}

#[test]
fn a_model_without_map_or_encoder_is_sound_but_says_so() {
    let mut parts = ModelParts { map: None, ..Model::synthetic_parts(1) };
    let decoder = Model::synthetic(1).decoder(&nets::device());
    parts.weights = nets::layers::weights_of(&decoder, parts.architecture.decoder_arrays());
    let model = Model::new("no map", parts).expect("sound without a map");
    assert!(!model.has_encoder() && model.encoder(&nets::device()).is_none());
    let read = Model::from_bytes("no map", &model.to_bytes(Precision::Single)).expect("as sound");
    let error = nets::BankDecoder::new(&read).expect_err("nothing to move on");
    assert_eq!(
        error.to_string(),
        "the model no map has no map yet, so there is nothing to move on; make one with `cargo xtask map`"
    );
}

#[test]
fn a_folder_or_a_device_in_the_place_of_a_model_is_refused_unopened() {
    let refusal = |path: &str| Model::read(path.as_ref()).expect_err("no file").to_string();
    let folder = refusal(env!("CARGO_MANIFEST_DIR"));
    assert!(folder.ends_with("is a folder or a device; name the model file itself"), "{folder}");
    // A device stands for a pipe, which would block the test if it were opened.
    #[cfg(unix)]
    assert!(refusal("/dev/zero").contains("is a folder or a device"));
}

/// The sentence with which these bytes are refused.
fn refusal(bytes: &[u8]) -> String {
    Model::from_bytes("x.safetensors", bytes).expect_err("a damaged model").to_string()
}

#[test]
fn a_refusal_names_the_file_what_is_wrong_and_what_to_do() {
    let whole = bytes();
    let cut = refusal(&whole[..whole.len() - 1]);
    assert!(cut.starts_with("the model x.safetensors is no whole safetensors file"), "{cut}");
    assert!(cut.ends_with("take a whole copy of it or another model"), "{cut}");
    assert!(refusal(b"").contains("is no whole safetensors file"));
    assert!(refusal(&[0xff; 64]).contains("its header would be"));

    let strange = safetensors::serialize(Vec::<(String, safetensors::tensor::TensorView<'_>)>::new(), None);
    assert!(refusal(&strange.expect("no tensors")).contains("some other program's"));

    let later = replaced(&whole, "\\\"format\\\":1", "\\\"format\\\":9");
    assert!(refusal(&later).contains("is of format 9"));
    let narrow = replaced(&whole, "[64,32]", "[65,32]");
    assert!(refusal(&narrow).contains("has weights `encoder.hidden.0.weight` of shape [448, 64] where"));
    let note = replaced(&whole, "[36,38,37", "[36,38,99");
    assert!(Model::from_bytes("", &note).is_ok());
    assert!(refusal(&replaced(&whole, "36,38,37,39,", "36,38,255,9,")).contains("a note from 0 to 127"));

    let missing = std::path::Path::new("no such folder/model.safetensors");
    let error = Model::read(missing).expect_err("no such file");
    assert!(error.to_string().starts_with("the model no such folder/model.safetensors can't be read"));
}

/// `whole` with the same number of other bytes in its header.
fn replaced(whole: &[u8], old: &str, new: &str) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let at = whole.windows(old.len()).position(|window| window == old.as_bytes()).expect("the header has it");
    let mut bytes = whole.to_vec();
    bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
    bytes
}

#[test]
fn a_value_that_is_no_number_is_refused_in_every_tensor() {
    let whole = bytes();
    let start = 8 + u64::from_le_bytes(*whole.first_chunk().expect("a length")) as usize;
    let (_, metadata) = SafeTensors::read_metadata(&whole).expect("a sound file");
    for (name, info) in metadata.tensors() {
        if name == "map.genres" {
            continue; // bytes, not floats
        }
        let mut damaged = whole.clone();
        let at = start + info.data_offsets.0;
        damaged[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
        assert!(
            Model::from_bytes("x", &damaged).is_err(),
            "a value of {name} that is no number was accepted"
        );
    }
}

#[test]
fn parts_that_do_not_fit_each_other_are_refused() {
    let refused = |damage: fn(&mut ModelParts)| {
        let mut parts = Model::synthetic_parts(1);
        damage(&mut parts);
        Model::new("parts", parts).expect_err("damaged parts").fault
    };
    assert!(matches!(refused(|parts| parts.thresholds = Some([1.0; 14])), ModelFault::Range(_)));
    assert!(matches!(refused(|parts| parts.kit.notes[0] = 128), ModelFault::Range(_)));
    assert!(matches!(refused(|parts| parts.genres.truncate(1)), ModelFault::Range(_)));
    assert!(matches!(refused(|parts| parts.genres[0].clear()), ModelFault::Range(_)));
    let no_weights = refused(|parts| parts.weights = nets::Weights::default());
    assert!(matches!(no_weights, ModelFault::Weights(WeightsFault::Missing(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_cut_model_is_refused(keep in 0.0..1.0_f64) {
        let whole = bytes();
        let keep = (keep * whole.len() as f64) as usize;
        prop_assert!(Model::from_bytes("cut", &whole[..keep]).is_err());
    }

    /// Whatever loads after damage can be played: that is what "sound" means.
    #[test]
    fn a_model_with_other_bytes_is_refused_or_plays(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), any::<u8>()), 1..6)
    ) {
        let mut bytes = bytes();
        let header = 8 + u64::from_le_bytes(*bytes.first_chunk().expect("a length")) as usize;
        for (index, in_header, value) in changes {
            let at = index.index(if in_header { header } else { bytes.len() });
            bytes[at] = value;
        }
        if let Ok(model) = Model::from_bytes("changed", &bytes)
            && let Ok(decoder) = nets::BankDecoder::new(&model)
        {
            let _bank = decoder.decode(&beat::Settings::DEFAULT, 1);
        }
    }

    #[test]
    fn bytes_of_any_sort_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Model::from_bytes("noise", &bytes).is_err());
    }
}
