//! The JSON of a model file's metadata.

use beat::{DEFAULT_INSTRUMENT_NAMES, INSTRUMENTS, Kit};
use serde::{Deserialize, Serialize};

use crate::{Architecture, MapRegion};

/// The format that this build writes, and the newest that it reads.
pub(crate) const FORMAT: u32 = 1;

/// What the metadata key `beatfield` holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) format: u32,
    pub(crate) kit: KitTable,
    pub(crate) genres: Vec<String>,
    #[serde(default)]
    pub(crate) regions: Vec<MapRegion>,
    pub(crate) architecture: Architecture,
    #[serde(default)]
    pub(crate) provenance: Provenance,
}

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
