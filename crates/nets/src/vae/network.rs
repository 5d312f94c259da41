//! A variational autoencoder of bars, whole: what the lab trains, and what encodes and plays.

use beat::{CLASSES, PIECES};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::classes::ClassReadout;
use super::conductor::Conductor;
use super::dense::DenseDecoder;
use super::encoder::Encoder;
use super::recurrent::{StepDecoder, StepRows};
use super::{Posterior, VaeDecoder, VaeShape};
use crate::layers::floats;
use crate::{Weights, WeightsFault};

/// Bars to latents and back.
#[derive(Module, Debug)]
pub struct SequenceVae {
    encoder: Encoder,
    decoder: Decoder,
    classes: ClassReadout,
}

/// Latents to what is said of each step.
#[derive(Module, Debug)]
enum Decoder {
    Mlp(DenseDecoder),
    Flat(StepDecoder),
    Hierarchical(Conducted),
}

#[derive(Module, Debug)]
struct Conducted {
    conductor: Conductor,
    bars: StepDecoder,
}

/// How a network's decoder is gone through.
#[derive(Debug)]
pub enum Unrolling<'a> {
    /// All steps at once: what is said of each, `[batch x steps, 9 + joint]`.
    AtOnce(Tensor<2>),
    /// Step after step.
    Stepwise {
        /// What plays.
        decoder: &'a StepDecoder,
        /// What each row is fed, `[rows, embedding]`.
        embeddings: Tensor<2>,
    },
}

/// What a decoder takes for what was played before each step.
#[derive(Clone, Copy, Debug)]
pub enum History<'a> {
    /// What it chose itself: free running.
    Own,
    /// These classes, one row for each latent: teacher forcing.
    Given(&'a [Vec<u16>]),
}

impl SequenceVae {
    /// The network of these weights. Fresh ones: `Weights::initial(&shape.trained_arrays(), seed)`.
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub fn from_weights(shape: &VaeShape, weights: &Weights, device: &Device) -> Result<Self, WeightsFault> {
        Ok(Self {
            encoder: Encoder::from_weights(shape, weights, device)?,
            decoder: match shape.decoder {
                VaeDecoder::Mlp => Decoder::Mlp(DenseDecoder::from_weights(shape, weights, device)?),
                VaeDecoder::Flat => Decoder::Flat(StepDecoder::from_weights(shape, weights, device)?),
                VaeDecoder::Hierarchical => Decoder::Hierarchical(Conducted {
                    conductor: Conductor::from_weights(shape, weights, device)?,
                    bars: StepDecoder::from_weights(shape, weights, device)?,
                }),
            },
            classes: ClassReadout::from_weights(shape, weights, device)?,
        })
    }

    /// Its weights, under the names of [`VaeShape::trained_arrays`].
    pub fn weights(&self, shape: &VaeShape) -> Weights {
        let mut weights = Weights::default();
        self.encoder.keep(&mut weights);
        match &self.decoder {
            Decoder::Mlp(decoder) => decoder.keep(shape, &mut weights),
            Decoder::Flat(decoder) => decoder.keep(&mut weights),
            Decoder::Hierarchical(Conducted { conductor, bars }) => {
                conductor.keep(&mut weights);
                bars.keep(&mut weights);
            }
        }
        self.classes.keep(&mut weights);
        weights
    }

    /// Where bars lie among the latents.
    ///
    /// # Shapes
    ///
    /// - bars: `[batch, cells]`, as [`Self::cells_of`] gives them
    pub fn encode(&self, bars: Tensor<2>) -> Posterior {
        self.encoder.forward(bars)
    }

    /// What turns what is said of a step into classes.
    pub fn classes(&self) -> &ClassReadout {
        &self.classes
    }

    /// How the steps of latents come about.
    ///
    /// # Shapes
    ///
    /// - latents: `[batch, latent]`
    pub fn unrolling(&self, latents: Tensor<2>) -> Unrolling<'_> {
        match &self.decoder {
            Decoder::Mlp(decoder) => Unrolling::AtOnce(decoder.said(latents)),
            Decoder::Flat(decoder) => Unrolling::Stepwise { decoder, embeddings: latents },
            Decoder::Hierarchical(Conducted { conductor, bars }) => {
                Unrolling::Stepwise { decoder: bars, embeddings: conductor.embeddings(latents) }
            }
        }
    }

    /// Plays latents, a row of classes for each. `choose` names a step's class from the logits of all of
    /// them; it is asked in the order of time, except that the bars of a hierarchical model go abreast.
    ///
    /// # Shapes
    ///
    /// - latents: `[batch, latent]`
    pub fn play(
        &self,
        shape: &VaeShape,
        latents: Tensor<2>,
        history: History,
        choose: &mut dyn FnMut(&[f32]) -> u16,
    ) -> Vec<Vec<u16>> {
        let played: Vec<u16> = match self.unrolling(latents) {
            Unrolling::AtOnce(said) => {
                floats(self.classes.logits(said)).chunks_exact(CLASSES).map(choose).collect()
            }
            Unrolling::Stepwise { decoder, embeddings } => {
                let given = match history {
                    History::Own => None,
                    History::Given(rows) => Some(rows.concat()),
                };
                let rows = StepRows::of(shape);
                decoder.play(&rows, &self.classes, embeddings, given.as_deref(), choose)
            }
        };
        played.chunks(shape.steps().max(1)).map(<[u16]>::to_vec).collect()
    }

    /// Rows of classes as cells.
    ///
    /// # Shapes
    ///
    /// - output: `[rows, 9 x steps]`, cell `9 t + p` is 1 where piece `p` is hit on step `t`
    pub fn cells_of(rows: &[&[u16]], device: &Device) -> Tensor<2> {
        let count = rows.first().map_or(0, |row| row.len() * PIECES);
        let hit = |class: &u16| {
            let class = *class;
            (0..PIECES).map(move |piece| f32::from(class >> piece & 1))
        };
        let cells: Vec<f32> = rows.iter().flat_map(|row| row.iter().flat_map(hit)).collect();
        Tensor::from_data(TensorData::new(cells, [rows.len(), count]), device)
    }
}
