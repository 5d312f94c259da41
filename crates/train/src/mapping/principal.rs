//! Principal axes of the latents: the start of t-SNE, so that the map does not depend on a seed.

/// The latents projected onto their first two principal axes, centred, with standard deviation 1e-4 along the
/// first: the recommended start of t-SNE, since it preserves the large-scale layout.
pub(crate) fn start(latents: &[[f32; 4]]) -> Vec<[f32; 2]> {
    let count = latents.len().max(1) as f64;
    let mean: [f64; 4] =
        std::array::from_fn(|d| latents.iter().map(|z| f64::from(z[d])).sum::<f64>() / count);
    let mut covariance = [[0.0; 4]; 4];
    for z in latents {
        for (i, row) in covariance.iter_mut().enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                *cell += (f64::from(z[i]) - mean[i]) * (f64::from(z[j]) - mean[j]) / count;
            }
        }
    }
    let axes = principal_axes(covariance);
    let along = |z: &[f32; 4], axis: &[f64; 4]| -> f64 {
        (0..4).map(|d| (f64::from(z[d]) - mean[d]) * axis[d]).sum()
    };
    let points: Vec<[f64; 2]> = latents.iter().map(|z| [along(z, &axes[0]), along(z, &axes[1])]).collect();
    let deviation = (points.iter().map(|point| point[0] * point[0]).sum::<f64>() / count).sqrt().max(1e-12);
    points.iter().map(|point| point.map(|value| (value / deviation * 1e-4) as f32)).collect()
}

/// The two eigenvectors of largest eigenvalue of a symmetric matrix (Jacobi rotations), each with its largest
/// component positive, so that the sign is always the same.
fn principal_axes(mut matrix: [[f64; 4]; 4]) -> [[f64; 4]; 2] {
    let mut vectors = [[0.0; 4]; 4]; // column k is the k-th eigenvector
    for (k, row) in vectors.iter_mut().enumerate() {
        row[k] = 1.0;
    }
    for _sweep in 0..50 {
        for p in 0..3 {
            for q in p + 1..4 {
                rotate(&mut matrix, &mut vectors, p, q);
            }
        }
    }
    let mut order = [0, 1, 2, 3];
    order.sort_by(|&a, &b| matrix[b][b].total_cmp(&matrix[a][a]));
    [order[0], order[1]].map(|k| {
        let axis: [f64; 4] = std::array::from_fn(|d| vectors[d][k]);
        let largest = axis.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
        axis.map(|value| value * largest.signum())
    })
}

/// One Jacobi rotation, which makes `matrix[p][q]` zero.
fn rotate(matrix: &mut [[f64; 4]; 4], vectors: &mut [[f64; 4]; 4], p: usize, q: usize) {
    if matrix[p][q].abs() < 1e-15 {
        return;
    }
    let angle = 0.5 * (2.0 * matrix[p][q]).atan2(matrix[q][q] - matrix[p][p]);
    let (sin, cos) = angle.sin_cos();
    for row in matrix.iter_mut().chain(vectors.iter_mut()) {
        (row[p], row[q]) = (cos * row[p] - sin * row[q], sin * row[p] + cos * row[q]);
    }
    let (upper, lower) = (matrix[p], matrix[q]);
    matrix[p] = std::array::from_fn(|k| cos * upper[k] - sin * lower[k]);
    matrix[q] = std::array::from_fn(|k| sin * upper[k] + cos * lower[k]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_the_projection_onto_two_principal_axes() {
        // A long axis along (0, 1, 1, 0), a shorter one along the last dimension, a trace of the first.
        let latents: Vec<[f32; 4]> = (0..400)
            .map(|k| {
                let (a, b, c) = ((k % 20) as f32 - 9.5, (k / 20) as f32 - 9.5, (k % 7) as f32);
                [0.01 * c, 5.0 * a, 5.0 * a, b]
            })
            .collect();
        for (z, point) in latents.iter().zip(start(&latents)) {
            let deviation = 5.766_281; // of -9.5, -8.5 .. 9.5
            assert!((point[0] - z[1] / 5.0 / deviation * 1e-4).abs() < 1e-6, "{z:?} {point:?}");
            assert!((point[1] - z[3] / deviation / 7.071_068 * 1e-4).abs() < 1e-6, "{z:?} {point:?}");
        }
    }
}
