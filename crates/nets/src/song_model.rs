//! Models of time and their files: one safetensors file each, with the metadata entry
//! `beatfield song model`.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model_bytes::{ENTRY as PATTERNS_ENTRY, Tensor, floats, opened, read_bounded};
use crate::{
    Array, Fault, ModelError, PLAN, Precision, Provenance, RecurrentShape, STEP, VaeShape, WRITE, Weights,
    WeightsFault,
};

/// The metadata entry that tells these files from others.
pub(crate) const ENTRY: &str = "beatfield song model";
/// The format that this build reads and writes.
const FORMAT: u32 = 1;

/// What kind of model of time it is, with what its weights' shapes follow from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SongKind {
    /// What the next sixteenth is, from what stood at lags of whole bars: [`StepModel`](crate::StepModel).
    Step,
    /// The same from memory alone: [`RecurrentModel`](crate::RecurrentModel).
    Lstm(RecurrentShape),
    /// The same from memory with attention: [`RecurrentModel`](crate::RecurrentModel).
    DrumsRnn(RecurrentShape),
    /// Sixteen bars from a beat: [`PhraseModel`](crate::PhraseModel).
    Phrase,
    /// Some bars from one latent: [`SequenceVae`](crate::SequenceVae).
    Vae(VaeShape),
}

impl SongKind {
    /// Names and shapes of its weights.
    pub fn arrays(&self) -> Vec<(String, Vec<usize>)> {
        match self {
            Self::Step => STEP.arrays(),
            Self::Vae(shape) => shape.arrays(),
            Self::Phrase => [PLAN.arrays(), WRITE.arrays()].concat(),
            Self::Lstm(shape) | Self::DrumsRnn(shape) => shape.arrays(),
        }
    }

    /// Whether no size is beyond reason.
    fn check(&self) -> Result<(), WeightsFault> {
        match self {
            Self::Step | Self::Phrase => Ok(()),
            Self::Vae(shape) => shape.check(),
            Self::Lstm(shape) | Self::DrumsRnn(shape) => shape.check(),
        }
    }
}

/// A model of time, known to have the weights that its kind says.
#[derive(Clone, Debug, PartialEq)]
pub struct SongModel {
    kind: SongKind,
    provenance: Provenance,
    weights: Weights,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    model: SongKind,
    provenance: Provenance,
}

impl SongModel {
    /// The model of these weights.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn new(kind: SongKind, weights: Weights, provenance: Provenance) -> Result<Self, WeightsFault> {
        kind.check()?;
        weights.check(&kind.arrays())?;
        Ok(Self { kind, provenance, weights })
    }

    /// What kind of model it is.
    pub fn kind(&self) -> &SongKind {
        &self.kind
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
    /// The file can't be read, is no model of time, or holds weights of a wrong shape or value.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let file = path.display().to_string();
        read_bounded(path).and_then(|bytes| parse(&bytes)).map_err(|fault| fault.of(&file))
    }

    /// The model in a file, or `None` where the file is no model of time, to be read as another kind.
    ///
    /// # Errors
    ///
    /// The file can't be read, or is a model of time with something wrong.
    pub fn recognise(path: &Path) -> Result<Option<Self>, ModelError> {
        match Self::read(path) {
            Err(ModelError { fault: Fault::NoHeader | Fault::OfPatterns, .. }) => Ok(None),
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
        let header = Header { format: FORMAT, model: kind.clone(), provenance: provenance.clone() };
        // PANIC: a header has no maps with keys other than strings, which is all that JSON refuses.
        let header = serde_json::to_string(&header).expect("a header is valid JSON");
        let kept = weights.iter().map(|(name, Array { shape, values })| {
            (name.to_owned(), Tensor::floats(shape.clone(), values, precision))
        });
        // PANIC: every tensor's length is that of its shape, since the weights were checked.
        safetensors::serialize(kept, Some(HashMap::from([(ENTRY.to_owned(), header)])))
            .expect("tensors fit their shapes")
    }
}

fn parse(bytes: &[u8]) -> Result<SongModel, Fault> {
    let (file, metadata) = opened(bytes)?;
    let entry = metadata.get(ENTRY).ok_or_else(|| match metadata.contains_key(PATTERNS_ENTRY) {
        true => Fault::OfPatterns,
        false => Fault::NoHeader,
    })?;
    let Header { format, model, provenance } = serde_json::from_str(entry)?;
    if format != FORMAT {
        return Err(Fault::Format(format));
    }
    let mut weights = Weights::default();
    for (name, view) in file.iter() {
        weights.insert(name, Array { shape: view.shape().to_vec(), values: floats(name, &view)? });
    }
    Ok(SongModel::new(model, weights, provenance)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VaeDecoder;

    #[test]
    fn bars_of_no_or_endless_length_are_refused_before_anything_plays_them() {
        let (latent, encoder_width, decoder_width, joint, embedding) = (4, 4, 4, 2, 3);
        for decoder in [VaeDecoder::Mlp, VaeDecoder::Flat, VaeDecoder::Hierarchical] {
            let shape = |bars, embedding| VaeShape {
                decoder,
                bars,
                latent,
                encoder_width,
                decoder_width,
                joint,
                embedding,
            };
            let made = |shape: VaeShape| {
                let weights = Weights::initial(&SongKind::Vae(shape).arrays(), 1);
                SongModel::new(SongKind::Vae(shape), weights, Provenance::default())
            };
            assert!(made(shape(2, embedding)).is_ok());
            assert!(matches!(made(shape(0, embedding)), Err(WeightsFault::Sizes(_))), "{decoder:?}");
            assert!(shape(u16::MAX, embedding).check().is_err());
            assert_eq!(made(shape(2, 0)).is_ok(), decoder != VaeDecoder::Hierarchical);
        }
    }

    #[test]
    fn models_of_time_and_of_patterns_are_told_apart_in_a_sentence() {
        let weights = Weights::initial(&SongKind::Step.arrays(), 1);
        let model = SongModel::new(SongKind::Step, weights, Provenance::default()).expect("sound");
        let of_time = crate::Model::from_bytes("it", &model.to_bytes(Precision::Half));
        assert!(of_time.is_err_and(|error| error.to_string().contains("is a model of time")));
        let patterns = crate::Model::synthetic(1).to_bytes(Precision::Half);
        let said = SongModel::from_bytes("it", &patterns).map_err(|error| error.to_string());
        assert!(said.is_err_and(|said| said.contains("is a model of patterns")));
    }

    #[test]
    fn a_model_of_time_comes_back_from_its_file_and_a_cut_one_does_not() {
        let weights = Weights::initial(&SongKind::Step.arrays(), 1);
        let provenance = Provenance { seed: 1, ..Provenance::default() };
        let model = SongModel::new(SongKind::Step, weights, provenance).expect("sound");
        let bytes = model.to_bytes(Precision::Single);
        assert_eq!(parse(&bytes).expect("its own bytes"), model);
        assert_eq!(bytes, model.to_bytes(Precision::Single));
        let half = model.to_bytes(Precision::Half);
        assert!(half.len() < 3 << 20 && parse(&half).is_ok());
        for cut in [0, 7, 100, bytes.len() - 1] {
            assert!(parse(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
}
