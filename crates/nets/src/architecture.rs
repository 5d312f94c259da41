//! The layers of a pattern model: one config, saved inside the model file, that determines the name and shape
//! of every weight.

use beat::{Grid, MOST_CELLS};
use serde::{Deserialize, Serialize};

use crate::weights::{NamedShape, linear_arrays};

/// Dimensions of a latent.
pub const LATENT: usize = 4;

/// A point of the 4-D code space.
pub type Latent = [f32; LATENT];

/// The decoder's output for one latent: the logit of an onset in each cell, `step * 14 + instrument`; negative infinity
/// in the cells beyond those of the grid.
pub type Logits = [f32; MOST_CELLS];

/// The widest layer that a model file may have.
const MAX_WIDTH: usize = 2048;
/// The most hidden layers or blocks that a model file may have.
const MAX_DEPTH: usize = 8;

/// The layers between a pattern and its latent, and back: `cells` (448 in 4/4) inputs and outputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Architecture {
    /// The grid of the patterns. The files of version 0.1 do not name it: they are in 4/4.
    #[serde(
        with = "grid_name",
        default = "grid_name::of_old_files",
        skip_serializing_if = "grid_name::is_old"
    )]
    pub grid: Grid,
    /// Widths of the encoder's hidden layers, each followed by ReLU, from the pattern to the code.
    pub encoder: Vec<usize>,
    /// What the encoder outputs.
    pub code: Code,
    /// The layers from the latent to the logits of the cells.
    pub decoder: DecoderShape,
}

/// What the encoder outputs for a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// One latent.
    Point,
    /// A mean and the logarithm of a variance for each number of the latent, as a variational
    /// autoencoder has them.
    Gaussian,
}

/// The layers from the latent to the logits of the cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecoderShape {
    /// Hidden layers of these widths, each followed by ReLU, then one linear layer.
    Dense(Vec<usize>),
    /// One linear layer and SiLU, blocks of `h += Linear(SiLU(Linear(LayerNorm h)))`, SiLU, one linear
    /// layer.
    Residual {
        /// Width of every layer in between.
        width: usize,
        /// How many blocks there are.
        blocks: usize,
    },
}

impl Architecture {
    /// The autoencoder of Tikhonov & Yamshchikov (arXiv 2007.06284): 448-64-32-4-32-64-448.
    pub fn paper() -> Self {
        Self {
            grid: Grid::FOUR_FOUR,
            encoder: vec![64, 32],
            code: Code::Point,
            decoder: DecoderShape::Dense(vec![32, 64]),
        }
    }

    /// The same layers with a mean and a variance, as the paper's variational autoencoder has them.
    pub fn paper_variational() -> Self {
        Self { code: Code::Gaussian, ..Self::paper() }
    }

    /// A wider encoder and a decoder of two residual blocks, 160 wide.
    pub fn residual() -> Self {
        Self {
            grid: Grid::FOUR_FOUR,
            encoder: vec![256, 128],
            code: Code::Point,
            decoder: DecoderShape::Residual { width: 160, blocks: 2 },
        }
    }

    /// The same layers for patterns on another grid.
    #[must_use]
    pub fn on(self, grid: Grid) -> Self {
        Self { grid, ..self }
    }

    /// Names and shapes of all weights: the encoder's, then the decoder's.
    pub fn arrays(&self) -> Vec<NamedShape> {
        [self.encoder_arrays(), self.decoder_arrays()].concat()
    }

    /// Names and shapes of the encoder's weights; a matrix is `[inputs, outputs]`.
    pub fn encoder_arrays(&self) -> Vec<NamedShape> {
        let (mut arrays, inputs) = hidden_arrays("encoder", self.grid.cells(), &self.encoder);
        arrays.extend(linear_arrays("encoder.mean", [inputs, LATENT]));
        if self.code == Code::Gaussian {
            arrays.extend(linear_arrays("encoder.log_variance", [inputs, LATENT]));
        }
        arrays
    }

    /// Names and shapes of the decoder's weights; a matrix is `[inputs, outputs]`.
    pub fn decoder_arrays(&self) -> Vec<NamedShape> {
        let (mut arrays, inputs) = match &self.decoder {
            DecoderShape::Dense(widths) => hidden_arrays("decoder", LATENT, widths),
            &DecoderShape::Residual { width, blocks } => {
                let mut arrays = linear_arrays("decoder.input", [LATENT, width]).to_vec();
                for index in 0..blocks {
                    let block = format!("decoder.block.{index}");
                    arrays
                        .extend(["gamma", "beta"].map(|name| (format!("{block}.norm.{name}"), vec![width])));
                    arrays.extend(linear_arrays(&format!("{block}.inner"), [width, width]));
                    arrays.extend(linear_arrays(&format!("{block}.outer"), [width, width]));
                }
                (arrays, width)
            }
        };
        arrays.extend(linear_arrays("decoder.output", [inputs, self.grid.cells()]));
        arrays
    }

    /// Whether every width and depth is in the bounds of a model file, so that a hostile header can't allocate
    /// gigabytes.
    pub fn is_bounded(&self) -> bool {
        let bounded = |widths: &[usize]| {
            widths.len() <= MAX_DEPTH && widths.iter().all(|width| (1..=MAX_WIDTH).contains(width))
        };
        bounded(&self.encoder)
            && match &self.decoder {
                DecoderShape::Dense(widths) => bounded(widths),
                DecoderShape::Residual { width, blocks } => {
                    (1..=MAX_WIDTH).contains(width) && *blocks <= MAX_DEPTH
                }
            }
    }
}

/// A grid by its name.
mod grid_name {
    use beat::Grid;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(grid: &Grid, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(grid.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Grid, D::Error> {
        let name = String::deserialize(deserializer)?;
        Grid::named(&name).ok_or_else(|| D::Error::custom(format!("there is no grid `{name}`")))
    }

    pub(super) fn of_old_files() -> Grid {
        Grid::FOUR_FOUR
    }

    pub(super) fn is_old(grid: &Grid) -> bool {
        *grid == of_old_files()
    }
}

/// The arrays of hidden layers of these widths, and the width of the last.
fn hidden_arrays(part: &str, mut inputs: usize, widths: &[usize]) -> (Vec<NamedShape>, usize) {
    let mut arrays = Vec::new();
    for (index, &width) in widths.iter().enumerate() {
        arrays.extend(linear_arrays(&format!("{part}.hidden.{index}"), [inputs, width]));
        inputs = width;
    }
    (arrays, inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(arrays: &[NamedShape]) -> usize {
        arrays.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum()
    }

    #[test]
    fn the_paper_has_its_layers_and_the_residual_decoder_its_177_thousand_weights() {
        let paper = Architecture::paper();
        assert_eq!(count(&paper.encoder_arrays()), 448 * 64 + 64 + 64 * 32 + 32 + 32 * 4 + 4);
        assert_eq!(count(&paper.decoder_arrays()), 4 * 32 + 32 + 32 * 64 + 64 + 64 * 448 + 448);
        assert_eq!(count(&Architecture::residual().decoder_arrays()) / 1000, 176);
    }

    #[test]
    fn a_grid_is_named_unless_it_is_that_of_old_files() {
        let text = |architecture: &Architecture| serde_json::to_string(architecture).expect("plain numbers");
        assert!(!text(&Architecture::paper()).contains("grid"));
        for architecture in Grid::ALL.map(|grid| Architecture::residual().on(grid)) {
            let read: Architecture = serde_json::from_str(&text(&architecture)).expect("what was written");
            assert_eq!(read, architecture);
        }
        let unknown = text(&Architecture::paper().on(Grid::SHUFFLE)).replace("shuffle", "waltz");
        let error = serde_json::from_str::<Architecture>(&unknown).expect_err("no such grid");
        assert!(error.to_string().contains("no grid `waltz`"), "{error}");
    }

    #[test]
    fn a_header_of_gigabytes_is_out_of_bounds() {
        assert!(Architecture::residual().is_bounded());
        let huge = DecoderShape::Residual { width: 1 << 40, blocks: 2 };
        assert!(!Architecture { decoder: huge, ..Architecture::paper() }.is_bounded());
        assert!(!Architecture { encoder: vec![1; 9], ..Architecture::paper() }.is_bounded());
    }
}
