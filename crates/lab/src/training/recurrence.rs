//! Layers of long short-term memory with a backward pass written by hand.
//!
//! The tape of a recurrence has a dozen small tensors for each step and layer, and costs several times
//! what their arithmetic does. Here all steps of a window are one matrix product before the recurrence
//! and one behind it, forward and backward, and only what a step needs from the step before is done step
//! by step. The formulas and the weights are those of [`nets::Lstm`], which is what the test compares with.
//!
//! Rows are steps and songs: row `step * batch + song`.

use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use nets::{Lstm, LstmState};

use super::quick::{sigmoid, tanh};

/// What one layer did with a window: all that the way back needs.
pub(crate) struct Pass {
    batch: usize,
    /// `[inputs + width, 4 * width]`
    weight: Array2<f32>,
    /// What it heard, `[steps * batch, inputs]`.
    heard: Array2<f32>,
    /// The gates `i`, `f`, `g` and `o`, `[steps * batch, 4 * width]`.
    gates: Array2<f32>,
    /// What it kept and what it said after each step, from before the first one: `[(steps + 1) * batch,
    /// width]`.
    cells: Array2<f32>,
    said: Array2<f32>,
}

/// Runs a layer over a window that begins with nothing remembered, or goes on from `state`.
///
/// # Shapes
/// - heard: `[steps * batch, inputs]`
pub(crate) fn forward(
    layer: &Lstm,
    heard: Array2<f32>,
    batch: usize,
    state: Option<&LstmState>,
) -> anyhow::Result<Pass> {
    let (weight, bias) = layer.parameters();
    let width = layer.width();
    let weight = array(weight.val(), [heard.ncols() + width, 4 * width])?;
    let mut bias = Array1::from_vec(bias.val().try_to_vec_as::<f32>()?);
    bias.slice_mut(s![width..2 * width]).mapv_inplace(|value| value + 1.0);

    let rows = heard.nrows();
    let mut gates = Array2::zeros([rows, 4 * width]);
    gates.assign(&bias);
    let (input, own) = weight.view().split_at(Axis(0), heard.ncols());
    general_mat_mul(1.0, &heard, &input, 1.0, &mut gates);
    let mut cells = Array2::zeros([rows + batch, width]);
    let mut said = Array2::zeros([rows + batch, width]);
    if let Some(LstmState { hidden, cell }) = state {
        said.slice_mut(s![..batch, ..]).assign(&array(hidden.clone(), [batch, width])?);
        cells.slice_mut(s![..batch, ..]).assign(&array(cell.clone(), [batch, width])?);
    }
    for from in (0..rows).step_by(batch.max(1)) {
        let (before, mut after) = said.view_mut().split_at(Axis(0), from + batch);
        let mut sums = gates.slice_mut(s![from..from + batch, ..]);
        general_mat_mul(1.0, &before.slice(s![from.., ..]), &own, 1.0, &mut sums);
        for row in 0..batch {
            let mut sums = sums.row_mut(row);
            let Some(gates) = sums.as_slice_mut() else { continue };
            let (kept, mut cell) = cells.multi_slice_mut((s![from + row, ..], s![from + batch + row, ..]));
            let mut said = after.row_mut(row);
            let (Some(kept), Some(cell), Some(said)) =
                (kept.as_slice(), cell.as_slice_mut(), said.as_slice_mut())
            else {
                continue;
            };
            remember(gates, kept, cell, said);
        }
    }
    Ok(Pass { batch, weight, heard, gates, cells, said })
}

/// One song's step: sums become gates, and what was kept becomes what is kept and said.
fn remember(gates: &mut [f32], kept: &[f32], cell: &mut [f32], said: &mut [f32]) {
    let width = kept.len();
    let (i, rest) = gates.split_at_mut(width);
    let (f, rest) = rest.split_at_mut(width);
    let (g, o) = rest.split_at_mut(width);
    for (((i, f), g), o) in i.iter_mut().zip(f.iter_mut()).zip(g.iter_mut()).zip(o.iter_mut()) {
        (*i, *f, *g, *o) = (sigmoid(*i), sigmoid(*f), tanh(*g), sigmoid(*o));
    }
    for unit in 0..width {
        cell[unit] = f[unit] * kept[unit] + i[unit] * g[unit];
        said[unit] = o[unit] * tanh(cell[unit]);
    }
}

/// What the way back through a layer gives.
pub(crate) struct Slopes {
    /// Of the matrix and of what is added.
    weight: Array2<f32>,
    bias: Array1<f32>,
    /// Of what was heard, `[steps * batch, inputs]`.
    heard: Array2<f32>,
}

impl Pass {
    /// What the layer said at each step, `[steps * batch, width]`.
    pub(crate) fn said(&self) -> ArrayView2<'_, f32> {
        self.said.slice(s![self.batch.., ..])
    }

    /// The way back, given how the loss follows what was said at each step, `[steps * batch, width]`.
    pub(crate) fn backward(&self, of_said: &Array2<f32>) -> Slopes {
        let (batch, width) = (self.batch, self.said.ncols());
        let (rows, inputs) = (self.heard.nrows(), self.heard.ncols());
        let (input, own) = self.weight.view().split_at(Axis(0), inputs);
        let mut of_sums = Array2::zeros([rows, 4 * width]);
        let mut of_cell = Array2::<f32>::zeros([batch, width]);
        let mut of_hidden = Array2::<f32>::zeros([batch, width]);
        for from in (0..rows).step_by(batch.max(1)).rev() {
            of_hidden += &of_said.slice(s![from..from + batch, ..]);
            for row in 0..batch {
                let (gates, mut of_sums) = (self.gates.row(from + row), of_sums.row_mut(from + row));
                let (kept, cell) = (self.cells.row(from + row), self.cells.row(from + batch + row));
                let (of_hidden, mut of_cell) = (of_hidden.row(row), of_cell.row_mut(row));
                let slices = (gates.as_slice(), kept.as_slice(), cell.as_slice(), of_hidden.as_slice());
                let (Some(gates), Some(kept), Some(cell), Some(of_hidden)) = slices else { continue };
                let (Some(of_sums), Some(of_cell)) = (of_sums.as_slice_mut(), of_cell.as_slice_mut()) else {
                    continue;
                };
                forget(gates, [kept, cell], of_hidden, of_cell, of_sums);
            }
            general_mat_mul(1.0, &of_sums.slice(s![from..from + batch, ..]), &own.t(), 0.0, &mut of_hidden);
        }
        let mut weight = Array2::zeros(self.weight.raw_dim());
        let (mut of_input, mut of_own) = weight.view_mut().split_at(Axis(0), inputs);
        general_mat_mul(1.0, &self.heard.t(), &of_sums, 0.0, &mut of_input);
        general_mat_mul(1.0, &self.said.slice(s![..rows, ..]).t(), &of_sums, 0.0, &mut of_own);
        let bias = of_sums.sum_axis(Axis(0));
        Slopes { weight, bias, heard: of_sums.dot(&input.t()) }
    }
}

/// One song's step backward: from what follows `said` and `cell` to what follows the sums and the cell
/// before.
fn forget(
    gates: &[f32],
    [kept, cell]: [&[f32]; 2],
    of_said: &[f32],
    of_cell: &mut [f32],
    of_sums: &mut [f32],
) {
    let width = kept.len();
    let [i, f, g, o] = [0, 1, 2, 3].map(|gate| &gates[gate * width..][..width]);
    let (of_i, rest) = of_sums.split_at_mut(width);
    let (of_f, rest) = rest.split_at_mut(width);
    let (of_g, of_o) = rest.split_at_mut(width);
    for unit in 0..width {
        let heard = tanh(cell[unit]);
        let through = of_cell[unit] + of_said[unit] * o[unit] * (1.0 - heard * heard);
        of_o[unit] = of_said[unit] * heard * o[unit] * (1.0 - o[unit]);
        of_i[unit] = through * g[unit] * i[unit] * (1.0 - i[unit]);
        of_f[unit] = through * kept[unit] * f[unit] * (1.0 - f[unit]);
        of_g[unit] = through * i[unit] * (1.0 - g[unit] * g[unit]);
        of_cell[unit] = through * f[unit];
    }
}

impl Slopes {
    /// Registers the gradients of `layer`, and gives those of what it heard.
    pub(crate) fn register(self, layer: &Lstm, gradients: &mut GradientsParams) -> Array2<f32> {
        let (weight, bias) = layer.parameters();
        gradients.register(weight.id, tensor(self.weight));
        let width = self.bias.len();
        let of_bias = TensorData::new(self.bias.to_vec(), [width]);
        gradients.register(bias.id, Tensor::<1>::from_data(of_bias, &nets::device()));
        self.heard
    }
}

/// A tensor's numbers as an array of this shape.
pub(crate) fn array(tensor: Tensor<2>, shape: [usize; 2]) -> anyhow::Result<Array2<f32>> {
    Ok(Array2::from_shape_vec(shape, tensor.try_to_vec_as::<f32>()?)?)
}

/// An array as a tensor without a tape.
pub(crate) fn tensor(array: Array2<f32>) -> Tensor<2> {
    let shape = [array.nrows(), array.ncols()];
    let values = array.into_iter().collect::<Vec<f32>>();
    Tensor::from_data(TensorData::new(values, shape), &nets::device())
}

#[cfg(test)]
mod tests;
