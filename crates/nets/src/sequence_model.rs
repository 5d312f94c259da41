//! Sequence models and their files: one safetensors file each, with the metadata entry
//! `beatfield song model`.
//!
//! A file names its kind and holds that kind's config; each kind is defined in a file of its own
//! ([`StepModel`](crate::StepModel), [`PhraseModel`](crate::PhraseModel),
//! [`RecurrentModel`](crate::RecurrentModel), and those that only `train` runs).

use std::collections::HashMap;
use std::path::Path;

use beat::Grid;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model_bytes::{
    ENTRY as PATTERNS_ENTRY, SEQUENCE_ENTRY as ENTRY, Tensor, floats, opened, read_bounded,
};
use crate::{Array, ModelError, ModelFault, Precision, Provenance, Weights, WeightsFault};

/// Steps of a bar of songs: sequence models know 4/4 alone.
pub const ONE_BAR: usize = Grid::FOUR_FOUR.bar_steps();
/// Steps of two bars of songs, which is a pattern.
pub const TWO_BARS: usize = Grid::FOUR_FOUR.steps();

/// The format that this build reads and writes.
const FORMAT: u32 = 1;

/// A model that generates or scores the steps of a song. Its weights are finite and of the shapes that they
/// claim; whether they are those of its kind is checked where the kind is built from it.
#[derive(Clone, Debug, PartialEq)]
pub struct SequenceModel {
    kind: KindHeader,
    provenance: Provenance,
    weights: Weights,
}

/// A kind and its config, side by side in one JSON object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KindHeader {
    kind: String,
    #[serde(flatten)]
    config: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct SequenceHeader {
    format: u32,
    model: KindHeader,
    provenance: Provenance,
}

impl SequenceModel {
    /// The model of a kind, its config (an object, or `()` for none) and its weights.
    ///
    /// # Errors
    ///
    /// A weight has another number of values than its shape, or one that is not finite.
    pub fn new(
        kind: &str,
        config: &impl Serialize,
        weights: Weights,
        provenance: Provenance,
    ) -> Result<Self, WeightsFault> {
        weights.iter().try_for_each(|(name, array)| weights.checked(name, &array.shape).map(|_| ()))?;
        let config = match serde_json::to_value(config) {
            Ok(Value::Object(config)) => config,
            _ => Map::new(),
        };
        Ok(Self { kind: KindHeader { kind: kind.to_owned(), config }, provenance, weights })
    }

    /// The name of its kind.
    pub fn kind(&self) -> &str {
        &self.kind.kind
    }

    /// The config of its kind.
    ///
    /// # Errors
    ///
    /// The file holds another config than the kind `C` has.
    pub fn config<C: DeserializeOwned>(&self) -> Result<C, ModelFault> {
        Ok(serde_json::from_value(Value::Object(self.kind.config.clone()))?)
    }

    /// How it was made.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Its weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Reads a model's file.
    ///
    /// # Errors
    ///
    /// The file can't be read, is no sequence model, or holds a value that is not finite.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let file = path.display().to_string();
        read_bounded(path).and_then(|bytes| parse(&bytes)).map_err(|fault| fault.of(&file))
    }

    /// The model in a file, or `None` where the file is something else, such as a pattern model.
    ///
    /// # Errors
    ///
    /// The file can't be read, or is a damaged sequence model.
    pub fn recognise(path: &Path) -> Result<Option<Self>, ModelError> {
        match Self::read(path) {
            Err(ModelError { fault: ModelFault::NoHeader | ModelFault::PatternModel, .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// A model from the bytes of its file. `file` is what errors call it.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn from_bytes(file: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        parse(bytes).map_err(|fault| fault.of(file))
    }

    /// The bytes of this model's file: always the same for the same model.
    pub fn to_bytes(&self, precision: Precision) -> Vec<u8> {
        let Self { kind, provenance, weights } = self;
        let header = SequenceHeader { format: FORMAT, model: kind.clone(), provenance: provenance.clone() };
        // PANIC: a header has no maps with keys other than strings, which is all that JSON refuses.
        let header = serde_json::to_string(&header).expect("a header is valid JSON");
        let tensors = weights.iter().map(|(name, Array { shape, values })| {
            (name.to_owned(), Tensor::floats(shape.clone(), values, precision))
        });
        // PANIC: `new` checked that every tensor has as many values as its shape says.
        safetensors::serialize(tensors, Some(HashMap::from([(ENTRY.to_owned(), header)])))
            .expect("tensors fit their shapes")
    }
}

fn parse(bytes: &[u8]) -> Result<SequenceModel, ModelFault> {
    let (file, metadata) = opened(bytes)?;
    let entry = metadata.get(ENTRY).ok_or_else(|| match metadata.contains_key(PATTERNS_ENTRY) {
        true => ModelFault::PatternModel,
        false => ModelFault::NoHeader,
    })?;
    let SequenceHeader { format, model, provenance } = serde_json::from_str(entry)?;
    if format != FORMAT {
        return Err(ModelFault::Format(format));
    }
    let mut weights = Weights::default();
    for (name, view) in file.iter() {
        weights.insert(name, Array { shape: view.shape().to_vec(), values: floats(name, &view)? });
    }
    Ok(SequenceModel::new(&model.kind, &model.config, weights, provenance)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RecurrentConfig, STEP_SHAPE, StepModel};

    fn step_model() -> SequenceModel {
        let provenance = Provenance { seed: 1, ..Provenance::default() };
        let weights = Weights::initial(&STEP_SHAPE.arrays(), 1);
        SequenceModel::new(StepModel::KIND, &(), weights, provenance).expect("sound weights")
    }

    #[test]
    fn sequence_and_pattern_models_name_each_other_in_their_errors() {
        let read_as_patterns = crate::Model::from_bytes("it", &step_model().to_bytes(Precision::Half));
        assert!(read_as_patterns.is_err_and(|error| error.to_string().contains("is a sequence model")));
        let patterns = crate::Model::synthetic(1).to_bytes(Precision::Half);
        let read_as_sequence = SequenceModel::from_bytes("it", &patterns);
        assert!(read_as_sequence.is_err_and(|error| error.to_string().contains("is a model of patterns")));
    }

    #[test]
    fn a_sequence_model_round_trips_and_a_cut_file_is_refused() {
        let model = step_model();
        let bytes = model.to_bytes(Precision::Single);
        assert_eq!(parse(&bytes).expect("its own bytes"), model);
        assert_eq!(bytes, model.to_bytes(Precision::Single));
        let half = model.to_bytes(Precision::Half);
        assert!(half.len() < 3 << 20 && parse(&half).is_ok());
        for cut in [0, 7, 100, bytes.len() - 1] {
            assert!(parse(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_config_stands_beside_its_kind_and_reads_back() {
        let config = RecurrentConfig::drums_rnn(24);
        let weights = Weights::initial(&config.arrays(), 1);
        let model = SequenceModel::new("drums-rnn", &config, weights, Provenance::default());
        let read = SequenceModel::from_bytes("it", &model.expect("sound").to_bytes(Precision::Half));
        let read = read.expect("its own bytes");
        assert_eq!(read.kind(), "drums-rnn");
        assert_eq!(read.config::<RecurrentConfig>().expect("its own config"), config);
        assert!(step_model().config::<RecurrentConfig>().is_err());
    }
}
