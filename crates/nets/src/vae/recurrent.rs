//! An LSTM that plays step after step, fed the same embedding at each of them: through a whole passage for
//! the flat model, through one bar for the hierarchical one, which starts it anew at every bar.

use beat::{CLASSES, PIECES, STEPS_PER_BAR};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Tensor, TensorData};

use super::classes::ClassReadout;
use super::{VaeDecoder, VaeShape};
use crate::layers::{floats, keep_linear, linear};
use crate::{Lstm, LstmState, Weights, WeightsFault};

const LSTM: &str = "decoder.lstm";
const OUTPUT: &str = "decoder.output";

/// The LSTM and what it says.
#[derive(Module, Debug)]
pub struct StepDecoder {
    /// Hears what was played, the place in the passage, and the embedding.
    pub lstm: Lstm,
    /// From what it says to nine pieces and what speaks for whole classes.
    pub output: Linear,
}

/// How the steps of a decoder's rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepRows {
    /// How many bars a row has before the LSTM starts anew.
    pub bars: usize,
    /// How many numbers it is fed at each step beside what was played.
    pub embedding: usize,
}

impl StepRows {
    /// Those of a recurrent model.
    pub fn of(shape: &VaeShape) -> Self {
        match shape.decoder {
            VaeDecoder::Hierarchical => Self { bars: 1, embedding: usize::from(shape.embedding) },
            _ => Self { bars: usize::from(shape.bars), embedding: shape.latent() },
        }
    }

    /// Steps of a row.
    pub fn steps(&self) -> usize {
        self.bars * STEPS_PER_BAR
    }

    /// How many inputs say what was played and where in the row it is.
    pub fn seen(&self) -> usize {
        PIECES + 1 + STEPS_PER_BAR + self.bars
    }

    /// Calls `on` with each of them that is 1, for step `step` behind `past`; `None` where that is not to be
    /// known.
    pub fn see(&self, step: usize, past: Option<u16>, mut on: impl FnMut(usize)) {
        match past {
            Some(class) => (0..PIECES).filter(|piece| class >> piece & 1 == 1).for_each(&mut on),
            None => on(PIECES),
        }
        on(PIECES + 1 + step % STEPS_PER_BAR);
        on(PIECES + 1 + STEPS_PER_BAR + step / STEPS_PER_BAR);
    }
}

/// The sizes of the layer that speaks, and the names and shapes of the LSTM's weights.
pub(super) fn layers(shape: &VaeShape) -> Vec<(String, [usize; 2])> {
    let said = PIECES + usize::from(shape.joint);
    vec![(OUTPUT.to_owned(), [usize::from(shape.decoder_width), said])]
}

pub(super) fn lstms(shape: &VaeShape) -> Vec<(String, Vec<usize>)> {
    let rows = StepRows::of(shape);
    Lstm::arrays(LSTM, rows.seen() + rows.embedding, usize::from(shape.decoder_width)).to_vec()
}

impl StepDecoder {
    pub(super) fn from_weights(
        shape: &VaeShape,
        weights: &Weights,
        device: &burn::tensor::Device,
    ) -> Result<Self, WeightsFault> {
        let (rows, width) = (StepRows::of(shape), usize::from(shape.decoder_width));
        let said = PIECES + usize::from(shape.joint);
        Ok(Self {
            lstm: Lstm::from_weights(weights, LSTM, rows.seen() + rows.embedding, width, device)?,
            output: linear(weights, OUTPUT, [width, said], device)?,
        })
    }

    pub(super) fn keep(&self, weights: &mut Weights) {
        self.lstm.keep(weights, LSTM);
        keep_linear(weights, OUTPUT, &self.output);
    }

    /// Plays a row for each embedding, hearing at each step `given` of the steps before it, or what it
    /// chose itself where there is none.
    ///
    /// # Shapes
    ///
    /// - embeddings: `[rows, embedding]`
    /// - given: a row after another, as long as what is played
    pub(super) fn play(
        &self,
        rows: &StepRows,
        classes: &ClassReadout,
        embeddings: Tensor<2>,
        given: Option<&[u16]>,
        choose: &mut dyn FnMut(&[f32]) -> u16,
    ) -> Vec<u16> {
        let count = embeddings.dims()[0];
        let (steps, width) = (rows.steps(), rows.seen());
        let mut played = vec![0; count * steps];
        let mut state = LstmState::start(count, self.lstm.width(), &embeddings.device());
        for step in 0..steps {
            let mut seen = vec![0.0; count * width];
            for row in 0..count {
                let known = given.unwrap_or(&played);
                let past = (step > 0).then(|| known.get(row * steps + step - 1).copied().unwrap_or(0));
                rows.see(step, past, |input| seen[row * width + input] = 1.0);
            }
            let seen = Tensor::from_data(TensorData::new(seen, [count, width]), &embeddings.device());
            state = self.lstm.step(Tensor::cat(vec![seen, embeddings.clone()], 1), state);
            let logits = floats(classes.logits(self.output.forward(state.hidden.clone()))); // [rows, 512]
            for (row, logits) in logits.chunks_exact(CLASSES).enumerate() {
                played[row * steps + step] = choose(logits);
            }
        }
        played
    }
}
