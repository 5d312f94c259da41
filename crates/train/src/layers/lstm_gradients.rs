//! An LSTM layer through all steps of a window, forward and backward, with the backward pass by hand
//! (backpropagation through time, Werbos 1990).
//!
//! Autodiff has a dozen small tensors for each step and layer, and costs several times their arithmetic. Here
//! the inputs of all steps are one matrix product before the recurrence, and the gradients of the weights one
//! after it; only what depends on the previous step runs step by step. Formulas and weights are those of
//! [`Lstm`], with which the test of the recurrent models compares.
//!
//! Rows are steps and songs: row `step * batch + song`.

use super::activations::{sigmoid, tanh};
use super::lstm::Lstm;
use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, Axis, s};

/// The forward pass of one layer over a window: everything that the backward pass needs.
pub(crate) struct LayerPass {
    batch: usize,
    /// `[inputs + width, 4 * width]`
    weight: Array2<f32>,
    /// `[steps * batch, inputs]`
    inputs: Array2<f32>,
    /// The gates `i`, `f`, `g` and `o`, `[steps * batch, 4 * width]`.
    gates: Array2<f32>,
    /// The cell state from before the first step on, `[(steps + 1) * batch, width]`.
    cells: Array2<f32>,
    /// The hidden state from before the first step on, `[(steps + 1) * batch, width]`.
    outputs: Array2<f32>,
}

/// Runs a layer over a window from the zero state.
///
/// # Shapes
/// - inputs: `[steps * batch, inputs]`
pub(crate) fn forward(layer: &Lstm, inputs: Array2<f32>, batch: usize) -> anyhow::Result<LayerPass> {
    let (weight, bias) = layer.parameters();
    let width = layer.width();
    let weight = array(weight.val(), [inputs.ncols() + width, 4 * width])?;
    let mut bias = Array1::from_vec(bias.val().try_to_vec_as::<f32>()?);
    bias.slice_mut(s![width..2 * width]).mapv_inplace(|value| value + 1.0);

    let rows = inputs.nrows();
    let mut gates = Array2::zeros([rows, 4 * width]);
    gates.assign(&bias);
    let (input, recurrent) = weight.view().split_at(Axis(0), inputs.ncols());
    general_mat_mul(1.0, &inputs, &input, 1.0, &mut gates);
    let mut cells = Array2::zeros([rows + batch, width]);
    let mut outputs = Array2::zeros([rows + batch, width]);
    for from in (0..rows).step_by(batch.max(1)) {
        let (before, mut after) = outputs.view_mut().split_at(Axis(0), from + batch);
        let mut sums = gates.slice_mut(s![from..from + batch, ..]);
        general_mat_mul(1.0, &before.slice(s![from.., ..]), &recurrent, 1.0, &mut sums);
        for row in 0..batch {
            let mut sums = sums.row_mut(row);
            let Some(gates) = sums.as_slice_mut() else { continue };
            let (previous, mut cell) =
                cells.multi_slice_mut((s![from + row, ..], s![from + batch + row, ..]));
            let mut outputs = after.row_mut(row);
            let (Some(previous), Some(cell), Some(outputs)) =
                (previous.as_slice(), cell.as_slice_mut(), outputs.as_slice_mut())
            else {
                continue;
            };
            lstm_step(gates, previous, cell, outputs);
        }
    }
    Ok(LayerPass { batch, weight, inputs, gates, cells, outputs })
}

/// One step of one song: turns the sums into gates, and the previous cell state into the new cell and hidden
/// state.
pub(crate) fn lstm_step(gates: &mut [f32], previous: &[f32], cell: &mut [f32], outputs: &mut [f32]) {
    let width = previous.len();
    let (i, rest) = gates.split_at_mut(width);
    let (f, rest) = rest.split_at_mut(width);
    let (g, o) = rest.split_at_mut(width);
    for (((i, f), g), o) in i.iter_mut().zip(f.iter_mut()).zip(g.iter_mut()).zip(o.iter_mut()) {
        (*i, *f, *g, *o) = (sigmoid(*i), sigmoid(*f), tanh(*g), sigmoid(*o));
    }
    for unit in 0..width {
        cell[unit] = f[unit] * previous[unit] + i[unit] * g[unit];
        outputs[unit] = o[unit] * tanh(cell[unit]);
    }
}

/// The gradients of one layer.
pub(crate) struct LayerGradients {
    /// Of the matrix.
    weight: Array2<f32>,
    /// Of the bias.
    bias: Array1<f32>,
    /// Of the inputs, `[steps * batch, inputs]`.
    inputs: Array2<f32>,
}

impl LayerPass {
    /// The hidden state after each step, `[steps * batch, width]`.
    pub(crate) fn output(&self) -> ArrayView2<'_, f32> {
        self.outputs.slice(s![self.batch.., ..])
    }

    /// The backward pass, given the gradient of the hidden state after each step, `[steps * batch, width]`.
    pub(crate) fn backward(&self, grad_outputs: &Array2<f32>) -> LayerGradients {
        let (batch, width) = (self.batch, self.outputs.ncols());
        let (rows, input_width) = (self.inputs.nrows(), self.inputs.ncols());
        let (input, recurrent) = self.weight.view().split_at(Axis(0), input_width);
        let mut grad_sums = Array2::zeros([rows, 4 * width]);
        let mut grad_cell = Array2::<f32>::zeros([batch, width]);
        let mut grad_hidden = Array2::<f32>::zeros([batch, width]);
        for from in (0..rows).step_by(batch.max(1)).rev() {
            grad_hidden += &grad_outputs.slice(s![from..from + batch, ..]);
            for row in 0..batch {
                let (gates, mut grad_sums) = (self.gates.row(from + row), grad_sums.row_mut(from + row));
                let (previous, cell) = (self.cells.row(from + row), self.cells.row(from + batch + row));
                let (grad_hidden, mut grad_cell) = (grad_hidden.row(row), grad_cell.row_mut(row));
                let slices = (gates.as_slice(), previous.as_slice(), cell.as_slice(), grad_hidden.as_slice());
                let (Some(gates), Some(previous), Some(cell), Some(grad_hidden)) = slices else { continue };
                let (Some(grad_sums), Some(grad_cell)) = (grad_sums.as_slice_mut(), grad_cell.as_slice_mut())
                else {
                    continue;
                };
                lstm_step_backward(gates, [previous, cell], grad_hidden, grad_cell, grad_sums);
            }
            general_mat_mul(
                1.0,
                &grad_sums.slice(s![from..from + batch, ..]),
                &recurrent.t(),
                0.0,
                &mut grad_hidden,
            );
        }
        let mut weight = Array2::zeros(self.weight.raw_dim());
        let (mut grad_input_weights, mut grad_recurrent_weights) =
            weight.view_mut().split_at(Axis(0), input_width);
        general_mat_mul(1.0, &self.inputs.t(), &grad_sums, 0.0, &mut grad_input_weights);
        general_mat_mul(
            1.0,
            &self.outputs.slice(s![..rows, ..]).t(),
            &grad_sums,
            0.0,
            &mut grad_recurrent_weights,
        );
        let bias = grad_sums.sum_axis(Axis(0));
        LayerGradients { weight, bias, inputs: grad_sums.dot(&input.t()) }
    }
}

/// The backward pass of [`lstm_step`]: from the gradients of output and cell state to those of the gates' inputs
/// and of the previous cell state, which replaces that of the cell state.
pub(crate) fn lstm_step_backward(
    gates: &[f32],
    [previous, cell]: [&[f32]; 2],
    grad_outputs: &[f32],
    grad_cell: &mut [f32],
    grad_sums: &mut [f32],
) {
    let width = previous.len();
    let [i, f, g, o] = [0, 1, 2, 3].map(|gate| &gates[gate * width..][..width]);
    let (grad_i, rest) = grad_sums.split_at_mut(width);
    let (grad_f, rest) = rest.split_at_mut(width);
    let (grad_g, grad_o) = rest.split_at_mut(width);
    for unit in 0..width {
        let tanh_cell = tanh(cell[unit]);
        let grad_total = grad_cell[unit] + grad_outputs[unit] * o[unit] * (1.0 - tanh_cell * tanh_cell);
        grad_o[unit] = grad_outputs[unit] * tanh_cell * o[unit] * (1.0 - o[unit]);
        grad_i[unit] = grad_total * g[unit] * i[unit] * (1.0 - i[unit]);
        grad_f[unit] = grad_total * previous[unit] * f[unit] * (1.0 - f[unit]);
        grad_g[unit] = grad_total * i[unit] * (1.0 - g[unit] * g[unit]);
        grad_cell[unit] = grad_total * f[unit];
    }
}

impl LayerGradients {
    /// Registers the gradients of `layer`'s parameters, and returns those of its inputs.
    pub(crate) fn register(self, layer: &Lstm, gradients: &mut GradientsParams) -> Array2<f32> {
        let (weight, bias) = layer.parameters();
        gradients.register(weight.id, tensor(self.weight));
        let width = self.bias.len();
        let grad_bias = TensorData::new(self.bias.to_vec(), [width]);
        gradients.register(bias.id, Tensor::<1>::from_data(grad_bias, &nets::device()));
        self.inputs
    }
}

/// A tensor's values as an array of this shape.
pub(crate) fn array(tensor: Tensor<2>, shape: [usize; 2]) -> anyhow::Result<Array2<f32>> {
    Ok(Array2::from_shape_vec(shape, tensor.try_to_vec_as::<f32>()?)?)
}

/// An array as a tensor without autodiff.
pub(crate) fn tensor(array: Array2<f32>) -> Tensor<2> {
    let shape = [array.nrows(), array.ncols()];
    let values = array.into_iter().collect::<Vec<f32>>();
    Tensor::from_data(TensorData::new(values, shape), &nets::device())
}
