//! Loading the model that is asked for, with the built-in one as what plays where that fails to exist.

use std::path::Path;
use std::sync::Arc;

use beat::{Bank, Settings};
use nets::{BankDecoder, Model};

use crate::saved::ModelChoice;

/// The model that ships inside the plugin.
const BUILT_IN: &[u8] = include_bytes!("../../../assets/beatfield.safetensors");

/// What became of a choice of model.
pub(super) struct LoadedModel {
    /// The revision of the saved state that asked for it.
    pub(super) revision: u32,
    /// Counts models from 1.
    pub(super) number: u32,
    pub(super) model: Option<Arc<Model>>,
    pub(super) sha256: Option<String>,
    /// Why the chosen file could not be used.
    pub(super) refused: Option<String>,
    /// What the window says about it.
    pub(super) problem: Option<String>,
    decoder: Option<BankDecoder>,
}

impl LoadedModel {
    /// Loads the chosen file, or the built-in model where none is chosen. A file that can't be used
    /// gives silence and the reason: another model would be another piece of music.
    pub(super) fn load(choice: &ModelChoice, revision: u32, number: u32) -> Self {
        let model = match &choice.path {
            Some(path) => Model::read(Path::new(path)),
            None => Model::from_bytes("the built-in model", BUILT_IN),
        };
        let playable = model.and_then(|model| {
            let decoder = BankDecoder::new(&model)?;
            Ok((model, decoder))
        });
        match playable {
            Ok((model, decoder)) => Self {
                revision,
                number,
                sha256: Some(model.sha256_hex()),
                model: Some(Arc::new(model)),
                refused: None,
                problem: None,
                decoder: Some(decoder),
            },
            Err(error) => {
                let sentence = error.to_string();
                Self {
                    revision,
                    number,
                    model: None,
                    sha256: None,
                    refused: Some(sentence.clone()),
                    problem: Some(sentence),
                    decoder: None,
                }
            }
        }
    }

    /// The bank for these settings, where there is a model.
    pub(super) fn decode(&self, settings: &Settings) -> Option<Bank> {
        self.decoder.as_ref().map(|decoder| decoder.decode(settings, self.number))
    }
}
