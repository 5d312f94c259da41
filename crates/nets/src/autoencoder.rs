//! The autoencoder as a burn module, for training and inference.

use beat::{CELLS, INSTRUMENTS, Pattern, STEPS};
use burn::module::Module;
use burn::nn::{LayerNorm, Linear};
use burn::tensor::activation::{relu, silu};
use burn::tensor::{Device, Tensor, TensorData};

use crate::layers::{layer_norm, linear, store_linear, store_norm};
use crate::{Architecture, Code, DecoderShape, LATENT, Weights, WeightsFault};

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
        let mut arrays = architecture.encoder_arrays();
        arrays.extend(architecture.decoder_arrays());
        Self::from_weights(architecture, &Weights::initial(&arrays, seed), device)
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

    /// All weights, under the names of [`Architecture::encoder_arrays`] and
    /// [`Architecture::decoder_arrays`].
    pub fn weights(&self) -> Weights {
        let mut weights = self.encoder.weights();
        weights.extend(self.decoder.weights());
        weights
    }

    /// Patterns to the logits of their reconstruction; of a Gaussian code the mean is decoded.
    ///
    /// # Shapes
    ///
    /// - patterns: `[batch, 448]`, each cell 0 or 1
    /// - output: `[batch, 448]`, logits
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
        let mut inputs = CELLS;
        let mut hidden = Vec::new();
        for (index, &width) in architecture.encoder.iter().enumerate() {
            hidden.push(linear(weights, &format!("encoder.hidden.{index}"), [inputs, width], device)?);
            inputs = width;
        }
        let mean = linear(weights, "encoder.mean", [inputs, LATENT], device)?;
        let log_variance = match architecture.code {
            Code::Point => None,
            Code::Gaussian => Some(linear(weights, "encoder.log_variance", [inputs, LATENT], device)?),
        };
        Ok(Self { hidden, mean, log_variance })
    }

    /// The encoder's weights by name.
    pub fn weights(&self) -> Weights {
        let mut weights = Weights::default();
        for (index, layer) in self.hidden.iter().enumerate() {
            store_linear(&mut weights, &format!("encoder.hidden.{index}"), layer);
        }
        store_linear(&mut weights, "encoder.mean", &self.mean);
        if let Some(layer) = &self.log_variance {
            store_linear(&mut weights, "encoder.log_variance", layer);
        }
        weights
    }

    /// Patterns to latents.
    ///
    /// # Shapes
    ///
    /// - patterns: `[batch, 448]`, each cell 0 or 1
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
        match &architecture.decoder {
            DecoderShape::Dense(widths) => {
                let mut inputs = LATENT;
                let mut hidden = Vec::new();
                for (index, &width) in widths.iter().enumerate() {
                    let name = format!("decoder.hidden.{index}");
                    hidden.push(linear(weights, &name, [inputs, width], device)?);
                    inputs = width;
                }
                let output = linear(weights, "decoder.output", [inputs, CELLS], device)?;
                Ok(Self::Dense(DenseDecoder { hidden, output }))
            }
            &DecoderShape::Residual { width, blocks } => Ok(Self::Residual(ResidualDecoder {
                input: linear(weights, "decoder.input", [LATENT, width], device)?,
                blocks: (0..blocks)
                    .map(|index| ResidualBlock::from_weights(weights, index, width, device))
                    .collect::<Result<_, _>>()?,
                output: linear(weights, "decoder.output", [width, CELLS], device)?,
            })),
        }
    }

    /// The decoder's weights by name.
    pub fn weights(&self) -> Weights {
        let mut weights = Weights::default();
        match self {
            Self::Dense(dense) => {
                for (index, layer) in dense.hidden.iter().enumerate() {
                    store_linear(&mut weights, &format!("decoder.hidden.{index}"), layer);
                }
                store_linear(&mut weights, "decoder.output", &dense.output);
            }
            Self::Residual(residual) => {
                store_linear(&mut weights, "decoder.input", &residual.input);
                for (index, block) in residual.blocks.iter().enumerate() {
                    let name = format!("decoder.block.{index}");
                    store_norm(&mut weights, &format!("{name}.norm"), &block.norm);
                    store_linear(&mut weights, &format!("{name}.inner"), &block.inner);
                    store_linear(&mut weights, &format!("{name}.outer"), &block.outer);
                }
                store_linear(&mut weights, "decoder.output", &residual.output);
            }
        }
        weights
    }

    /// Latents to logits.
    ///
    /// # Shapes
    ///
    /// - latents: `[batch, 4]`
    /// - output: `[batch, 448]`, logits
    pub fn forward(&self, latents: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Dense(dense) => {
                let h = dense.hidden.iter().fold(latents, |h, layer| relu(layer.forward(h))); // [batch, width]
                dense.output.forward(h) // [batch, 448]
            }
            Self::Residual(residual) => {
                let h = silu(residual.input.forward(latents)); // [batch, width]
                let h = residual.blocks.iter().fold(h, |h, block| block.forward(h)); // [batch, width]
                residual.output.forward(silu(h)) // [batch, 448]
            }
        }
    }
}

impl ResidualBlock {
    fn from_weights(
        weights: &Weights,
        index: usize,
        width: usize,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        let name = format!("decoder.block.{index}");
        Ok(Self {
            norm: layer_norm(weights, &format!("{name}.norm"), width, device)?,
            inner: linear(weights, &format!("{name}.inner"), [width, width], device)?,
            outer: linear(weights, &format!("{name}.outer"), [width, width], device)?,
        })
    }

    /// # Shapes
    ///
    /// - input and output: `[batch, width]`
    fn forward(&self, h: Tensor<2>) -> Tensor<2> {
        let inner = silu(self.inner.forward(self.norm.forward(h.clone())));
        h + self.outer.forward(inner)
    }
}

/// A pattern as a row of a tensor: 1 where there is an onset, cell `step * 14 + instrument`.
pub fn cells_of(pattern: &Pattern) -> [f32; CELLS] {
    let mut cells = [0.0; CELLS];
    for step in 0..STEPS {
        for instrument in 0..INSTRUMENTS {
            cells[step * INSTRUMENTS + instrument] = f32::from(u8::from(pattern.has(step, instrument)));
        }
    }
    cells
}

/// A batch of patterns.
///
/// # Shapes
///
/// - output: `[patterns, 448]`, each cell 0 or 1
pub fn patterns_tensor(patterns: &[Pattern], device: &Device) -> Tensor<2> {
    let cells: Vec<f32> = patterns.iter().flat_map(cells_of).collect();
    Tensor::from_data(TensorData::new(cells, [patterns.len(), CELLS]), device)
}
