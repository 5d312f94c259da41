//! A variational autoencoder of bars as a burn module, for training, encoding and generating.

use beat::{CLASSES, PIECES};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use nets::layers::{LayerReader, floats};
use nets::{Weights, WeightsFault};

use super::class_head::ClassHead;
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
    /// The network of these weights. Fresh ones: [`VaeConfig::initial_weights`].
    ///
    /// # Errors
    ///
    /// A weight is missing, has the wrong shape, or is not finite.
    pub(crate) fn from_weights(
        config: &VaeConfig,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsFault> {
        let mut reader = LayerReader::new(weights, config.trained_arrays(), device);
        Ok(Self {
            encoder: PassageEncoder::read(config, &mut reader)?,
            decoder: match config.decoder {
                DecoderKind::Mlp => PassageDecoder::Mlp(DensePassageDecoder::read(&mut reader)?),
                DecoderKind::Flat => PassageDecoder::Flat(StepDecoder::read(&mut reader)?),
                DecoderKind::Hierarchical => PassageDecoder::Hierarchical(HierarchicalDecoder {
                    conductor: Conductor::read(&mut reader)?,
                    bars: StepDecoder::read(&mut reader)?,
                }),
            },
            classes: ClassHead::read(&mut reader)?,
        })
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

/// The class of the highest logit, the last of several.
pub(super) fn most_probable(logits: &[f32]) -> u16 {
    let best = logits.iter().enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other));
    best.map_or(0, |(class, _)| class as u16)
}

/// A class drawn from the softmax of `logits / temperature`, computed in f64; `uniform` is within 0..1, the
/// temperature above 0.
pub(super) fn sample_class(logits: &[f32], temperature: f32, uniform: f32) -> u16 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |logit: &f32| f64::from((logit - highest) / temperature).exp();
    let mut left = f64::from(uniform) * logits.iter().map(weight).sum::<f64>();
    for (class, logit) in logits.iter().enumerate() {
        left -= weight(logit);
        if left < 0.0 {
            return class as u16;
        }
    }
    most_probable(logits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_drawn_as_often_as_it_is_likely() {
        let logits: Vec<f32> = [0.1_f32, 0.6, 0.3].iter().map(|share| share.ln()).collect();
        let mut counts = [0; 3];
        (0..1000).for_each(|k| counts[usize::from(sample_class(&logits, 1.0, k as f32 / 1000.0))] += 1);
        assert!(counts.iter().zip([100_i32, 600, 300]).all(|(found, meant)| (found - meant).abs() <= 2));
        assert_eq!(sample_class(&logits, 0.01, 0.999), 1, "at a low temperature only the likeliest is left");
    }
}
