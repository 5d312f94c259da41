//! Bars to the normal that their latent is drawn from.
//!
//! A linear way straight from the cells, which training starts as principal components, and beside it what
//! is not linear: a perceptron over all bars, or for the hierarchical model one for each bar and two LSTMs
//! over the bars, one forwards and one backwards.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::{BAR_CELLS, Posterior, VaeDecoder, VaeShape};
use crate::layers::{keep_linear, linear};
use crate::{Lstm, LstmState, Weights, WeightsFault};

/// Names of the LSTMs over the bars.
const WAYS: [&str; 2] = ["encoder.forwards", "encoder.backwards"];

/// Bars to latents.
#[derive(Module, Debug)]
pub(super) struct Encoder {
    straight: Linear,
    /// The cells of all bars, or of one, to a hidden layer.
    seen: Linear,
    inner: Inner,
    output: Linear,
}

#[derive(Module, Debug)]
enum Inner {
    Dense(Linear),
    BothWays(Vec<Lstm>),
}

/// Sizes of its layers, by name.
pub(super) fn layers(shape: &VaeShape) -> Vec<(String, [usize; 2])> {
    let (width, latent) = (usize::from(shape.encoder_width), shape.latent());
    let named = |(name, sizes): (&str, [usize; 2])| (format!("encoder.{name}"), sizes);
    let straight = ("straight", [shape.cells(), latent]);
    match shape.decoder {
        VaeDecoder::Hierarchical => {
            vec![straight, ("seen", [BAR_CELLS, width]), ("output", [2 * width, 2 * latent])]
        }
        _ => vec![
            straight,
            ("seen", [shape.cells(), width]),
            ("output", [width, 2 * latent]),
            ("inner", [width, width]),
        ],
    }
    .into_iter()
    .map(named)
    .collect()
}

/// Names and shapes of its LSTMs' weights.
pub(super) fn lstms(shape: &VaeShape) -> Vec<(String, Vec<usize>)> {
    let width = usize::from(shape.encoder_width);
    match shape.decoder {
        VaeDecoder::Hierarchical => WAYS.iter().flat_map(|name| Lstm::arrays(name, width, width)).collect(),
        _ => Vec::new(),
    }
}

impl Encoder {
    pub(super) fn from_weights(
        shape: &VaeShape,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        let width = usize::from(shape.encoder_width);
        let mut layers = layers(shape).into_iter().map(|(name, sizes)| linear(weights, &name, sizes, device));
        // PANIC: `layers` names three, and a fourth for what is dense.
        let mut next = || layers.next().expect("a layer");
        let (straight, seen, output) = (next()?, next()?, next()?);
        let inner = match shape.decoder {
            VaeDecoder::Hierarchical => {
                let lstm = |name: &&str| Lstm::from_weights(weights, name, width, width, device);
                Inner::BothWays(WAYS.iter().map(lstm).collect::<Result<_, _>>()?)
            }
            _ => Inner::Dense(next()?),
        };
        Ok(Self { straight, seen, inner, output })
    }

    pub(super) fn keep(&self, weights: &mut Weights) {
        keep_linear(weights, "encoder.straight", &self.straight);
        keep_linear(weights, "encoder.seen", &self.seen);
        keep_linear(weights, "encoder.output", &self.output);
        match &self.inner {
            Inner::Dense(layer) => keep_linear(weights, "encoder.inner", layer),
            Inner::BothWays(lstms) => {
                WAYS.iter().zip(lstms).for_each(|(name, lstm)| lstm.keep(weights, name))
            }
        }
    }

    /// # Shapes
    ///
    /// - bars: `[batch, cells]`, each 0 or 1
    pub(super) fn forward(&self, bars: Tensor<2>) -> Posterior {
        let output = match &self.inner {
            Inner::Dense(inner) => relu(inner.forward(relu(self.seen.forward(bars.clone())))),
            Inner::BothWays(lstms) => self.both_ways(lstms, bars.clone()),
        };
        let output = self.output.forward(output); // [batch, 2 latent]
        let latent = output.dims()[1] / 2;
        let added = output.clone().narrow(1, 0, latent); // [batch, latent]
        Posterior {
            mean: self.straight.forward(bars) + added,
            log_variance: output.narrow(1, latent, latent),
        }
    }

    /// What both LSTMs say at their ends, `[batch, 2 width]`.
    fn both_ways(&self, lstms: &[Lstm], bars: Tensor<2>) -> Tensor<2> {
        let [batch, cells] = bars.dims();
        let bar = |number: usize| bars.clone().narrow(1, number * BAR_CELLS, BAR_CELLS); // [batch, 144]
        let mut heard: Vec<Tensor<2>> =
            (0..cells / BAR_CELLS).map(|number| relu(self.seen.forward(bar(number)))).collect();
        let mut ends = Vec::with_capacity(lstms.len());
        for lstm in lstms {
            let start = LstmState::start(batch, lstm.width(), &bars.device());
            ends.push(lstm.forward(heard.clone(), start).1.hidden); // [batch, width]
            heard.reverse();
        }
        Tensor::cat(ends, 1)
    }
}
