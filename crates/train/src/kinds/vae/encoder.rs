//! The encoder of a variational autoencoder of bars: passages to the normal distribution of their latent.
//!
//! A linear skip layer from the cells, initialised as principal components, plus a nonlinear part: a perceptron
//! over all bars, or for the hierarchical model one perceptron for each bar and a bidirectional LSTM over the
//! bars.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use nets::layers::LayerReader;
use nets::{Array, NamedShape, Weights, WeightsFault, linear_arrays};

use super::{BAR_CELLS, DecoderKind, VaeConfig};
use crate::layers::lstm::{Lstm, LstmState};

/// Names of the LSTMs over the bars.
const DIRECTIONS: [&str; 2] = ["encoder.forwards", "encoder.backwards"];

/// Passages to distributions of latents.
#[derive(Module, Debug)]
pub(super) struct PassageEncoder {
    skip: Linear,
    /// From the cells of all bars, or of one, to the hidden layer.
    first: Linear,
    output: Linear,
    inner: InnerLayers,
}

#[derive(Module, Debug)]
enum InnerLayers {
    Dense(Linear),
    Bidirectional(Vec<Lstm>),
}

/// Names and shapes of its weights. Model files call the skip layer `straight` and the first one `seen`.
pub(super) fn arrays(config: &VaeConfig) -> Vec<NamedShape> {
    let (width, latent) = (usize::from(config.encoder_width), config.latent());
    let (read, last) = match config.decoder {
        DecoderKind::Hierarchical => (BAR_CELLS, 2 * width),
        _ => (config.cells(), width),
    };
    let skip = linear_arrays("encoder.straight", [config.cells(), latent]);
    let first = linear_arrays("encoder.seen", [read, width]);
    let mut arrays = [skip, first, linear_arrays("encoder.output", [last, 2 * latent])].concat();
    match config.decoder {
        DecoderKind::Hierarchical => {
            arrays.extend(DIRECTIONS.iter().flat_map(|name| Lstm::arrays(name, width, width)));
        }
        _ => arrays.extend(linear_arrays("encoder.inner", [width, width])),
    }
    arrays
}

impl PassageEncoder {
    pub(super) fn read(config: &VaeConfig, reader: &mut LayerReader<'_>) -> Result<Self, WeightsFault> {
        Ok(Self {
            skip: reader.linear()?,
            first: reader.linear()?,
            output: reader.linear()?,
            inner: match config.decoder {
                DecoderKind::Hierarchical => {
                    InnerLayers::Bidirectional(vec![Lstm::read(reader)?, Lstm::read(reader)?])
                }
                _ => InnerLayers::Dense(reader.linear()?),
            },
        })
    }

    /// The distribution of the latent of each passage.
    ///
    /// # Shapes
    ///
    /// - bars: `[batch, cells]`, each 0 or 1
    pub(super) fn forward(&self, bars: Tensor<2>) -> Posterior {
        let output = match &self.inner {
            InnerLayers::Dense(inner) => relu(inner.forward(relu(self.first.forward(bars.clone())))),
            InnerLayers::Bidirectional(lstms) => self.bidirectional(lstms, bars.clone()),
        };
        let output = self.output.forward(output); // [batch, 2 latent]
        let latent = output.dims()[1] / 2;
        let added = output.clone().narrow(1, 0, latent); // [batch, latent]
        Posterior { mean: self.skip.forward(bars) + added, log_variance: output.narrow(1, latent, latent) }
    }

    /// The final hidden states of both LSTMs, `[batch, 2 width]`.
    fn bidirectional(&self, lstms: &[Lstm], bars: Tensor<2>) -> Tensor<2> {
        let [batch, cells] = bars.dims();
        let bar = |number: usize| bars.clone().narrow(1, number * BAR_CELLS, BAR_CELLS); // [batch, 144]
        let mut inputs: Vec<Tensor<2>> =
            (0..cells / BAR_CELLS).map(|number| relu(self.first.forward(bar(number)))).collect();
        let mut ends = Vec::with_capacity(lstms.len());
        for lstm in lstms {
            let start = LstmState::start(batch, lstm.width(), &bars.device());
            ends.push(lstm.forward(inputs.clone(), start).1.hidden); // [batch, width]
            inputs.reverse();
        }
        Tensor::cat(ends, 1)
    }
}

const MEAN: &str = "latents.mean";
const DEVIATION: &str = "latents.deviation";

/// The encoder's output: a normal distribution over latents for each passage.
#[derive(Clone, Debug)]
pub(crate) struct Posterior {
    /// `[batch, latent]`
    pub(crate) mean: Tensor<2>,
    /// `[batch, latent]`: the logarithm of the variance.
    pub(crate) log_variance: Tensor<2>,
}

impl Posterior {
    /// The Kullback-Leibler divergence of each from the standard normal, in nats.
    ///
    /// # Shapes
    ///
    /// - output: `[batch]`
    pub(crate) fn divergence(&self) -> Tensor<1> {
        let Self { mean, log_variance } = self.clone();
        let nats = mean.square() + log_variance.clone().exp() - log_variance - 1.0; // [batch, latent]
        nats.sum_dim(1).squeeze_dim::<1>(1) * 0.5
    }
}

/// Mean and standard deviation of the latents of the training songs, by dimension. Bars without a prime are
/// decoded from latents with this distribution: with free bits it is not the standard normal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LatentSpread {
    /// The mean of each dimension.
    pub(crate) mean: Vec<f32>,
    /// The standard deviation of each dimension.
    pub(crate) deviation: Vec<f32>,
}

impl LatentSpread {
    /// The spread among a model's weights.
    pub(crate) fn of(weights: &Weights, latent: usize) -> Result<Self, WeightsFault> {
        let values = |name| weights.checked(name, &[latent]).map(|array| array.values.clone());
        Ok(Self { mean: values(MEAN)?, deviation: values(DEVIATION)? })
    }

    /// Stores it among a model's weights.
    pub(crate) fn store(self, weights: &mut Weights) {
        for (name, values) in [(MEAN, self.mean), (DEVIATION, self.deviation)] {
            weights.insert(name, Array { shape: vec![values.len()], values });
        }
    }
}
