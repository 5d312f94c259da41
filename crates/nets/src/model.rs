//! A pattern model: decoder, encoder, map, kit, provenance. Every [`Model`] was checked when it was made or
//! loaded.

use beat::{DEFAULT_INSTRUMENT_NAMES, Grid, INSTRUMENTS, Kit};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::{
    Architecture, Autoencoder, Decoder, Encoder, HistoryHead, LATENT, Latent, LatentMap, ModelError,
    ModelFault, Precision, Weights, head_arrays,
};

/// The most training codes that a model may carry.
const MAX_CODES: usize = 500_000;
/// The longest name of an instrument, a genre or a region, in bytes.
const MAX_NAME: usize = 64;

/// The names and notes of a model's 14 instruments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitTable {
    /// The instruments' names, by index.
    pub names: [String; INSTRUMENTS],
    /// The note of each instrument, 0..=127.
    pub notes: [u8; INSTRUMENTS],
}

impl Default for KitTable {
    fn default() -> Self {
        Self { names: DEFAULT_INSTRUMENT_NAMES.map(String::from), notes: *Kit::DEFAULT.notes() }
    }
}

/// How a model was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// The commands that made it, in their order.
    pub commands: Vec<String>,
    /// The seed of its training.
    pub seed: u64,
    /// The name of the corpus.
    pub corpus: String,
    /// The sha256 of the corpus in hexadecimal.
    pub corpus_sha256: String,
    /// The licences of the corpus's sources.
    pub licences: Vec<String>,
    /// Figures of its quality, by name.
    pub quality: serde_json::Value,
}

/// The latents of training patterns: what generation draws around.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeCloud {
    /// Latents of training patterns, perhaps a sample of them.
    pub codes: Vec<Latent>,
    /// Their mean per dimension.
    pub mean: Latent,
    /// Their standard deviation per dimension. With the mean it is the normal from which Tikhonov &
    /// Yamshchikov drew (arXiv 2007.06284).
    pub deviation: Latent,
}

impl CodeCloud {
    /// The cloud of these codes, with their own mean and deviation (0 and 1 for no code at all).
    pub fn of(codes: Vec<Latent>) -> Self {
        let count = codes.len() as f64;
        let (mut mean, mut deviation) = ([0.0; LATENT], [1.0; LATENT]);
        if !codes.is_empty() {
            for d in 0..LATENT {
                let average = codes.iter().map(|code| f64::from(code[d])).sum::<f64>() / count;
                let square = codes.iter().map(|code| (f64::from(code[d]) - average).powi(2)).sum::<f64>();
                mean[d] = average as f32;
                deviation[d] = (square / count).sqrt() as f32;
            }
        }
        Self { codes, mean, deviation }
    }

    /// Whether every number is finite and no deviation is negative.
    pub fn is_sound(&self) -> bool {
        let finite = |latent: &Latent| latent.iter().all(|value| value.is_finite());
        self.codes.iter().all(finite)
            && finite(&self.mean)
            && finite(&self.deviation)
            && self.deviation.iter().all(|&deviation| deviation >= 0.0)
    }
}

impl Default for CodeCloud {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

/// Everything that a model file holds. [`Model::new`] checks it.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelParts {
    /// Names and notes of the instruments.
    pub kit: KitTable,
    /// Genre names, at most 256; the map's points refer to them.
    pub genres: Vec<String>,
    /// The layers.
    pub architecture: Architecture,
    /// How it was made.
    pub provenance: Provenance,
    /// The decoder's weights, and those of encoder and history head where the model has them.
    pub weights: Weights,
    /// Files of version 0.1 only: the probability above which the evaluation counted an onset, by instrument,
    /// between 0 and 1. Playback never used it.
    pub thresholds: Option<[f32; INSTRUMENTS]>,
    /// Where the training patterns lie in the code space.
    pub codes: CodeCloud,
    /// The map, once there is one.
    pub map: Option<LatentMap>,
}

/// A sound model: every shape, range and value was checked when it was made or loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    file: String,
    sha256: [u8; 32],
    parts: ModelParts,
}

impl Model {
    /// A model of these parts. `file` is what errors call it.
    ///
    /// # Errors
    ///
    /// The parts don't fit each other or hold values that are out of range.
    pub fn new(file: &str, parts: ModelParts) -> Result<Self, ModelError> {
        let sha256 = [0; 32];
        let mut model = Self::checked(file, parts, sha256)?;
        model.sha256 = crate::model_bytes::sha256(&model.to_bytes(Precision::Single));
        Ok(model)
    }

    /// A model of these parts, from bytes of that sha256.
    pub(crate) fn checked(file: &str, parts: ModelParts, sha256: [u8; 32]) -> Result<Self, ModelError> {
        check(&parts).map_err(|fault| fault.of(file))?;
        Ok(Self { file: file.into(), sha256, parts })
    }

    /// What errors call this model: its path, mostly.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The sha256 of the bytes that this model was read from, or of those that
    /// `to_bytes(Precision::Single)` writes where it was made here.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// The sha256 in hexadecimal.
    pub fn sha256_hex(&self) -> String {
        self.sha256.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Its parts.
    pub fn parts(&self) -> &ModelParts {
        &self.parts
    }

    /// Its parts, to build another model from: this is how a trained model gets its map.
    pub fn into_parts(self) -> ModelParts {
        self.parts
    }

    /// The grid of its patterns.
    pub fn grid(&self) -> &Grid {
        &self.parts.architecture.grid
    }

    /// The notes of its instruments.
    pub fn kit(&self) -> Kit {
        // The notes were checked with the parts.
        Kit::new(self.parts.kit.notes).unwrap_or_default()
    }

    /// The names of its instruments, by index.
    pub fn instrument_names(&self) -> &[String; INSTRUMENTS] {
        &self.parts.kit.names
    }

    /// The genre names that the map's points refer to.
    pub fn genres(&self) -> &[String] {
        &self.parts.genres
    }

    /// The map, once there is one.
    pub fn map(&self) -> Option<&LatentMap> {
        self.parts.map.as_ref()
    }

    /// The evaluation thresholds of a file of version 0.1, by instrument.
    pub fn thresholds(&self) -> Option<[f32; INSTRUMENTS]> {
        self.parts.thresholds
    }

    /// Where the training patterns lie in the code space.
    pub fn codes(&self) -> &CodeCloud {
        &self.parts.codes
    }

    /// How it was made.
    pub fn provenance(&self) -> &Provenance {
        &self.parts.provenance
    }

    /// Whether it has an encoder.
    pub fn has_encoder(&self) -> bool {
        self.parts.weights.has_prefix("encoder.")
    }

    /// The decoder on a device.
    pub fn decoder(&self, device: &Device) -> Decoder {
        let decoder = Decoder::from_weights(&self.parts.architecture, &self.parts.weights, device);
        // PANIC: `check` found every array of the decoder to be there, in shape and finite.
        decoder.expect("a checked model has its decoder")
    }

    /// The encoder on a device, or `None` where the model has none.
    pub fn encoder(&self, device: &Device) -> Option<Encoder> {
        Encoder::from_weights(&self.parts.architecture, &self.parts.weights, device).ok()
    }

    /// The history head, or `None` where there is none.
    pub fn history_head(&self) -> Option<HistoryHead> {
        HistoryHead::from_weights(&self.parts.weights, self.grid()).ok()
    }

    /// Encoder and decoder on a device, or `None` where the model has no encoder.
    pub fn autoencoder(&self, device: &Device) -> Option<Autoencoder> {
        Some(Autoencoder { encoder: self.encoder(device)?, decoder: self.decoder(device) })
    }
}

/// Checks every shape, range and value, and that the parts fit each other.
fn check(parts: &ModelParts) -> Result<(), ModelFault> {
    let fits = |name: &String| !name.is_empty() && name.len() <= MAX_NAME;
    if !parts.kit.names.iter().all(fits) || Kit::new(parts.kit.notes).is_none() {
        return Err(ModelFault::Range(
            "each instrument needs a name of 1 to 64 bytes and a note from 0 to 127",
        ));
    }
    if parts.genres.len() > 256 || !parts.genres.iter().all(fits) {
        return Err(ModelFault::Range("there are at most 256 genres, each with a name of 1 to 64 bytes"));
    }
    if !parts.architecture.is_bounded() {
        return Err(ModelFault::Range("a layer is 1 to 2048 wide, and there are at most 8 of them"));
    }
    parts.weights.check(&parts.architecture.decoder_arrays())?;
    if parts.weights.has_prefix("head.") {
        parts.weights.check(&head_arrays(&parts.architecture.grid))?;
    }
    if parts.weights.has_prefix("encoder.") {
        parts.weights.check(&parts.architecture.encoder_arrays())?;
    }
    if !parts.thresholds.iter().flatten().all(|threshold| (1e-6..=1.0 - 1e-6).contains(threshold)) {
        return Err(ModelFault::Range("a threshold lies between 0 and 1"));
    }
    if parts.codes.codes.len() > MAX_CODES || !parts.codes.is_sound() {
        return Err(ModelFault::Range("there are at most 500000 training codes, all finite"));
    }
    if let Some(map) = &parts.map {
        if map.genres().iter().any(|&genre| usize::from(genre) >= parts.genres.len()) {
            return Err(ModelFault::Range("a map point names a genre that the model has not"));
        }
        if !map.regions().iter().all(|region| fits(&region.name)) {
            return Err(ModelFault::Range("each region needs a name of 1 to 64 bytes"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_are_those_of_the_codes() {
        let cloud = CodeCloud::of(vec![[1.0, 0.0, 2.0, -4.0], [3.0, 0.0, 2.0, 4.0]]);
        assert_eq!(cloud.mean, [2.0, 0.0, 2.0, 0.0]);
        assert_eq!(cloud.deviation, [1.0, 0.0, 0.0, 4.0]);
        assert!(cloud.is_sound() && CodeCloud::default().is_sound());
        assert!(!CodeCloud::of(vec![[f32::INFINITY; 4]]).is_sound());
    }
}
