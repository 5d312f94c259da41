//! The chosen model as it was loaded, with the sequence models that ship beside it.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use beat::{Bank, Grid, Pattern, Settings, Shape};
use nets::{BankDecoder, Model, ModelError, PhraseModel, SequenceModel, StepModel};

use crate::editor::map::picture::{HITS_SIDE, MapPicture};
use crate::saved::ModelChoice;

/// The models that ship inside the plugin, by [`Grid::index`], and what errors call them.
const BUILT_IN: [(&str, &[u8]); Grid::ALL.len()] = [
    ("the built-in model", include_bytes!("../../../assets/beatfield.safetensors")),
    ("the built-in model of the shuffle", include_bytes!("../../../assets/shuffle.safetensors")),
    ("the built-in model of three", include_bytes!("../../../assets/three.safetensors")),
];

/// The phrase model that ships inside the plugin. It works with the beats of any model.
const PHRASES: &[u8] = include_bytes!("../../../assets/songs/phrase.safetensors");

/// The step model that ships inside the plugin, which continues the beats of any model.
const STEPS: &[u8] = include_bytes!("../../../assets/songs/step.safetensors");

/// The result of loading a chosen model.
pub(super) struct LoadedModel {
    /// The revision of the saved choice.
    pub(super) revision: u32,
    /// The model's number, another for each that an instance loads.
    pub(super) number: u32,
    pub(super) grid: Grid,
    pub(super) model: Option<Arc<Model>>,
    /// Its file; `None` for the built-in model.
    file: Option<PathBuf>,
    pub(super) sha256: Option<String>,
    /// Why the chosen file could not be used.
    pub(super) refused: Option<String>,
    /// Whether the bank of the state that names this model is played as it is.
    pub(super) keeps_bank: bool,
    /// Whether that state names a built-in model that this build replaces by its own.
    replaces_another: bool,
    /// A sentence for the musician: why there is no model, or that its file has changed.
    pub(super) problem: Option<String>,
    /// The same for a sequence model; taken by whoever shows it.
    pub(super) sequence_problem: Option<String>,
    decoder: Option<BankDecoder>,
    pub(super) phrases: SequenceFile<PhraseModel>,
    pub(super) steps: SequenceFile<StepModel>,
}

/// A sequence model that is read when it is first used: most instances never need it. A file that can't be
/// used is not read again.
pub(super) struct SequenceFile<T> {
    read: fn() -> Result<T, ModelError>,
    done: bool,
}

impl<T> SequenceFile<T> {
    pub(super) fn new(read: fn() -> Result<T, ModelError>) -> Self {
        Self { read, done: false }
    }

    /// The model, or why there is none, at the first call where it is `wanted`.
    fn take(&mut self, wanted: bool) -> Option<Result<T, ModelError>> {
        let first = wanted && !self.done;
        self.done |= wanted;
        first.then(self.read)
    }
}

impl LoadedModel {
    /// Loads the chosen file, or the built-in model of the choice's grid where none is chosen. A file that can't be used gives the
    /// reason and no model: another model would change the music, so the bank saved with the project plays
    /// instead.
    pub(super) fn load(choice: &ModelChoice, revision: u32, number: u32) -> Self {
        let file = choice.file();
        let model = match &file {
            Some(file) => Model::read(file).map(Arc::new).map_err(|error| error.to_string()),
            None => built_in_model(&choice.grid()).clone(),
        };
        let playable = model.and_then(|model| {
            let decoder = BankDecoder::new(&model).map_err(|error| error.to_string())?;
            Ok((model, decoder))
        });
        match playable {
            Ok((model, decoder)) => Self {
                revision,
                number,
                grid: *model.grid(),
                sha256: Some(model.sha256_hex()),
                keeps_bank: keeps_bank(choice, Some(&model.sha256_hex())),
                replaces_another: replaces_another(choice, Some(&model.sha256_hex())),
                problem: changed_since_saved(choice, &model),
                sequence_problem: None,
                model: Some(model),
                file,
                refused: None,
                decoder: Some(decoder),
                phrases: SequenceFile::new(built_in_phrases),
                steps: SequenceFile::new(built_in_steps),
            },
            Err(sentence) => Self {
                revision,
                number,
                grid: choice.grid(),
                model: None,
                file,
                sha256: None,
                keeps_bank: false,
                replaces_another: false,
                sequence_problem: None,
                refused: Some(sentence.clone()),
                problem: Some(sentence),
                decoder: None,
                phrases: SequenceFile::new(built_in_phrases),
                steps: SequenceFile::new(built_in_steps),
            },
        }
    }

    /// Whether this is the model of `choice`, and usable. With another hash in `choice` a file may have changed
    /// since; the built-in model can't have.
    pub(super) fn plays(&self, choice: &ModelChoice) -> bool {
        let same = self.file.is_none() || choice.sha256.is_none() || choice.sha256 == self.sha256;
        self.model.is_some() && self.file == choice.file() && same
    }

    /// Whether this build would decode another bank than the one that was kept, by its own model or by another
    /// decoder version.
    pub(super) fn replaces(&self, another_version: bool) -> bool {
        self.replaces_another || another_version
    }

    /// Follows another choice that [`Self::plays`].
    pub(super) fn follow(&mut self, choice: &ModelChoice, revision: u32) {
        self.revision = revision;
        self.keeps_bank = keeps_bank(choice, self.sha256.as_deref());
        self.replaces_another = replaces_another(choice, self.sha256.as_deref());
        // What was amiss with the choice before: one that it plays has the same file.
        self.problem = None;
    }

    /// Decodes the bank of these settings, where there is a model.
    pub(super) fn decode(&mut self, settings: &Settings, shape: &Shape) -> Option<Bank> {
        let decoder = self.decoder.as_mut()?;
        match self.phrases.take(settings.phrase) {
            Some(Ok(phrases)) => decoder.set_phrase_model(phrases),
            Some(Err(error)) => self.sequence_problem = Some(error.to_string()),
            None => {}
        }
        match self.steps.take(shape.edits(&self.grid).continuation.is_some()) {
            Some(Ok(steps)) => decoder.set_step_model(steps),
            Some(Err(error)) => self.sequence_problem = Some(error.to_string()),
            None => {}
        }
        Some(decoder.decode_shaped(settings, shape, self.number))
    }
}

impl LoadedModel {
    /// The first pattern at a map point.
    pub(super) fn preview(&self, settings: &Settings, shape: &Shape, place: [f32; 2]) -> Option<Pattern> {
        self.decoder.as_ref().map(|decoder| decoder.preview(settings, shape, place))
    }

    /// Goes on with the picture of the model's map by one row of places; the picture after the last one. A row
    /// takes about as long as a bank, so that a bank never waits for the whole picture.
    pub(super) fn picture(&self, hits: &mut Vec<u32>) -> Option<MapPicture> {
        let decoder = self.decoder.as_ref()?;
        if hits.len() < HITS_SIDE * HITS_SIDE {
            hits.extend(decoder.hits_over_the_map(hits.len() / HITS_SIDE, HITS_SIDE));
            return None;
        }
        Some(MapPicture::paint(decoder.map(), hits))
    }
}

/// The built-in model of a grid, parsed once per process: all instances share it.
fn built_in_model(grid: &Grid) -> &'static Result<Arc<Model>, String> {
    static MODELS: [OnceLock<Result<Arc<Model>, String>>; Grid::ALL.len()] = [const { OnceLock::new() }; 3];
    MODELS[grid.index()].get_or_init(|| {
        let (name, bytes) = BUILT_IN[grid.index()];
        Model::from_bytes(name, bytes).map(Arc::new).map_err(|error| error.to_string())
    })
}

fn built_in_phrases() -> Result<PhraseModel, ModelError> {
    let name = "the built-in phrase model";
    PhraseModel::of(&SequenceModel::from_bytes(name, PHRASES)?, name)
}

fn built_in_steps() -> Result<StepModel, ModelError> {
    let name = "the built-in step model";
    StepModel::of(&SequenceModel::from_bytes(name, STEPS)?, name)
}

/// Whether a state with this choice brings a bank of the loaded model with this hash. A choice without a hash
/// is new, so that its bank is of the model before; and a file that was replaced was meant to be. The built-in
/// model is replaced by another build, which must not change a project.
fn keeps_bank(choice: &ModelChoice, sha256: Option<&str>) -> bool {
    choice.sha256.is_some() && (choice.file().is_none() || choice.sha256.as_deref() == sha256)
}

/// Whether a state with this choice was saved with another built-in model than this build's, of this hash.
fn replaces_another(choice: &ModelChoice, sha256: Option<&str>) -> bool {
    choice.file().is_none() && choice.sha256.is_some() && choice.sha256.as_deref() != sha256
}

/// The sentence for a file that has changed since the project was saved.
fn changed_since_saved(choice: &ModelChoice, model: &Model) -> Option<String> {
    let (file, saved) = (choice.file()?, choice.sha256.as_ref()?);
    let short: String = saved.chars().take(8).collect();
    (*saved != model.sha256_hex()).then(|| {
        format!(
            "{} has changed since this project was saved (its hash began with {short}); the beats may differ.",
            file.display()
        )
    })
}
