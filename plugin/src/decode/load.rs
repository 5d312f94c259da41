//! Loading the model that is asked for, with the built-in one as what plays where that fails to exist.

use std::path::PathBuf;
use std::sync::Arc;

use beat::{Bank, Pattern, Settings, Shape};
use nets::{BankDecoder, Model, ModelError, PhraseModel, SongModel, StepModel};

use crate::picture::{HITS_SIDE, Picture};
use crate::saved::ModelChoice;

/// The model that ships inside the plugin.
const BUILT_IN: &[u8] = include_bytes!("../../../assets/beatfield.safetensors");

/// The phrase model that ships inside the plugin; it grows phrases from the beats of any model.
const PHRASES: &[u8] = include_bytes!("../../../assets/songs/phrase.safetensors");

/// The step model that ships inside the plugin; it carries on the beats of any model.
const STEPS: &[u8] = include_bytes!("../../../assets/songs/step.safetensors");

/// What became of a choice of model.
pub(super) struct LoadedModel {
    /// The revision of the saved state that asked for it.
    pub(super) revision: u32,
    /// Counts models from 1.
    pub(super) number: u32,
    pub(super) model: Option<Arc<Model>>,
    /// The file it came from; none is the built-in model.
    file: Option<PathBuf>,
    pub(super) sha256: Option<String>,
    /// Why the chosen file could not be used.
    pub(super) refused: Option<String>,
    /// What the window says about it.
    pub(super) problem: Option<String>,
    decoder: Option<BankDecoder>,
}

impl LoadedModel {
    /// Loads the chosen file, or the built-in model where none is chosen. A file that can't be used gives
    /// the reason and no other model, which would be another piece of music: the bank that was kept with
    /// the project plays on.
    pub(super) fn load(choice: &ModelChoice, revision: u32, number: u32) -> Self {
        let file = choice.file();
        let model = match &file {
            Some(file) => Model::read(file),
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
                problem: changed_since_saved(choice, &model),
                model: Some(Arc::new(model)),
                file,
                refused: None,
                decoder: Some(decoder),
            },
            Err(error) => {
                let sentence = error.to_string();
                Self {
                    revision,
                    number,
                    model: None,
                    file,
                    sha256: None,
                    refused: Some(sentence.clone()),
                    problem: Some(sentence),
                    decoder: None,
                }
            }
        }
    }

    /// Whether this is the model of `choice`, in working order. A choice of another hash may mean the file
    /// as it has become since.
    pub(super) fn plays(&self, choice: &ModelChoice) -> bool {
        let same = choice.sha256.is_none() || choice.sha256 == self.sha256;
        self.model.is_some() && self.file == choice.file() && same
    }

    /// The bank for these settings, where there is a model.
    pub(super) fn decode(&mut self, settings: &Settings, shape: &Shape) -> Option<Bank> {
        let decoder = self.decoder.as_mut()?;
        // Models of time are read when they are first asked for: most instances never do.
        if settings.phrase && !decoder.grows_phrases() {
            match built_in_phrases() {
                Ok(phrases) => decoder.grow_phrases(phrases),
                Err(error) => self.problem = Some(error.to_string()),
            }
        }
        if shape.continuation.is_some() && !decoder.carries_on() {
            match built_in_steps() {
                Ok(steps) => decoder.carry_on(steps),
                Err(error) => self.problem = Some(error.to_string()),
            }
        }
        Some(decoder.decode_shaped(settings, shape, self.number))
    }
}

impl LoadedModel {
    /// What would play first at a place.
    pub(super) fn preview(&self, settings: &Settings, shape: &Shape, place: [f32; 2]) -> Option<Pattern> {
        self.decoder.as_ref().map(|decoder| decoder.preview(settings, shape, place))
    }

    /// The model's map, painted.
    pub(super) fn picture(&self) -> Option<Picture> {
        self.decoder
            .as_ref()
            .map(|decoder| Picture::paint(decoder.map(), &decoder.hits_over_the_map(HITS_SIDE)))
    }
}

fn built_in_phrases() -> Result<PhraseModel, ModelError> {
    let name = "the built-in phrase model";
    PhraseModel::of(&SongModel::from_bytes(name, PHRASES)?, name)
}

fn built_in_steps() -> Result<StepModel, ModelError> {
    let name = "the built-in step model";
    StepModel::of(&SongModel::from_bytes(name, STEPS)?, name)
}

/// What the window says where the file is not the one that the project was saved with.
fn changed_since_saved(choice: &ModelChoice, model: &Model) -> Option<String> {
    let saved = choice.sha256.as_ref().filter(|saved| **saved != model.sha256_hex())?;
    let name = choice.file().map_or("The built-in model".into(), |file| file.display().to_string());
    let short: String = saved.chars().take(8).collect();
    Some(format!(
        "{name} has changed since this project was saved (its hash began with {short}); the beats may differ."
    ))
}
