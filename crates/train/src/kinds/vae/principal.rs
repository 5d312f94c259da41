//! Principal components of passages: the initial weights of training, and a baseline of reconstruction.
//!
//! Subspace iteration (Halko et al., arXiv 0909.4061, algorithm 4.4): products with the data matrix and its
//! transpose, orthonormalised in between, so that no covariance matrix is stored.

use anyhow::Result;
use burn::tensor::{Tensor, TensorData};
use nets::Array;

use super::network::SequenceVae;
use crate::excerpts::Passages;
use crate::rng::{Purpose, TrainingRng};

/// The most values of the data matrix: 96 MB.
const MAX_VALUES: usize = 24 << 20;
/// The most rows of the data matrix.
const MAX_PASSAGES: usize = 16_384;
/// Iterations.
const ITERATIONS: usize = 8;
/// Components that are iterated beyond those that are returned.
const OVERSAMPLING: usize = 24;

/// The principal components of passages.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    /// The mean of each cell.
    pub(crate) mean: Vec<f32>,
    /// The components: unit vectors, by falling variance.
    pub(crate) components: Vec<Vec<f32>>,
    /// The standard deviation along each.
    pub(crate) deviations: Vec<f32>,
}

impl Principal {
    /// The first `count` components of random passages of `source`.
    ///
    /// # Errors
    ///
    /// A tensor can't be read back.
    pub(crate) fn of(source: &Passages, count: usize, seed: u64) -> Result<Self> {
        let mut rng = TrainingRng::new(seed, Purpose::Directions, 0);
        let cells = source.passage(0).len() * beat::PIECES;
        let rows = source.count().min(MAX_PASSAGES).min(MAX_VALUES / cells).max(1);
        let passages: Vec<&[u16]> = (0..rows).map(|_| source.random(&mut rng)).collect();
        let data = SequenceVae::cells_of(&passages, &nets::device()); // [rows, cells]
        let mean = data.clone().mean_dim(0); // [1, cells]
        let data = data - mean.clone();
        let iterated = (count + OVERSAMPLING).min(cells);
        let mut axes: Vec<Vec<f64>> =
            (0..iterated).map(|_| (0..cells).map(|_| f64::from(rng.normal())).collect()).collect();
        let mut lengths = orthonormalise(&mut axes);
        for _ in 0..ITERATIONS {
            let flat: Vec<f32> = axes.iter().flatten().map(|value| *value as f32).collect();
            let directions =
                Tensor::<2>::from_data(TensorData::new(flat, [iterated, cells]), &nets::device());
            let along = data.clone().matmul(directions.transpose()); // [rows, iterated]
            let back = along.transpose().matmul(data.clone()); // [iterated, cells]
            let back: Vec<f32> = back.into_data().try_into_vec_as()?;
            axes =
                back.chunks(cells).map(|axis| axis.iter().map(|value| f64::from(*value)).collect()).collect();
            lengths = orthonormalise(&mut axes);
        }
        // Components of nearly equal variance may be out of order.
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

    /// The linear layer from whitened coordinates of passages to those of each of their bars, by the components
    /// `bar` of single bars: `[latent, bars x embedding]` and `[bars x embedding]`.
    pub(crate) fn to_bars(&self, latent: usize, bar: &Self) -> (Array, Array) {
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

    /// The linear layer from whitened coordinates to logits, `steepness * (cell - 0.5)`: `[latent, cells]` and
    /// `[cells]`.
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

/// Orthonormalises the rows in their order (Gram-Schmidt), and returns the length that each had before it was
/// normalised. A row that depends linearly on those before it becomes zeros.
fn orthonormalise(rows: &mut [Vec<f64>]) -> Vec<f64> {
    let mut lengths = Vec::with_capacity(rows.len());
    for index in 0..rows.len() {
        let (before, row) = rows.split_at_mut(index);
        let row = &mut row[0];
        // Twice is enough against rounding errors (Giraud et al. 2005).
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

    /// Four different bars span three dimensions around their mean: three components reconstruct every cell.
    #[test]
    fn as_many_components_as_dimensions_reconstruct_every_cell() -> Result<()> {
        let bar = |kind: u16| (0..16).map(|step| (step * 31 * (kind + 1) + kind) % 512).collect::<Vec<u16>>();
        let source = Passages::new((0..40).map(|song| bar(song % 4)).collect(), 1);
        let principal = Principal::of(&source, 3, 1)?;
        assert!(principal.deviations.is_sorted_by(|a, b| a >= b) && principal.deviations[2] > 0.1);
        let (encoding, decoding) = (principal.encoding(3), principal.decoding(3, 2.0));
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
            let latent = cells.clone().matmul(matrix(&encoding.0)) + row(&encoding.1);
            let logits = latent.matmul(matrix(&decoding.0)) + row(&decoding.1);
            let far = (logits * 0.5 + 0.5 - cells).abs().max().try_into_scalar::<f32>()?;
            assert!(far < 1e-3, "kind {kind} is {far} off");
        }
        Ok(())
    }
}
