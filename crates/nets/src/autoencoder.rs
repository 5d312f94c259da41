//! The autoencoder as a burn module, for training and inference.

use beat::{Grid, INSTRUMENTS, Pattern};
use burn::module::Module;
use burn::nn::{LayerNorm, Linear};
use burn::tensor::activation::{relu, silu};
use burn::tensor::{Device, Tensor, TensorData};

use crate::layers::{LayerReader, weights_of};
use crate::{Architecture, Code, DecoderShape, Weights, WeightsFault};

/// Patterns to latents and back.
#[derive(Module, Debug)]
pub struct Autoencoder {
    /// Patterns to latents.
    pub encoder: Encoder,
    /// Latents to logits.
    pub decoder: Decoder,
}

/// Patterns to latents.
#[derive(Module, Debug)]
pub struct Encoder {
    hidden: Vec<Linear>,
    mean: Linear,
    log_variance: Option<Linear>,
}

/// Latents to the logits of the 448 cells.
#[derive(Module, Debug)]
pub enum Decoder {
    /// Hidden layers with ReLU.
    Dense(DenseDecoder),
    /// Residual blocks with SiLU.
    Residual(ResidualDecoder),
}

/// Hidden layers with ReLU.
#[derive(Module, Debug)]
pub struct DenseDecoder {
    hidden: Vec<Linear>,
    output: Linear,
}

/// Residual blocks with SiLU.
#[derive(Module, Debug)]
pub struct ResidualDecoder {
    input: Linear,
    blocks: Vec<ResidualBlock>,
    output: Linear,
}

#[derive(Module, Debug)]
struct ResidualBlock {
    norm: LayerNorm,
    inner: Linear,
    outer: Linear,
}

/// The encoder's output for a batch of patterns.
#[derive(Clone, Debug)]
pub struct EncoderOutput {
    /// `[batch, 4]`: the latents.
    pub mean: Tensor<2>,
    /// `[batch, 4]`: the logarithm of their variance, where the architecture has one.
    pub log_variance: Option<Tensor<2>>,
}

impl Autoencoder {
    /// Fresh weights for training, the same for the same seed.
    ///
    /// # Errors
    ///
    /// None for an architecture that [`Architecture::is_bounded`]; the type is that of
    /// [`Self::from_weights`].
    pub fn initial(architecture: &Architecture, seed: u64, device: &Device) -> Result<Self, WeightsFault> {
        Self::from_weights(architecture, &Weights::initial(&architecture.arrays(), seed), device)
    }

    /// The autoencoder of these weights.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn from_weights(
        architecture: &Architecture,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        Ok(Self {
            encoder: Encoder::from_weights(architecture, weights, device)?,
            decoder: Decoder::from_weights(architecture, weights, device)?,
        })
    }

    /// All weights, under the names of [`Architecture::arrays`].
    pub fn weights(&self, architecture: &Architecture) -> Weights {
        weights_of(self, architecture.arrays())
    }

    /// Patterns to the logits of their reconstruction; of a Gaussian code the mean is decoded.
    ///
    /// # Shapes
    ///
    /// - patterns: `[batch, cells]`, each cell 0 or 1
    /// - output: `[batch, cells]`, logits
    pub fn forward(&self, patterns: Tensor<2>) -> Tensor<2> {
        self.decoder.forward(self.encoder.forward(patterns).mean)
    }
}

impl Encoder {
    /// The encoder of these weights.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn from_weights(
        architecture: &Architecture,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        let mut reader = LayerReader::new(weights, architecture.encoder_arrays(), device);
        Ok(Self {
            hidden: architecture.encoder.iter().map(|_| reader.linear()).collect::<Result<_, _>>()?,
            mean: reader.linear()?,
            log_variance: match architecture.code {
                Code::Point => None,
                Code::Gaussian => Some(reader.linear()?),
            },
        })
    }

    /// Patterns to latents.
    ///
    /// # Shapes
    ///
    /// - patterns: `[batch, cells]`, each cell 0 or 1
    /// - output: `[batch, 4]` each
    pub fn forward(&self, patterns: Tensor<2>) -> EncoderOutput {
        let h = self.hidden.iter().fold(patterns, |h, layer| relu(layer.forward(h))); // [batch, width]
        let log_variance = self.log_variance.as_ref().map(|layer| layer.forward(h.clone())); // [batch, 4]
        EncoderOutput { mean: self.mean.forward(h), log_variance } // [batch, 4]
    }
}

impl Decoder {
    /// The decoder of these weights.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn from_weights(
        architecture: &Architecture,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        let mut reader = LayerReader::new(weights, architecture.decoder_arrays(), device);
        Ok(match &architecture.decoder {
            DecoderShape::Dense(widths) => Self::Dense(DenseDecoder {
                hidden: widths.iter().map(|_| reader.linear()).collect::<Result<_, _>>()?,
                output: reader.linear()?,
            }),
            DecoderShape::Residual { blocks, .. } => Self::Residual(ResidualDecoder {
                input: reader.linear()?,
                blocks: (0..*blocks).map(|_| ResidualBlock::read(&mut reader)).collect::<Result<_, _>>()?,
                output: reader.linear()?,
            }),
        })
    }

    /// Latents to logits.
    ///
    /// # Shapes
    ///
    /// - latents: `[batch, 4]`
    /// - output: `[batch, cells]`, logits
    pub fn forward(&self, latents: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Dense(dense) => {
                let h = dense.hidden.iter().fold(latents, |h, layer| relu(layer.forward(h))); // [batch, width]
                dense.output.forward(h) // [batch, cells]
            }
            Self::Residual(residual) => {
                let h = silu(residual.input.forward(latents)); // [batch, width]
                let h = residual.blocks.iter().fold(h, |h, block| block.forward(h)); // [batch, width]
                residual.output.forward(silu(h)) // [batch, cells]
            }
        }
    }
}

impl ResidualBlock {
    fn read(reader: &mut LayerReader<'_>) -> Result<Self, WeightsFault> {
        Ok(Self { norm: reader.layer_norm()?, inner: reader.linear()?, outer: reader.linear()? })
    }

    /// # Shapes
    ///
    /// - input and output: `[batch, width]`
    fn forward(&self, h: Tensor<2>) -> Tensor<2> {
        let inner = silu(self.inner.forward(self.norm.forward(h.clone())));
        h + self.outer.forward(inner)
    }
}

/// A pattern as a row of a tensor: 1 where there is an onset, cell `step * 14 + instrument` of the grid's.
pub fn cells_of(pattern: &Pattern, grid: &Grid) -> Vec<f32> {
    let mut cells = vec![0.0; grid.cells()];
    for (step, instrument) in pattern.cells().filter(|(step, _)| *step < grid.steps()) {
        cells[step * INSTRUMENTS + instrument] = 1.0;
    }
    cells
}

/// A batch of patterns on one grid.
///
/// # Shapes
///
/// - output: `[patterns, cells]`, each cell 0 or 1
pub fn patterns_tensor(patterns: &[Pattern], grid: &Grid, device: &Device) -> Tensor<2> {
    let cells: Vec<f32> = patterns.iter().flat_map(|pattern| cells_of(pattern, grid)).collect();
    Tensor::from_data(TensorData::new(cells, [patterns.len(), grid.cells()]), device)
}
