//! The step model's file: one safetensors file like the model's own, with the metadata entry
//! `beatfield step model`.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::SafeTensors;
use serde::{Deserialize, Serialize};

use super::StepModel;
use crate::model_bytes::{Tensor, floats, opened, read_bounded};
use crate::{Array, Fault, ModelError, Precision, Provenance, Weights};

/// The metadata entry that tells this file from others.
const ENTRY: &str = "beatfield step model";
/// The format that this build reads and writes.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    provenance: Provenance,
}

impl StepModel {
    /// Reads a step model's file.
    ///
    /// # Errors
    ///
    /// The file can't be read, is no step model, or holds weights of a wrong shape or value.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let file = path.display().to_string();
        read_bounded(path).and_then(|bytes| parse(&bytes)).map_err(|fault| fault.of(&file))
    }

    /// The step model in a file, or `None` where the file is another kind of model, to be read as that.
    ///
    /// # Errors
    ///
    /// The file can't be read, or is a step model with something wrong.
    pub fn recognise(path: &Path) -> Result<Option<Self>, ModelError> {
        match Self::read(path) {
            Err(ModelError { fault: Fault::NoHeader, .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// The bytes of this model's file: always the same for the same model.
    pub fn to_bytes(&self, precision: Precision) -> Vec<u8> {
        let header = Header { format: FORMAT, provenance: self.provenance().clone() };
        // PANIC: a header has no maps with keys other than strings, which is all that JSON refuses.
        let header = serde_json::to_string(&header).expect("a header is valid JSON");
        let kept = self.weights().iter().map(|(name, Array { shape, values })| {
            (name.to_owned(), Tensor::floats(shape.clone(), values, precision))
        });
        // PANIC: every tensor's length is that of its shape, since the weights were checked.
        safetensors::serialize(kept, Some(HashMap::from([(ENTRY.to_owned(), header)])))
            .expect("tensors fit their shapes")
    }
}

fn parse(bytes: &[u8]) -> Result<StepModel, Fault> {
    let (file, metadata) = opened(bytes)?;
    let header: Header = serde_json::from_str(metadata.get(ENTRY).ok_or(Fault::NoHeader)?)?;
    if header.format != FORMAT {
        return Err(Fault::Format(header.format));
    }
    Ok(StepModel::new(weights(&file)?, header.provenance)?)
}

fn weights(file: &SafeTensors<'_>) -> Result<Weights, Fault> {
    let mut weights = Weights::default();
    for (name, view) in file.iter().filter(|(name, _)| name.starts_with("step.")) {
        weights.insert(name, Array { shape: view.shape().to_vec(), values: floats(name, &view)? });
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step_arrays;

    #[test]
    fn a_step_model_comes_back_from_its_file_and_a_cut_one_does_not() {
        let weights = Weights::initial(&step_arrays(), 1);
        let model = StepModel::new(weights, Provenance { seed: 1, ..Provenance::default() }).expect("sound");
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
