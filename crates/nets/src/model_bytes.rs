//! The model file: one safetensors file, read in bounded memory and written the same way every time.
//!
//! Tensors: `decoder.*`, `encoder.*` and `head.*` (weights), `thresholds` [14], `codes` [m, 4], `codes.normal`
//! [2, 4] (mean and deviation), and with a map `map.grid` [side, side, 4] (bottom row first),
//! `map.points` [n, 2], `map.genres` [n] (u8). Floats are f32 or f16. The metadata entry `beatfield`
//! is the JSON of everything else.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, View};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Architecture, Array, CodeCloud, KitTable, LATENT, LatentMap, MapRegion, Model, ModelError, ModelFault,
    ModelParts, Provenance, Weights, WeightsFault,
};

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 64 << 20;
/// The longest header that is parsed, in bytes: JSON takes more memory than its text.
const MAX_HEADER: u64 = 4 << 20;
/// The metadata entry that holds our header.
pub(crate) const ENTRY: &str = "beatfield";
/// The metadata entry of a sequence model's file.
pub(crate) const SEQUENCE_ENTRY: &str = "beatfield song model";
/// How the names of weights begin.
const WEIGHTS: [&str; 3] = ["decoder.", "encoder.", "head."];

/// The format that this build writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// What the metadata key `beatfield` holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    kit: KitTable,
    genres: Vec<String>,
    #[serde(default)]
    regions: Vec<MapRegion>,
    architecture: Architecture,
    #[serde(default)]
    provenance: Provenance,
}

/// How weights, codes and the map's grid are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits, as they were trained.
    Single,
    /// 16 bits: half the size, three decimal digits; 32 bits for a tensor with a value beyond 65504.
    Half,
}

impl Model {
    /// Reads a model file.
    ///
    /// # Errors
    ///
    /// The file can't be read, or as [`Model::from_bytes`].
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let file = path.display().to_string();
        let bytes = read_bounded(path).map_err(|fault| fault.of(&file))?;
        Self::from_bytes(&file, &bytes)
    }

    /// A model from the bytes of its file. `file` is what errors call it.
    ///
    /// # Errors
    ///
    /// The bytes are no model, or one with a shape or a value that is out of range; the message names it.
    pub fn from_bytes(file: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        let parts = parse(bytes).map_err(|fault| fault.of(file))?;
        Self::checked(file, parts, sha256(bytes))
    }

    /// The bytes of this model's file: always the same for the same model.
    pub fn to_bytes(&self, precision: Precision) -> Vec<u8> {
        let parts = self.parts();
        let header = Header {
            format: FORMAT,
            kit: parts.kit.clone(),
            genres: parts.genres.clone(),
            regions: self.map().map(|map| map.regions().to_vec()).unwrap_or_default(),
            architecture: parts.architecture.clone(),
            provenance: parts.provenance.clone(),
        };
        // PANIC: the header has no maps with keys other than strings, which is all that JSON refuses.
        let header = serde_json::to_string(&header).expect("a header is valid JSON");
        let metadata = HashMap::from([(ENTRY.to_string(), header)]);
        // PANIC: every tensor's length is that of its shape, since a model was checked when made.
        safetensors::serialize(tensors(parts, precision), Some(metadata)).expect("tensors fit their shapes")
    }
}

/// The sha256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(crate) fn read_bounded(path: &Path) -> Result<Vec<u8>, ModelFault> {
    // Checked before it is opened: opening a pipe blocks until somebody writes to it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(ModelFault::NoFile);
    }
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > MAX_FILE {
        return Err(ModelFault::TooLarge(length));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    // One byte more than allowed, should the file grow meanwhile.
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The tensors in some bytes, and the metadata beside them.
pub(crate) fn opened(bytes: &[u8]) -> Result<(SafeTensors<'_>, HashMap<String, String>), ModelFault> {
    if bytes.len() as u64 > MAX_FILE {
        return Err(ModelFault::TooLarge(bytes.len() as u64));
    }
    let length = bytes.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    if length > MAX_HEADER {
        return Err(ModelFault::NotSafetensors(format!("its header would be {length} bytes long")));
    }
    let broken = |error: safetensors::SafeTensorError| ModelFault::NotSafetensors(error.to_string());
    let file = SafeTensors::deserialize(bytes).map_err(broken)?;
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
    Ok((file, metadata.metadata().clone().unwrap_or_default()))
}

fn parse(bytes: &[u8]) -> Result<ModelParts, ModelFault> {
    let (file, metadata) = opened(bytes)?;
    let entry = metadata.get(ENTRY).ok_or_else(|| match metadata.contains_key(SEQUENCE_ENTRY) {
        true => ModelFault::SequenceModel,
        false => ModelFault::NoHeader,
    })?;
    let header = header(entry)?;
    let mut weights = Weights::default();
    for (name, view) in file.iter() {
        if WEIGHTS.iter().any(|prefix| name.starts_with(prefix)) {
            weights.insert(name, Array { shape: view.shape().to_vec(), values: floats(name, &view)? });
        }
    }
    let map = match file.tensor("map.grid") {
        Ok(grid) => Some(map(&file, &grid, &header)?),
        Err(_) => None,
    };
    let codes = CodeCloud { codes: rows(&file, "codes")?, ..normal(&file)? };
    let thresholds = match file.tensor("thresholds") {
        Ok(tensor) => {
            let thresholds = floats("thresholds", &tensor)?.try_into();
            Some(thresholds.map_err(|_| ModelFault::Range("there are 14 thresholds"))?)
        }
        Err(_) => None,
    };
    let Header { kit, genres, architecture, provenance, .. } = header;
    Ok(ModelParts { kit, genres, architecture, provenance, weights, thresholds, codes, map })
}

fn header(entry: &str) -> Result<Header, ModelFault> {
    /// Read first: a later format may have other fields.
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_str(entry)?;
    if format != FORMAT {
        return Err(ModelFault::Format(format));
    }
    Ok(serde_json::from_str(entry)?)
}

fn map(file: &SafeTensors<'_>, grid: &TensorView<'_>, header: &Header) -> Result<LatentMap, ModelFault> {
    let side = match *grid.shape() {
        [rows, columns, LATENT] if rows == columns => rows,
        _ => return Err(wrong_shape("map.grid", &[128, 128, LATENT], grid)),
    };
    let grid = floats("map.grid", grid)?.as_chunks().0.to_vec();
    let genres = tensor(file, "map.genres")?;
    if genres.dtype() != Dtype::U8 {
        return Err(wrong_type("map.genres", "u8", genres.dtype()));
    }
    let genres = genres.data().to_vec();
    Ok(LatentMap::new(side, grid, rows(file, "map.points")?, genres, header.regions.clone())?)
}

/// Mean and deviation, without codes.
fn normal(file: &SafeTensors<'_>) -> Result<CodeCloud, ModelFault> {
    match rows(file, "codes.normal")?[..] {
        [mean, deviation] => Ok(CodeCloud { codes: Vec::new(), mean, deviation }),
        _ => Err(wrong_shape("codes.normal", &[2, LATENT], &tensor(file, "codes.normal")?)),
    }
}

/// A tensor of any number of rows of `N` floats.
fn rows<const N: usize>(file: &SafeTensors<'_>, name: &str) -> Result<Vec<[f32; N]>, ModelFault> {
    let view = tensor(file, name)?;
    match *view.shape() {
        [_, columns] if columns == N => Ok(floats(name, &view)?.as_chunks().0.to_vec()),
        _ => Err(wrong_shape(name, &[view.shape().first().copied().unwrap_or(0), N], &view)),
    }
}

fn tensor<'a>(file: &SafeTensors<'a>, name: &str) -> Result<TensorView<'a>, ModelFault> {
    file.tensor(name).map_err(|_| WeightsFault::Missing(name.into()).into())
}

/// The numbers of a float tensor.
pub(crate) fn floats(name: &str, view: &TensorView<'_>) -> Result<Vec<f32>, ModelFault> {
    match view.dtype() {
        Dtype::F32 => Ok(view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()),
        Dtype::F16 => {
            Ok(view.data().as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect())
        }
        other => Err(wrong_type(name, "f32 or f16", other)),
    }
}

fn wrong_type(name: &str, expected: &'static str, found: Dtype) -> ModelFault {
    ModelFault::Type { name: name.into(), expected, found: format!("{found:?}").to_lowercase() }
}

fn wrong_shape(name: &str, expected: &[usize], view: &TensorView<'_>) -> ModelFault {
    let (expected, found) = (expected.to_vec(), view.shape().to_vec());
    WeightsFault::Shape { name: name.into(), expected, found }.into()
}

/// All tensors of a model, by name.
fn tensors(parts: &ModelParts, precision: Precision) -> BTreeMap<String, Tensor> {
    let single = Precision::Single;
    let mut tensors = BTreeMap::new();
    for (name, array) in parts.weights.iter() {
        tensors.insert(name.to_string(), Tensor::floats(array.shape.clone(), &array.values, precision));
    }
    let mut put = |name: &str, tensor| tensors.insert(name.to_string(), tensor);
    if let Some(thresholds) = &parts.thresholds {
        put("thresholds", Tensor::floats(vec![thresholds.len()], thresholds, single));
    }
    let CodeCloud { codes, mean, deviation } = &parts.codes;
    put("codes", Tensor::floats(vec![codes.len(), LATENT], codes.as_flattened(), precision));
    put("codes.normal", Tensor::floats(vec![2, LATENT], [*mean, *deviation].as_flattened(), single));
    if let Some(map) = &parts.map {
        let side = map.side();
        put("map.grid", Tensor::floats(vec![side, side, LATENT], map.grid().as_flattened(), precision));
        put("map.points", Tensor::floats(vec![map.points().len(), 2], map.points().as_flattened(), single));
        let genres =
            Tensor { dtype: Dtype::U8, shape: vec![map.genres().len()], bytes: map.genres().to_vec() };
        put("map.genres", genres);
    }
    tensors
}

/// A tensor on its way into the file.
pub(crate) struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Tensor {
    /// Of a tensor with a value beyond the largest of 16 bits (65504) all values are written in 32 bits.
    pub(crate) fn floats(shape: Vec<usize>, values: &[f32], precision: Precision) -> Self {
        let fits_in_half = values.iter().all(|value| value.abs() <= f16::MAX.to_f32());
        let (dtype, bytes) = if precision == Precision::Half && fits_in_half {
            (Dtype::F16, values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect())
        } else {
            (Dtype::F32, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        };
        Self { dtype, shape, bytes }
    }
}

impl View for Tensor {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
