//! The LSTM of a decoder through all its steps and back (backpropagation through time, Werbos 1990), worked
//! out here instead of on the tape: the decoder is the last part of the network, so its gradients can be had
//! before the tape goes back. That is three times as quick, and 256 steps hold no graph in memory.

use anyhow::Result;
use beat::PIECES;
use burn::tensor::{Device, Tensor, TensorData};
use nets::{ClassReadout, StepDecoder, StepRows};

use super::class_loss::ClassLoss;
use crate::training::quick::{sigmoid, tanh};

/// What some rows cost, and the gradients by all that they were made from.
pub(super) struct Unrolled {
    /// What was said of the steps, the first steps of all rows first.
    pub(super) loss: ClassLoss,
    /// `[rows, embedding]`
    pub(super) embeddings: Tensor<2>,
    /// `[inputs + width, 4 width]`
    pub(super) matrix: Tensor<2>,
    /// `[4 width]`
    pub(super) bias: Tensor<1>,
    /// `[width, 9 + joint]`
    pub(super) output_weight: Tensor<2>,
    /// `[9 + joint]`
    pub(super) output_bias: Tensor<1>,
}

/// What a decoder hears of a step before, in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// What stands in the song.
    Truth,
    /// What the decoder would have played there, its pieces one by one.
    Own,
    /// Nothing.
    Nothing,
}

/// The numbers of a decoder that its steps need, off the tape.
struct Parts {
    /// `[seen + width, 4 width]`: what changes from step to step.
    changing: Tensor<2>,
    /// `[embedding, 4 width]`
    fed: Tensor<2>,
    output: Tensor<2>,
    output_bias: Tensor<2>,
    seen: usize,
    width: usize,
}

/// What was kept on the way forwards, the first steps of all rows first.
#[derive(Default)]
struct Kept {
    /// `[steps x rows, seen + width]`
    inputs: Vec<f32>,
    /// `[steps x rows, 4 width]`, after their sigmoids and tanh.
    gates: Vec<f32>,
    /// `[steps x rows, width]`
    cells: Vec<f32>,
    /// `[steps x rows, width]`
    hidden: Vec<f32>,
    /// `[steps x rows, 9 + joint]`
    said: Vec<f32>,
}

impl Unrolled {
    /// Goes through `truth`, one row after another, hearing what `heard` says of each step.
    ///
    /// # Shapes
    ///
    /// - embeddings: `[rows, embedding]`
    pub(super) fn of(
        decoder: &StepDecoder,
        readout: &ClassReadout,
        rows: &StepRows,
        embeddings: Tensor<2>,
        truth: &[u16],
        heard: &mut dyn FnMut() -> Heard,
    ) -> Result<Self> {
        let embeddings = embeddings.inner();
        let (count, steps) = (embeddings.dims()[0], rows.steps());
        let parts = Parts::of(decoder, rows);
        let kept = parts.forwards(decoder, rows, embeddings.clone(), truth, heard)?;
        let device = embeddings.device();
        let by_time: Vec<u16> =
            (0..steps).flat_map(|step| (0..count).map(move |row| truth[row * steps + step])).collect();
        let wide = count * steps;
        let loss = ClassLoss::of(readout, matrix(kept.said.clone(), wide, &device), &by_time)?;
        let hidden = matrix(kept.hidden.clone(), wide, &device);
        let by_hidden = numbers(loss.said.clone().matmul(parts.output.clone().transpose()))?;
        let by_sums = parts.backwards(&kept, &by_hidden, count)?; // [steps x rows, 4 width]
        let gates = 4 * parts.width;
        let each_row = by_sums.clone().reshape([steps, count, gates]).sum_dim(0).reshape([count, gates]);
        let changing = matrix(kept.inputs, wide, &device).transpose().matmul(by_sums); // [seen + width, 4 width]
        let fed = embeddings.transpose().matmul(each_row.clone()); // [embedding, 4 width]
        let seen = changing.clone().narrow(0, 0, parts.seen);
        let hidden_rows = changing.narrow(0, parts.seen, parts.width);
        Ok(Self {
            embeddings: each_row.clone().matmul(parts.fed.transpose()),
            matrix: Tensor::cat(vec![seen, fed, hidden_rows], 0),
            bias: each_row.sum_dim(0).squeeze_dim::<1>(0),
            output_weight: hidden.transpose().matmul(loss.said.clone()),
            output_bias: loss.said.clone().sum_dim(0).squeeze_dim::<1>(0),
            loss,
        })
    }
}

impl Parts {
    fn of(decoder: &StepDecoder, rows: &StepRows) -> Self {
        let (seen, width) = (rows.seen(), decoder.lstm.width());
        let whole = decoder.lstm.matrix().inner(); // [seen + embedding + width, 4 width]
        let [first, last] = [(0, seen), (seen + rows.embedding, width)]
            .map(|(from, count)| whole.clone().narrow(0, from, count));
        let output = decoder.output.weight.val().inner();
        let silent = Tensor::zeros([1, output.dims()[1]], &output.device());
        let bias = decoder.output.bias.as_ref().map(|bias| bias.val().inner().unsqueeze::<2>());
        Self {
            changing: Tensor::cat(vec![first, last], 0),
            fed: whole.narrow(0, seen, rows.embedding),
            output,
            output_bias: bias.unwrap_or(silent),
            seen,
            width,
        }
    }

    fn forwards(
        &self,
        decoder: &StepDecoder,
        rows: &StepRows,
        embeddings: Tensor<2>,
        truth: &[u16],
        heard: &mut dyn FnMut() -> Heard,
    ) -> Result<Kept> {
        let (count, steps, width) = (embeddings.dims()[0], rows.steps(), self.width);
        let device = embeddings.device();
        let bias = decoder.lstm.bias().inner().unsqueeze::<2>();
        let fed = embeddings.matmul(self.fed.clone()) + bias; // [rows, 4 width]
        let (mut kept, inputs, wide) = (Kept::default(), self.seen + width, self.output.dims()[1]);
        let mut cell = vec![0.0; count * width];
        for step in 0..steps {
            let mut input = vec![0.0; count * inputs];
            for row in 0..count {
                let past = match heard() {
                    _ if step == 0 => None,
                    Heard::Truth => Some(truth[row * steps + step - 1]),
                    Heard::Own => Some(own(&kept.said[((step - 1) * count + row) * wide..][..wide])),
                    Heard::Nothing => None,
                };
                let input = &mut input[row * inputs..][..inputs];
                rows.see(step, past, |place| input[place] = 1.0);
                if step > 0 {
                    let hidden = &kept.hidden[((step - 1) * count + row) * width..][..width];
                    input[self.seen..].copy_from_slice(hidden);
                }
            }
            let sums = matrix(input.clone(), count, &device).matmul(self.changing.clone()) + fed.clone();
            let mut gates = numbers(sums)?;
            let mut hidden = vec![0.0; count * width];
            for (row, gates) in gates.chunks_exact_mut(4 * width).enumerate() {
                let at = row * width..(row + 1) * width;
                open(gates, &mut cell[at.clone()], &mut hidden[at]);
            }
            let said = matrix(hidden.clone(), count, &device).matmul(self.output.clone());
            kept.said.extend(numbers(said + self.output_bias.clone())?);
            kept.inputs.extend(input);
            kept.gates.extend(gates);
            kept.hidden.extend(hidden);
            kept.cells.extend_from_slice(&cell);
        }
        Ok(kept)
    }

    /// The gradients by the sums that the gates were made from, `[steps x rows, 4 width]`, from those by
    /// what was said.
    fn backwards(&self, kept: &Kept, by_hidden: &[f32], count: usize) -> Result<Tensor<2>> {
        let width = self.width;
        let size = count * width;
        let steps = kept.hidden.len() / size.max(1);
        let back = self.changing.clone().narrow(0, self.seen, width).transpose(); // [4 width, width]
        let mut by_sums = vec![0.0; steps * 4 * size];
        let mut by_cell = vec![0.0; size];
        let mut later = vec![0.0; size]; // by what was said, through the steps that follow
        let silence = vec![0.0; size];
        for step in (0..steps).rev() {
            let cells = &kept.cells[step * size..][..size];
            let before = if step > 0 { &kept.cells[(step - 1) * size..][..size] } else { &silence };
            later.iter_mut().zip(&by_hidden[step * size..][..size]).for_each(|(sum, now)| *sum += now);
            let sums = &mut by_sums[step * 4 * size..][..4 * size];
            for row in 0..count {
                let at = row * width..(row + 1) * width;
                let gates = &kept.gates[(step * count + row) * 4 * width..][..4 * width];
                let states = [&cells[at.clone()], &before[at.clone()], &later[at.clone()]];
                close(gates, states, &mut by_cell[at], &mut sums[row * 4 * width..][..4 * width]);
            }
            later = numbers(matrix(sums.to_vec(), count, &back.device()).matmul(back.clone()))?;
        }
        Ok(matrix(by_sums, steps * count, &back.device()))
    }
}

/// A step of one row: sums to gates, in place, and on to what is remembered and said.
fn open(gates: &mut [f32], cell: &mut [f32], hidden: &mut [f32]) {
    let width = cell.len();
    let (input, rest) = gates.split_at_mut(width);
    let (forget, rest) = rest.split_at_mut(width);
    let (new, output) = rest.split_at_mut(width);
    input.iter_mut().for_each(|sum| *sum = sigmoid(*sum));
    forget.iter_mut().for_each(|sum| *sum = sigmoid(*sum + 1.0));
    new.iter_mut().for_each(|sum| *sum = tanh(*sum));
    output.iter_mut().for_each(|sum| *sum = sigmoid(*sum));
    for unit in 0..width {
        cell[unit] = forget[unit] * cell[unit] + input[unit] * new[unit];
        hidden[unit] = output[unit] * tanh(cell[unit]);
    }
}

/// The way back through [`open`]. `states` are what was remembered after and before the step, and the
/// gradient by what it said; `by_cell` is the gradient by what it remembered, and becomes that of the step
/// before.
fn close(gates: &[f32], states: [&[f32]; 3], by_cell: &mut [f32], by_sums: &mut [f32]) {
    let width = by_cell.len();
    let [after, before, by_hidden] = states;
    let gate = |number: usize| &gates[number * width..][..width];
    let (input, forget, new, output) = (gate(0), gate(1), gate(2), gate(3));
    let (by_input, rest) = by_sums.split_at_mut(width);
    let (by_forget, rest) = rest.split_at_mut(width);
    let (by_new, by_output) = rest.split_at_mut(width);
    for unit in 0..width {
        let (i, f, g, o) = (input[unit], forget[unit], new[unit], output[unit]);
        let said = tanh(after[unit]);
        let cell = by_cell[unit] + by_hidden[unit] * o * (1.0 - said * said);
        by_input[unit] = cell * g * i * (1.0 - i);
        by_forget[unit] = cell * before[unit] * f * (1.0 - f);
        by_new[unit] = cell * i * (1.0 - g * g);
        by_output[unit] = by_hidden[unit] * said * o * (1.0 - o);
        by_cell[unit] = cell * f;
    }
}

/// The class that is said by the signs of its pieces' numbers.
fn own(said: &[f32]) -> u16 {
    (0..PIECES).fold(0, |class, piece| class | u16::from(said[piece] > 0.0) << piece)
}

fn matrix(values: Vec<f32>, rows: usize, device: &Device) -> Tensor<2> {
    let columns = values.len() / rows.max(1);
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

fn numbers(tensor: Tensor<2>) -> Result<Vec<f32>> {
    Ok(tensor.into_data().try_into_vec_as()?)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Int;
    use burn::tensor::activation::log_softmax;
    use nets::{LstmState, SequenceVae, Unrolling, VaeDecoder, VaeShape, Weights};

    use super::*;

    /// The same through burn's tape, hearing the truth.
    fn taped(
        decoder: &StepDecoder,
        readout: &ClassReadout,
        rows: &StepRows,
        embeddings: &Tensor<2>,
        truth: &[u16],
    ) -> Tensor<1> {
        let (count, steps, device) = (embeddings.dims()[0], rows.steps(), embeddings.device());
        let mut state = LstmState::start(count, decoder.lstm.width(), &device);
        let mut nats = Tensor::<1>::zeros([1], &device);
        for step in 0..steps {
            let mut seen = vec![0.0; count * rows.seen()];
            for row in 0..count {
                let past = (step > 0).then(|| truth[row * steps + step - 1]);
                rows.see(step, past, |place| seen[row * rows.seen() + place] = 1.0);
            }
            let seen = matrix(seen, count, &device);
            state = decoder.lstm.step(Tensor::cat(vec![seen, embeddings.clone()], 1), state);
            let logits = readout.logits(decoder.output.forward(state.hidden.clone()));
            let index: Vec<i32> = (0..count).map(|row| i32::from(truth[row * steps + step])).collect();
            let index = Tensor::<2, Int>::from_data(TensorData::new(index, [count, 1]), &device);
            nats = nats - log_softmax(logits, 1).gather(1, index).sum();
        }
        nats
    }

    #[test]
    fn gradients_through_time_are_those_of_the_tape() -> Result<()> {
        let decoder = VaeDecoder::Flat;
        let (encoder_width, decoder_width) = (4, 6);
        let shape =
            VaeShape { decoder, bars: 2, latent: 5, encoder_width, decoder_width, joint: 3, embedding: 0 };
        let (rows, device) = (StepRows::of(&shape), nets::device().autodiff());
        let weights = Weights::initial(&shape.trained_arrays(), 3);
        let network = SequenceVae::from_weights(&shape, &weights, &device)?;
        let latents: Vec<f32> = (0..15).map(|k| ((k * 7 % 11) as f32 - 5.0) / 2.0).collect();
        let latents = matrix(latents, 3, &device).require_grad();
        let truth: Vec<u16> = (0..96).map(|k| k * k % 512).collect();
        let Unrolling::Stepwise { decoder, embeddings } = network.unrolling(latents.clone()) else {
            anyhow::bail!("a flat model goes step by step");
        };
        let readout = network.classes();
        let ours = Unrolled::of(decoder, readout, &rows, embeddings.clone(), &truth, &mut || Heard::Truth)?;
        let taped = taped(decoder, readout, &rows, &embeddings, &truth);
        let gradients = taped.backward();
        assert!((ours.loss.nats - f64::from(taped.try_into_scalar::<f32>()?)).abs() < 0.01);
        let close = |ours: Tensor<2>, taped: Option<Tensor<2>>, name: &str| -> Result<()> {
            let taped = taped.ok_or_else(|| anyhow::anyhow!("no gradient by {name}"))?;
            let far = (ours - taped).abs().max().try_into_scalar::<f32>()?;
            assert!(far < 1e-3, "{name} is {far} off");
            Ok(())
        };
        close(ours.embeddings, latents.grad(&gradients), "embeddings")?;
        close(ours.matrix, decoder.lstm.matrix().grad(&gradients), "matrix")?;
        let row = |bias: Option<Tensor<1>>| bias.map(|bias| bias.unsqueeze::<2>());
        close(ours.bias.unsqueeze(), row(decoder.lstm.bias().grad(&gradients)), "bias")?;
        close(ours.output_weight, decoder.output.weight.val().grad(&gradients), "output")?;
        let bias = decoder.output.bias.as_ref().and_then(|bias| bias.val().grad(&gradients));
        close(ours.output_bias.unsqueeze(), row(bias), "output's bias")
    }
}
