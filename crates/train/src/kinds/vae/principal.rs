//! Principal components of passages: where training starts, and what a latent has to beat.
//!
//! Subspace iteration (Halko et al., arXiv 0909.4061, algorithm 4.4): the data are multiplied from both
//! sides a few times and straightened in between, so nothing as large as a covariance is ever held.

use anyhow::Result;
use burn::tensor::{Tensor, TensorData};
use nets::Array;

use super::SequenceVae;
use crate::rng::{Purpose, TrainingRng};
use crate::windows::Passages;

/// Numbers that the passages may fill: 96 MB.
const MOST_NUMBERS: usize = 24 << 20;
const MOST_PASSAGES: usize = 16_384;
/// Times that the data are gone through, and how many more components are carried along meanwhile.
const ROUNDS: usize = 8;
const SPARE: usize = 24;

/// The widest directions among passages, as two affine maps.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    /// The mean of each cell.
    pub(crate) mean: Vec<f32>,
    /// Each component, of length one, widest first.
    pub(crate) components: Vec<Vec<f32>>,
    /// The deviation along each.
    pub(crate) deviations: Vec<f32>,
}

impl Principal {
    /// The `count` widest components of passages from anywhere.
    pub(crate) fn of(source: &Passages, count: usize, seed: u64) -> Result<Self> {
        let mut rng = TrainingRng::new(seed, Purpose::Directions, 0);
        let cells = source.passage(0).len() * beat::PIECES;
        let rows = source.count().min(MOST_PASSAGES).min(MOST_NUMBERS / cells).max(1);
        let passages: Vec<&[u16]> = (0..rows).map(|_| source.random(&mut rng)).collect();
        let data = SequenceVae::cells_of(&passages, &nets::device()); // [rows, cells]
        let mean = data.clone().mean_dim(0); // [1, cells]
        let data = data - mean.clone();
        let carried = (count + SPARE).min(cells);
        let mut axes: Vec<Vec<f64>> =
            (0..carried).map(|_| (0..cells).map(|_| f64::from(rng.normal())).collect()).collect();
        let mut lengths = straighten(&mut axes);
        for _ in 0..ROUNDS {
            let flat: Vec<f32> = axes.iter().flatten().map(|value| *value as f32).collect();
            let across = Tensor::<2>::from_data(TensorData::new(flat, [carried, cells]), &nets::device());
            let along = data.clone().matmul(across.transpose()); // [rows, carried]
            let back = along.transpose().matmul(data.clone()); // [carried, cells]
            let back: Vec<f32> = back.into_data().try_into_vec_as()?;
            axes =
                back.chunks(cells).map(|axis| axis.iter().map(|value| f64::from(*value)).collect()).collect();
            lengths = straighten(&mut axes);
        }
        // Components that are nearly as wide as each other may still stand in the wrong order.
        let mut found: Vec<(f64, Vec<f64>)> = lengths.into_iter().zip(axes).collect();
        found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        found.truncate(count);
        let number = |value: &f64| *value as f32;
        Ok(Self {
            mean: mean.into_data().try_into_vec_as()?,
            deviations: found.iter().map(|(length, _)| (length / rows as f64).sqrt() as f32).collect(),
            components: found.iter().map(|(_, axis)| axis.iter().map(number).collect()).collect(),
        })
    }

    /// The linear layer from cells to whitened coordinates: `[cells, latent]` and `[latent]`.
    pub(crate) fn encoding(&self, latent: usize) -> (Array, Array) {
        let cells = self.mean.len();
        let mut weight = vec![0.0; cells * latent];
        let mut bias = vec![0.0; latent];
        for (index, (axis, deviation)) in
            self.components.iter().zip(&self.deviations).enumerate().take(latent)
        {
            let scale = 1.0 / deviation.max(1e-3);
            for (cell, value) in axis.iter().enumerate() {
                weight[cell * latent + index] = value * scale;
                bias[index] -= value * scale * self.mean[cell];
            }
        }
        (Array { shape: vec![cells, latent], values: weight }, Array { shape: vec![latent], values: bias })
    }

    /// The linear layer from whitened coordinates of passages to those of each bar in them by `bar`'s own
    /// components. `[latent, bars x embedding]` and `[bars x embedding]`.
    pub(crate) fn through(&self, latent: usize, bar: &Self) -> (Array, Array) {
        let (size, embedding) = (bar.mean.len(), bar.components.len());
        let bars = self.mean.len() / size;
        let along = |cells: &[f32], component: usize| -> f32 {
            let sum: f32 = cells.iter().zip(&bar.components[component]).map(|(a, b)| a * b).sum();
            sum / bar.deviations[component].max(1e-3)
        };
        let mut weight = vec![0.0; latent * bars * embedding];
        for (index, (axis, deviation)) in
            self.components.iter().zip(&self.deviations).enumerate().take(latent)
        {
            for place in 0..bars * embedding {
                let cells = &axis[place / embedding * size..][..size];
                weight[index * bars * embedding + place] = deviation * along(cells, place % embedding);
            }
        }
        let bias = (0..bars * embedding).map(|place| {
            let cells = &self.mean[place / embedding * size..][..size];
            let centred: Vec<f32> = cells.iter().zip(&bar.mean).map(|(cell, mean)| cell - mean).collect();
            along(&centred, place % embedding)
        });
        let bias = Array { shape: vec![bars * embedding], values: bias.collect() };
        (Array { shape: vec![latent, bars * embedding], values: weight }, bias)
    }

    /// The linear layer from whitened coordinates to logits: zero where a cell is one half, `steepness`
    /// times as steep as the cell. `[latent, cells]` and `[cells]`.
    pub(crate) fn decoding(&self, latent: usize, steepness: f32) -> (Array, Array) {
        let cells = self.mean.len();
        let mut weight = vec![0.0; latent * cells];
        for (index, (axis, deviation)) in
            self.components.iter().zip(&self.deviations).enumerate().take(latent)
        {
            for (cell, value) in axis.iter().enumerate() {
                weight[index * cells + cell] = steepness * deviation * value;
            }
        }
        let bias = self.mean.iter().map(|mean| steepness * (mean - 0.5)).collect();
        (Array { shape: vec![latent, cells], values: weight }, Array { shape: vec![cells], values: bias })
    }
}

/// Makes the rows straight to each other and of length one, in their order, and says how long each was.
/// A row that holds nothing new becomes zeros.
fn straighten(rows: &mut [Vec<f64>]) -> Vec<f64> {
    let mut lengths = Vec::with_capacity(rows.len());
    for index in 0..rows.len() {
        let (before, row) = rows.split_at_mut(index);
        let row = &mut row[0];
        // Twice is enough (Giraud et al. 2005): the first round leaves what rounding spoilt.
        for other in before.iter().chain(before.iter()) {
            let along: f64 = other.iter().zip(row.iter()).map(|(a, b)| a * b).sum();
            row.iter_mut().zip(other).for_each(|(value, other)| *value -= along * other);
        }
        let length = row.iter().map(|value| value * value).sum::<f64>().sqrt();
        let scale = if length > 1e-9 { 1.0 / length } else { 0.0 };
        row.iter_mut().for_each(|value| *value *= scale);
        lengths.push(length);
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passages of one bar of four kinds lie in a space of three dimensions: three components bring every
    /// cell back.
    #[test]
    fn as_many_components_as_there_are_directions_bring_everything_back() -> Result<()> {
        let bar = |kind: u16| (0..16).map(|step| (step * 31 * (kind + 1) + kind) % 512).collect::<Vec<u16>>();
        let source = Passages::new((0..40).map(|song| bar(song % 4)).collect(), 1);
        let principal = Principal::of(&source, 3, 1)?;
        assert!(principal.deviations.is_sorted_by(|a, b| a >= b) && principal.deviations[2] > 0.1);
        let (inwards, outwards) = (principal.encoding(3), principal.decoding(3, 2.0));
        let matrix = |array: &Array| {
            let data = TensorData::new(array.values.clone(), [array.shape[0], array.shape[1]]);
            Tensor::<2>::from_data(data, &nets::device())
        };
        let row = |array: &Array| {
            let data = TensorData::new(array.values.clone(), [1, array.values.len()]);
            Tensor::<2>::from_data(data, &nets::device())
        };
        for kind in 0..4 {
            let cells = SequenceVae::cells_of(&[&bar(kind)], &nets::device());
            let latent = cells.clone().matmul(matrix(&inwards.0)) + row(&inwards.1);
            let logits = latent.matmul(matrix(&outwards.0)) + row(&outwards.1);
            let far = (logits * 0.5 + 0.5 - cells).abs().max().try_into_scalar::<f32>()?;
            assert!(far < 1e-3, "kind {kind} is {far} off");
        }
        Ok(())
    }
}
