//! Errors of models, as sentences for the musician.

use crate::{MapFault, WeightsFault};

/// The error of a model that can't be used; its message names the file, the fault and a remedy.
#[derive(Debug, thiserror::Error)]
#[error("the model {file} {fault}; {remedy}", remedy = .fault.remedy())]
pub struct ModelError {
    /// The file's path, or another name of the model.
    pub file: String,
    /// What is wrong.
    #[source]
    pub fault: ModelFault,
}

/// What is wrong with a model.
#[derive(Debug, thiserror::Error)]
pub enum ModelFault {
    /// The file can't be read at all.
    #[error("can't be read ({0})")]
    Unreadable(#[from] std::io::Error),
    /// A folder, a device or a pipe.
    #[error("is a folder or a device")]
    NoFile,
    /// The file is larger than any model.
    #[error("is {0} bytes long, more than the 64 MiB that a model may have")]
    TooLarge(u64),
    /// The bytes are no safetensors file, or a cut one.
    #[error("is no whole safetensors file ({0})")]
    NotSafetensors(String),
    /// A safetensors file without our metadata.
    #[error("has no `beatfield` entry in its metadata, so it is some other program's")]
    NoHeader,
    /// A sequence model where a model of patterns is needed.
    #[error("is a sequence model, so it has no map to move on")]
    SequenceModel,
    /// A model of patterns where a sequence model is needed.
    #[error("is a model of patterns, so it plays no bars that follow each other")]
    PatternModel,
    /// Our metadata can't be understood.
    #[error("has a `beatfield` entry that can't be understood ({0})")]
    Header(#[from] serde_json::Error),
    /// A file of a later format.
    #[error("is of format {0}, and this Beatfield reads formats up to 1")]
    Format(u32),
    /// A field of the metadata is out of range.
    #[error("has metadata out of range: {0}")]
    Range(&'static str),
    /// A tensor has a type that we don't read.
    #[error("has the tensor `{name}` of type {found} where {expected} is needed")]
    Type {
        /// The tensor.
        name: String,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// Weights that don't fit the architecture.
    #[error(transparent)]
    Weights(#[from] WeightsFault),
    /// A damaged map.
    #[error(transparent)]
    Map(#[from] MapFault),
    /// A model without a map can't be played.
    #[error("has no map yet, so there is nothing to move on")]
    NoMap,
}

impl ModelFault {
    /// What to do about it.
    fn remedy(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "check its path and that it may be read",
            Self::NoFile => "name the model file itself",
            Self::Format(_) => "take a newer Beatfield, or a model made for this one",
            Self::SequenceModel => {
                "generate from it with `cargo xtask sample --kind`, or name a model of patterns"
            }
            Self::PatternModel => "name a sequence model, such as those in assets/songs",
            Self::NoMap => "make one with `cargo xtask map`",
            _ => "take a whole copy of it or another model",
        }
    }

    /// This fault, of the file called `file`.
    pub(crate) fn of(self, file: &str) -> ModelError {
        ModelError { file: file.into(), fault: self }
    }
}
