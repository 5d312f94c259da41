//! The decoders of a variational autoencoder of bars: a perceptron for all steps at once, and an LSTM step by
//! step, through the whole passage or with a conductor through each bar.

use beat::{CLASSES, PIECES};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Tensor, TensorData};
use nets::ONE_BAR;
use nets::layers::{LayerReader, floats};
use nets::{NamedShape, WeightsFault, linear_arrays};

use super::class_head::ClassHead;
use super::{DecoderKind, VaeConfig};
use crate::layers::lstm::{Lstm, LstmState};

/// The conductor of the hierarchical model: from a latent to an embedding for each bar. An LSTM over the bars,
/// whose inputs are the latent and the bar's number, plus a linear skip layer that is initialised as principal
/// components of bars.
#[derive(Module, Debug)]
pub(super) struct Conductor {
    lstm: Lstm,
    output: Linear,
    skip: Linear,
}

/// Names and shapes of its weights. Model files call the skip layer `straight`.
pub(super) fn conductor_arrays(config: &VaeConfig) -> Vec<NamedShape> {
    let (bars, embedding) = (usize::from(config.bars), usize::from(config.embedding));
    let (latent, width) = (config.latent(), usize::from(config.encoder_width));
    let lstm = Lstm::arrays("conductor.lstm", latent + bars, width);
    let output = linear_arrays("conductor.output", [width, embedding]);
    [lstm, output, linear_arrays("conductor.straight", [latent, bars * embedding])].concat()
}

impl Conductor {
    pub(super) fn read(reader: &mut LayerReader<'_>) -> Result<Self, WeightsFault> {
        Ok(Self { lstm: Lstm::read(reader)?, output: reader.linear()?, skip: reader.linear()? })
    }

    /// The embeddings of all bars.
    ///
    /// # Shapes
    ///
    /// - latents: `[batch, latent]`
    /// - output: `[batch x bars, embedding]`
    pub(super) fn embeddings(&self, latents: Tensor<2>) -> Tensor<2> {
        let ([batch, _], device) = (latents.dims(), latents.device());
        let skip = self.skip.forward(latents.clone()); // [batch, bars x embedding]
        let embedding = self.output.weight.dims()[1];
        let bars = skip.dims()[1] / embedding.max(1);
        let one_hot = |bar: usize| {
            let row = (0..batch * bars).map(|index| f32::from(u8::from(index % bars == bar)));
            Tensor::from_data(TensorData::new(row.collect::<Vec<f32>>(), [batch, bars]), &device)
        };
        let inputs = (0..bars).map(|bar| Tensor::cat(vec![latents.clone(), one_hot(bar)], 1)).collect();
        let (outputs, _) = self.lstm.forward(inputs, LstmState::start(batch, self.lstm.width(), &device));
        let width = self.lstm.width();
        let outputs = Tensor::cat(outputs, 1).reshape([batch * bars, width]); // from [batch, bars x width]
        self.output.forward(outputs) + skip.reshape([batch * bars, embedding])
    }
}

/// The perceptron decoder, from a latent to all steps at once: a linear skip layer to the pieces' logits,
/// initialised as principal components, plus hidden layers.
#[derive(Module, Debug)]
pub(super) struct DensePassageDecoder {
    skip: Linear,
    first: Linear,
    inner: Linear,
    output: Linear,
    joint: Linear,
}

/// Names and shapes of its weights. Model files call the skip layer `straight` and the first one `seen`.
pub(super) fn dense_arrays(config: &VaeConfig) -> Vec<NamedShape> {
    let (cells, width, latent) = (config.cells(), usize::from(config.decoder_width), config.latent());
    let layers = [
        ("decoder.straight", [latent, cells]),
        ("decoder.seen", [latent, width]),
        ("decoder.inner", [width, width]),
        ("decoder.output", [width, cells]),
        ("decoder.joint", [PIECES, usize::from(config.joint)]),
    ];
    layers.into_iter().flat_map(|(name, sizes)| linear_arrays(name, sizes)).collect()
}

impl DensePassageDecoder {
    pub(super) fn read(reader: &mut LayerReader<'_>) -> Result<Self, WeightsFault> {
        let mut next = || reader.linear();
        Ok(Self { skip: next()?, first: next()?, inner: next()?, output: next()?, joint: next()? })
    }

    /// The decoder outputs of every step: its pieces' logits, and joint features computed from all nine.
    ///
    /// # Shapes
    ///
    /// - latents: `[batch, latent]`
    /// - output: `[batch x steps, 9 + joint]`
    pub(super) fn forward(&self, latents: Tensor<2>) -> Tensor<2> {
        let h = relu(self.first.forward(latents.clone())); // [batch, width]
        let h = relu(self.inner.forward(h)); // [batch, width]
        let cells = self.skip.forward(latents) + self.output.forward(h); // [batch, cells]
        let [batch, count] = cells.dims();
        let pieces = cells.reshape([batch * count / PIECES, PIECES]); // [batch x steps, 9]
        let joint = relu(self.joint.forward(pieces.clone())); // [batch x steps, joint]
        Tensor::cat(vec![pieces, joint], 1)
    }
}

/// An LSTM that decodes step by step, with the same embedding as input at every step.
#[derive(Module, Debug)]
pub(crate) struct StepDecoder {
    /// Its inputs are the previous step, the position in the row, and the embedding.
    pub(crate) lstm: Lstm,
    /// From its hidden state to the decoder outputs: nine pieces and the joint features.
    pub(crate) output: Linear,
}

/// The rows of a step decoder: passages of the flat model, single bars of the hierarchical one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StepLayout {
    /// Bars of a row; the LSTM starts each row from the zero state.
    pub(crate) bars: usize,
    /// Width of the embedding that is input at each step.
    pub(crate) embedding: usize,
}

impl StepLayout {
    /// The layout of a recurrent model.
    pub(crate) fn of(config: &VaeConfig) -> Self {
        match config.decoder {
            DecoderKind::Hierarchical => Self { bars: 1, embedding: usize::from(config.embedding) },
            _ => Self { bars: usize::from(config.bars), embedding: config.latent() },
        }
    }

    /// Steps of a row.
    pub(crate) fn steps(&self) -> usize {
        self.bars * ONE_BAR
    }

    /// Number of inputs for the previous step and the position in the row.
    pub(crate) fn inputs(&self) -> usize {
        PIECES + 1 + ONE_BAR + self.bars
    }

    /// Calls `on` with each of them that is 1 for step `step` after the class `past`; `None` hides it.
    pub(crate) fn encode_step(&self, step: usize, past: Option<u16>, mut on: impl FnMut(usize)) {
        match past {
            Some(class) => (0..PIECES).filter(|piece| class >> piece & 1 == 1).for_each(&mut on),
            None => on(PIECES),
        }
        on(PIECES + 1 + step % ONE_BAR);
        on(PIECES + 1 + ONE_BAR + step / ONE_BAR);
    }
}

/// Names and shapes of its weights.
pub(super) fn step_arrays(config: &VaeConfig) -> Vec<NamedShape> {
    let (rows, width) = (StepLayout::of(config), usize::from(config.decoder_width));
    let lstm = Lstm::arrays("decoder.lstm", rows.inputs() + rows.embedding, width);
    [lstm, linear_arrays("decoder.output", [width, PIECES + usize::from(config.joint)])].concat()
}

impl StepDecoder {
    pub(super) fn read(reader: &mut LayerReader<'_>) -> Result<Self, WeightsFault> {
        Ok(Self { lstm: Lstm::read(reader)?, output: reader.linear()? })
    }

    /// Decodes a row of classes for each embedding; the result is one row after another. Each step's input is the
    /// previous step of `given` (teacher forcing), or the one that `choose` returned where there is none.
    ///
    /// # Shapes
    ///
    /// - embeddings: `[rows, embedding]`
    /// - given: `[rows x steps]`
    pub(super) fn decode(
        &self,
        rows: &StepLayout,
        classes: &ClassHead,
        embeddings: Tensor<2>,
        given: Option<&[u16]>,
        choose: &mut dyn FnMut(&[f32]) -> u16,
    ) -> Vec<u16> {
        let count = embeddings.dims()[0];
        let (steps, width) = (rows.steps(), rows.inputs());
        let mut decoded = vec![0; count * steps];
        let mut state = LstmState::start(count, self.lstm.width(), &embeddings.device());
        for step in 0..steps {
            let mut features = vec![0.0; count * width];
            for row in 0..count {
                let previous = given.unwrap_or(&decoded);
                let past = (step > 0).then(|| previous.get(row * steps + step - 1).copied().unwrap_or(0));
                rows.encode_step(step, past, |input| features[row * width + input] = 1.0);
            }
            let features = Tensor::from_data(TensorData::new(features, [count, width]), &embeddings.device());
            state = self.lstm.step(Tensor::cat(vec![features, embeddings.clone()], 1), state);
            let logits = floats(classes.logits(self.output.forward(state.hidden.clone()))); // [rows, 512]
            for (row, logits) in logits.chunks_exact(CLASSES).enumerate() {
                decoded[row * steps + step] = choose(logits);
            }
        }
        decoded
    }
}
