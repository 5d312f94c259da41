//! A variational autoencoder of bars as a burn module, for training, encoding and generating.

use beat::{CLASSES, PIECES};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use nets::layers::{array, floats, parameter};
use nets::{Weights, WeightsFault};

use super::decoders::{Conductor, DensePassageDecoder, StepDecoder, StepLayout};
use super::encoder::{PassageEncoder, Posterior};
use super::{DecoderKind, VaeConfig};

/// Passages to latents and back.
#[derive(Module, Debug)]
pub(crate) struct SequenceVae {
    encoder: PassageEncoder,
    decoder: PassageDecoder,
    classes: ClassHead,
}

/// From latents to the decoder outputs of each step.
#[derive(Module, Debug)]
enum PassageDecoder {
    Mlp(DensePassageDecoder),
    Flat(StepDecoder),
    Hierarchical(HierarchicalDecoder),
}

#[derive(Module, Debug)]
struct HierarchicalDecoder {
    conductor: Conductor,
    bars: StepDecoder,
}

/// How the steps of some latents are decoded.
#[derive(Debug)]
pub(crate) enum Unrolling<'a> {
    /// All steps at once, with the decoder outputs of each: `[batch x steps, 9 + joint]`.
    AtOnce(Tensor<2>),
    /// Step after step.
    Stepwise {
        /// The recurrent decoder.
        decoder: &'a StepDecoder,
        /// Its input at every step of a row, `[rows, embedding]`.
        embeddings: Tensor<2>,
    },
}

/// Which previous steps a recurrent decoder gets as inputs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum History<'a> {
    /// Those that it decoded itself: free running.
    Own,
    /// These classes, one row for each latent: teacher forcing.
    Given(&'a [Vec<u16>]),
}

impl SequenceVae {
    /// The network of these weights. Fresh ones: `Weights::initial(&config.trained_arrays(), seed)`.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub(crate) fn from_weights(
        config: &VaeConfig,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        Ok(Self {
            encoder: PassageEncoder::from_weights(config, weights, device)?,
            decoder: match config.decoder {
                DecoderKind::Mlp => {
                    PassageDecoder::Mlp(DensePassageDecoder::from_weights(config, weights, device)?)
                }
                DecoderKind::Flat => {
                    PassageDecoder::Flat(StepDecoder::from_weights(config, weights, device)?)
                }
                DecoderKind::Hierarchical => PassageDecoder::Hierarchical(HierarchicalDecoder {
                    conductor: Conductor::from_weights(config, weights, device)?,
                    bars: StepDecoder::from_weights(config, weights, device)?,
                }),
            },
            classes: ClassHead::from_weights(config, weights, device)?,
        })
    }

    /// Its weights, under the names of [`VaeConfig::trained_arrays`].
    pub(crate) fn weights(&self, config: &VaeConfig) -> Weights {
        let mut weights = Weights::default();
        self.encoder.store(&mut weights);
        match &self.decoder {
            PassageDecoder::Mlp(decoder) => decoder.store(config, &mut weights),
            PassageDecoder::Flat(decoder) => decoder.store(&mut weights),
            PassageDecoder::Hierarchical(HierarchicalDecoder { conductor, bars }) => {
                conductor.store(&mut weights);
                bars.store(&mut weights);
            }
        }
        self.classes.store(&mut weights);
        weights
    }

    /// The distribution of the latent of each passage.
    ///
    /// # Shapes
    ///
    /// - bars: `[batch, cells]`, as [`Self::cells_of`] gives them
    pub(crate) fn encode(&self, bars: Tensor<2>) -> Posterior {
        self.encoder.forward(bars)
    }

    /// The output head, from decoder outputs to logits of classes.
    pub(crate) fn classes(&self) -> &ClassHead {
        &self.classes
    }

    /// Runs the decoder up to its recurrent part, if it has one.
    ///
    /// # Shapes
    ///
    /// - latents: `[batch, latent]`
    pub(crate) fn unrolling(&self, latents: Tensor<2>) -> Unrolling<'_> {
        match &self.decoder {
            PassageDecoder::Mlp(decoder) => Unrolling::AtOnce(decoder.forward(latents)),
            PassageDecoder::Flat(decoder) => Unrolling::Stepwise { decoder, embeddings: latents },
            PassageDecoder::Hierarchical(HierarchicalDecoder { conductor, bars }) => {
                Unrolling::Stepwise { decoder: bars, embeddings: conductor.embeddings(latents) }
            }
        }
    }

    /// Decodes latents, a row of classes for each. `choose` returns the class of a step, given the logits of all
    /// classes; it is called step by step, over all latents, and over all bars of a hierarchical model, in parallel.
    ///
    /// # Shapes
    ///
    /// - latents: `[batch, latent]`
    pub(crate) fn decode(
        &self,
        config: &VaeConfig,
        latents: Tensor<2>,
        history: History,
        choose: &mut dyn FnMut(&[f32]) -> u16,
    ) -> Vec<Vec<u16>> {
        let decoded: Vec<u16> = match self.unrolling(latents) {
            Unrolling::AtOnce(outputs) => {
                floats(self.classes.logits(outputs)).chunks_exact(CLASSES).map(choose).collect()
            }
            Unrolling::Stepwise { decoder, embeddings } => {
                let given = match history {
                    History::Own => None,
                    History::Given(rows) => Some(rows.concat()),
                };
                let rows = StepLayout::of(config);
                decoder.decode(&rows, &self.classes, embeddings, given.as_deref(), choose)
            }
        };
        decoded.chunks(config.steps().max(1)).map(<[u16]>::to_vec).collect()
    }

    /// Rows of classes as cells.
    ///
    /// # Shapes
    ///
    /// - output: `[rows, 9 x steps]`, cell `9 t + p` is 1 where piece `p` is hit on step `t`
    pub(crate) fn cells_of(rows: &[&[u16]], device: &Device) -> Tensor<2> {
        let count = rows.first().map_or(0, |row| row.len() * PIECES);
        let hit = |class: &u16| {
            let class = *class;
            (0..PIECES).map(move |piece| f32::from(class >> piece & 1))
        };
        let cells: Vec<f32> = rows.iter().flat_map(|row| row.iter().flat_map(hit)).collect();
        Tensor::from_data(TensorData::new(cells, [rows.len(), count]), device)
    }
}

const JOINT: &str = "classes.joint.weight";
const BIAS: &str = "classes.bias";

/// The last layer of every decoder. The logit of a class is the sum of the logits of its pieces, a linear function
/// of the joint features, and a bias.
#[derive(Module, Debug)]
pub(crate) struct ClassHead {
    joint: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

pub(super) fn class_arrays(config: &VaeConfig) -> [(String, Vec<usize>); 2] {
    [(JOINT.to_owned(), vec![usize::from(config.joint), CLASSES]), (BIAS.to_owned(), vec![CLASSES])]
}

impl ClassHead {
    pub(super) fn from_weights(
        config: &VaeConfig,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        Ok(Self {
            joint: parameter(weights.checked(JOINT, &[usize::from(config.joint), CLASSES])?, device),
            bias: parameter(weights.checked(BIAS, &[CLASSES])?, device),
        })
    }

    pub(super) fn store(&self, weights: &mut Weights) {
        weights.insert(JOINT, array(&self.joint));
        weights.insert(BIAS, array(&self.bias));
    }

    /// The matrix from decoder outputs to logits: constant rows of 0 and 1 for the pieces of each class, then the
    /// trained rows of the joint features.
    ///
    /// # Shapes
    ///
    /// - output: `[9 + joint, 512]`
    pub(crate) fn matrix(&self) -> Tensor<2> {
        let joint = self.joint.val();
        let cell = |index: usize| f32::from(u8::from((index % CLASSES) >> (index / CLASSES) & 1 == 1));
        let pieces: Vec<f32> = (0..PIECES * CLASSES).map(cell).collect();
        let pieces = Tensor::from_data(TensorData::new(pieces, [PIECES, CLASSES]), &joint.device());
        Tensor::cat(vec![pieces, joint], 0) // [9, 512] and [joint, 512] to [9 + joint, 512]
    }

    /// The bias of each class.
    ///
    /// # Shapes
    ///
    /// - output: `[512]`
    pub(crate) fn bias(&self) -> Tensor<1> {
        self.bias.val()
    }

    /// The logits of every class.
    ///
    /// # Shapes
    ///
    /// - outputs: `[steps, 9 + joint]`
    /// - output: `[steps, 512]`, logits
    pub(crate) fn logits(&self, outputs: Tensor<2>) -> Tensor<2> {
        outputs.matmul(self.matrix()) + self.bias().unsqueeze()
    }
}
