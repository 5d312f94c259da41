//! The LSTM of a step decoder through all its steps, forward and backward, with the backward pass by hand
//! (backpropagation through time, Werbos 1990). The decoder is the last part of the network, so its gradients are
//! known before autodiff runs. That is three times as fast, and 256 steps hold no graph in memory.

use super::class_head::{ClassHead, ClassLoss};
use super::decoders::{StepDecoder, StepLayout};
use crate::layers::lstm_gradients::{lstm_step, lstm_step_backward};
use anyhow::Result;
use beat::PIECES;
use burn::tensor::{Device, Tensor, TensorData};

/// The loss of some rows, and the gradients of everything that enters it.
pub(super) struct StepGradients {
    /// The loss of the steps, the first steps of all rows first.
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

/// What a decoder gets as the previous step in training (scheduled sampling).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepInput {
    /// The step of the song.
    Truth,
    /// The step that the decoder would have generated, its pieces one by one.
    Own,
    /// A hidden step.
    Hidden,
}

/// The weights that a decoder's steps need, without autodiff.
struct StepWeights {
    /// `[features + width, 4 width]`: the rows of the inputs that change from step to step.
    recurrent: Tensor<2>,
    /// `[embedding, 4 width]`: the rows of the embedding, which is the same at each step.
    embedded: Tensor<2>,
    output: Tensor<2>,
    output_bias: Tensor<2>,
    features: usize,
    width: usize,
}

/// Everything that the backward pass needs of the forward pass, the first steps of all rows first.
#[derive(Default)]
struct ForwardPass {
    /// `[steps x rows, features + width]`
    inputs: Vec<f32>,
    /// `[steps x rows, 4 width]`, after their sigmoids and tanh.
    gates: Vec<f32>,
    /// `[steps x rows, width]`
    cells: Vec<f32>,
    /// `[steps x rows, width]`
    hidden: Vec<f32>,
    /// `[steps x rows, 9 + joint]`
    outputs: Vec<f32>,
}

impl StepGradients {
    /// Runs over `truth`, one row after another; `input_of` chooses what each step gets as its previous one.
    ///
    /// # Shapes
    ///
    /// - embeddings: `[rows, embedding]`
    pub(super) fn of(
        decoder: &StepDecoder,
        head: &ClassHead,
        rows: &StepLayout,
        embeddings: Tensor<2>,
        truth: &[u16],
        input_of: &mut dyn FnMut() -> StepInput,
    ) -> Result<Self> {
        let embeddings = embeddings.inner();
        let (count, steps) = (embeddings.dims()[0], rows.steps());
        let weights = StepWeights::of(decoder, rows);
        let pass = weights.forward(decoder, rows, embeddings.clone(), truth, input_of)?;
        let device = embeddings.device();
        let truth_by_step: Vec<u16> =
            (0..steps).flat_map(|step| (0..count).map(move |row| truth[row * steps + step])).collect();
        let total = count * steps;
        let loss = ClassLoss::of(head, matrix(pass.outputs.clone(), total, &device), &truth_by_step)?;
        let hidden = matrix(pass.hidden.clone(), total, &device);
        let grad_hidden = values(loss.outputs.clone().matmul(weights.output.clone().transpose()))?;
        let grad_sums = weights.backward(&pass, &grad_hidden, count)?; // [steps x rows, 4 width]
        let gates = 4 * weights.width;
        let each_row = grad_sums.clone().reshape([steps, count, gates]).sum_dim(0).reshape([count, gates]);
        let recurrent = matrix(pass.inputs, total, &device).transpose().matmul(grad_sums); // [features + width, 4 width]
        let embedded = embeddings.transpose().matmul(each_row.clone()); // [embedding, 4 width]
        let features = recurrent.clone().narrow(0, 0, weights.features);
        let hidden_rows = recurrent.narrow(0, weights.features, weights.width);
        Ok(Self {
            embeddings: each_row.clone().matmul(weights.embedded.transpose()),
            matrix: Tensor::cat(vec![features, embedded, hidden_rows], 0),
            bias: each_row.sum_dim(0).squeeze_dim::<1>(0),
            output_weight: hidden.transpose().matmul(loss.outputs.clone()),
            output_bias: loss.outputs.clone().sum_dim(0).squeeze_dim::<1>(0),
            loss,
        })
    }
}

impl StepWeights {
    fn of(decoder: &StepDecoder, rows: &StepLayout) -> Self {
        let (features, width) = (rows.inputs(), decoder.lstm.width());
        let whole = decoder.lstm.matrix().inner(); // [features + embedding + width, 4 width]
        let [first, last] = [(0, features), (features + rows.embedding, width)]
            .map(|(from, count)| whole.clone().narrow(0, from, count));
        let output = decoder.output.weight.val().inner();
        let zeros = Tensor::zeros([1, output.dims()[1]], &output.device());
        let bias = decoder.output.bias.as_ref().map(|bias| bias.val().inner().unsqueeze::<2>());
        Self {
            recurrent: Tensor::cat(vec![first, last], 0),
            embedded: whole.narrow(0, features, rows.embedding),
            output,
            output_bias: bias.unwrap_or(zeros),
            features,
            width,
        }
    }

    fn forward(
        &self,
        decoder: &StepDecoder,
        rows: &StepLayout,
        embeddings: Tensor<2>,
        truth: &[u16],
        input_of: &mut dyn FnMut() -> StepInput,
    ) -> Result<ForwardPass> {
        let (count, steps, width) = (embeddings.dims()[0], rows.steps(), self.width);
        let device = embeddings.device();
        let bias = decoder.lstm.bias().inner().unsqueeze::<2>();
        let embedded = embeddings.matmul(self.embedded.clone()) + bias; // [rows, 4 width]
        let (mut pass, inputs, output_width) =
            (ForwardPass::default(), self.features + width, self.output.dims()[1]);
        let mut cell = vec![0.0; count * width];
        for step in 0..steps {
            let mut input = vec![0.0; count * inputs];
            for row in 0..count {
                let past = match input_of() {
                    _ if step == 0 => None,
                    StepInput::Truth => Some(truth[row * steps + step - 1]),
                    StepInput::Own => Some(generated_class(
                        &pass.outputs[((step - 1) * count + row) * output_width..][..output_width],
                    )),
                    StepInput::Hidden => None,
                };
                let input = &mut input[row * inputs..][..inputs];
                rows.encode_step(step, past, |place| input[place] = 1.0);
                if step > 0 {
                    let hidden = &pass.hidden[((step - 1) * count + row) * width..][..width];
                    input[self.features..].copy_from_slice(hidden);
                }
            }
            let sums =
                matrix(input.clone(), count, &device).matmul(self.recurrent.clone()) + embedded.clone();
            let mut gates = values(sums)?;
            let (previous, mut hidden) = (cell.clone(), vec![0.0; count * width]);
            for (row, gates) in gates.chunks_exact_mut(4 * width).enumerate() {
                let at = row * width..(row + 1) * width;
                // The effective bias of the forget gate is one more than the stored one.
                gates[width..2 * width].iter_mut().for_each(|sum| *sum += 1.0);
                lstm_step(gates, &previous[at.clone()], &mut cell[at.clone()], &mut hidden[at]);
            }
            let outputs = matrix(hidden.clone(), count, &device).matmul(self.output.clone());
            pass.outputs.extend(values(outputs + self.output_bias.clone())?);
            pass.inputs.extend(input);
            pass.gates.extend(gates);
            pass.hidden.extend(hidden);
            pass.cells.extend_from_slice(&cell);
        }
        Ok(pass)
    }

    /// The gradients of the gates' inputs, `[steps x rows, 4 width]`, from those of the hidden states.
    fn backward(&self, pass: &ForwardPass, grad_hidden: &[f32], count: usize) -> Result<Tensor<2>> {
        let width = self.width;
        let size = count * width;
        let steps = pass.hidden.len() / size.max(1);
        let back = self.recurrent.clone().narrow(0, self.features, width).transpose(); // [4 width, width]
        let mut grad_sums = vec![0.0; steps * 4 * size];
        let mut grad_cell = vec![0.0; size];
        let mut later = vec![0.0; size]; // the gradient of the hidden state through the steps that follow
        let zeros = vec![0.0; size];
        for step in (0..steps).rev() {
            let cells = &pass.cells[step * size..][..size];
            let before = if step > 0 { &pass.cells[(step - 1) * size..][..size] } else { &zeros };
            later.iter_mut().zip(&grad_hidden[step * size..][..size]).for_each(|(sum, now)| *sum += now);
            let sums = &mut grad_sums[step * 4 * size..][..4 * size];
            for row in 0..count {
                let at = row * width..(row + 1) * width;
                let gates = &pass.gates[(step * count + row) * 4 * width..][..4 * width];
                let states = [&before[at.clone()], &cells[at.clone()]];
                let sums = &mut sums[row * 4 * width..][..4 * width];
                lstm_step_backward(gates, states, &later[at.clone()], &mut grad_cell[at], sums);
            }
            later = values(matrix(sums.to_vec(), count, &back.device()).matmul(back.clone()))?;
        }
        Ok(matrix(grad_sums, steps * count, &back.device()))
    }
}

/// The class of the pieces whose logits are positive.
fn generated_class(outputs: &[f32]) -> u16 {
    (0..PIECES).fold(0, |class, piece| class | u16::from(outputs[piece] > 0.0) << piece)
}

fn matrix(values: Vec<f32>, rows: usize, device: &Device) -> Tensor<2> {
    let columns = values.len() / rows.max(1);
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

fn values(tensor: Tensor<2>) -> Result<Vec<f32>> {
    Ok(tensor.into_data().try_into_vec_as()?)
}

#[cfg(test)]
mod tests {
    use super::super::DecoderKind;
    use super::super::network::{SequenceVae, Unrolling};
    use super::super::tests::small;
    use super::*;
    use crate::layers::lstm::LstmState;
    use burn::tensor::Int;
    use burn::tensor::activation::log_softmax;

    /// The loss with autodiff, where every step gets the step of the song as its previous one.
    fn loss_by_autodiff(
        decoder: &StepDecoder,
        head: &ClassHead,
        rows: &StepLayout,
        embeddings: &Tensor<2>,
        truth: &[u16],
    ) -> Tensor<1> {
        let (count, steps, device) = (embeddings.dims()[0], rows.steps(), embeddings.device());
        let mut state = LstmState::start(count, decoder.lstm.width(), &device);
        let mut nats = Tensor::<1>::zeros([1], &device);
        for step in 0..steps {
            let mut features = vec![0.0; count * rows.inputs()];
            for row in 0..count {
                let past = (step > 0).then(|| truth[row * steps + step - 1]);
                rows.encode_step(step, past, |place| features[row * rows.inputs() + place] = 1.0);
            }
            let features = matrix(features, count, &device);
            state = decoder.lstm.step(Tensor::cat(vec![features, embeddings.clone()], 1), state);
            let logits = head.logits(decoder.output.forward(state.hidden.clone()));
            let index: Vec<i32> = (0..count).map(|row| i32::from(truth[row * steps + step])).collect();
            let index = Tensor::<2, Int>::from_data(TensorData::new(index, [count, 1]), &device);
            nats = nats - log_softmax(logits, 1).gather(1, index).sum();
        }
        nats
    }

    #[test]
    fn gradients_through_time_are_those_of_autodiff() -> Result<()> {
        let config = small(DecoderKind::Flat, 2);
        let (rows, device) = (StepLayout::of(&config), nets::device().autodiff());
        let network = SequenceVae::from_weights(&config, &config.initial_weights(3), &device)?;
        let latents: Vec<f32> = (0..15).map(|k| ((k * 7 % 11) as f32 - 5.0) / 2.0).collect();
        let latents = matrix(latents, 3, &device).require_grad();
        let truth: Vec<u16> = (0..96).map(|k| k * k % 512).collect();
        let Unrolling::Stepwise { decoder, embeddings } = network.unrolling(latents.clone()) else {
            anyhow::bail!("a flat model decodes step by step");
        };
        let head = network.classes();
        let ours =
            StepGradients::of(decoder, head, &rows, embeddings.clone(), &truth, &mut || StepInput::Truth)?;
        let by_autodiff = loss_by_autodiff(decoder, head, &rows, &embeddings, &truth);
        let gradients = by_autodiff.backward();
        assert!((ours.loss.nats - f64::from(by_autodiff.try_into_scalar::<f32>()?)).abs() < 0.01);
        let check = |ours: Tensor<2>, by_autodiff: Option<Tensor<2>>, name: &str| -> Result<()> {
            let by_autodiff = by_autodiff.ok_or_else(|| anyhow::anyhow!("no gradient of {name}"))?;
            let far = (ours - by_autodiff).abs().max().try_into_scalar::<f32>()?;
            assert!(far < 1e-3, "{name} is {far} off");
            Ok(())
        };
        check(ours.embeddings, latents.grad(&gradients), "embeddings")?;
        check(ours.matrix, decoder.lstm.matrix().grad(&gradients), "matrix")?;
        let row = |bias: Option<Tensor<1>>| bias.map(|bias| bias.unsqueeze::<2>());
        check(ours.bias.unsqueeze(), row(decoder.lstm.bias().grad(&gradients)), "bias")?;
        check(ours.output_weight, decoder.output.weight.val().grad(&gradients), "output")?;
        let bias = decoder.output.bias.as_ref().and_then(|bias| bias.val().grad(&gradients));
        check(ours.output_bias.unsqueeze(), row(bias), "output's bias")?;
        check(ours.loss.matrix.narrow(0, PIECES, 3), head.joint().grad(&gradients), "head")?;
        check(ours.loss.bias.unsqueeze(), row(head.bias().grad(&gradients)), "head's bias")
    }
}
