//! From latents to a plane: t-SNE (van der Maaten & Hinton 2008), with the interpolation of bhtsne. It starts from
//! principal axes, so that the map does not depend on a seed.

use anyhow::{Context, Result, ensure};
use bhtsne::{SparseAffinities, tSNE};
use rayon::prelude::*;

/// The perplexity: the effective number of neighbours of a point.
const PERPLEXITY: f32 = 30.0;
/// Iterations of gradient descent.
pub const ITERATIONS: usize = 1000;

/// The result of t-SNE.
pub struct Embedding {
    /// Where each latent lies, in t-SNE's own units.
    pub points: Vec<[f32; 2]>,
    /// The Kullback-Leibler divergence that t-SNE minimises, in nats.
    pub divergence: f64,
}

/// Places the latents on a plane. `progress` is called with the number of each finished iteration.
///
/// Runs in `pool`, which must have one thread: with several, sums are added in another order each time, and the map
/// would not be the same twice.
///
/// # Errors
///
/// The pool has several threads, there are too few latents, or t-SNE diverged.
pub fn embed(
    latents: &[[f32; 4]],
    pool: &rayon::ThreadPool,
    progress: impl FnMut(usize) + Send,
) -> Result<Embedding> {
    ensure!(pool.current_num_threads() == 1, "a map is made on one thread");
    let least = 3 * PERPLEXITY as usize + 2;
    ensure!(latents.len() >= least, "a map needs at least {least} patterns, there are {}", latents.len());
    let (points, affinities) = pool.install(|| fit(latents, progress));
    let affinities = affinities.context("t-SNE left no affinities")?;
    ensure!(points.iter().flatten().all(|value| value.is_finite()), "t-SNE diverged");
    let divergence = divergence(&points, &affinities);
    Ok(Embedding { points, divergence })
}

fn fit(
    latents: &[[f32; 4]],
    mut progress: impl FnMut(usize) + Send,
) -> (Vec<[f32; 2]>, Option<SparseAffinities<f32>>) {
    let start: Vec<f32> = start(latents).into_iter().flatten().collect();
    let mut tsne = tSNE::<f32, [f32; 4], 2>::new(latents);
    tsne.perplexity(PERPLEXITY)
        .epochs(ITERATIONS)
        // With the default rate tens of thousands of points do not converge.
        .learning_rate((latents.len() as f32 / 3.0).max(50.0))
        .initial_embedding(start)
        .epoch_callback(move |iteration, _| progress(iteration + 1))
        .fit_sne(|a, b| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt());
    let points = tsne.embedding().chunks_exact(2).map(|point| [point[0], point[1]]).collect();
    (points, tsne.affinities())
}

/// KL(P || Q), equation 2 of van der Maaten 2014, exact in Q. (The divergence of bhtsne 0.7.13
/// itself reads the wrong row.)
fn divergence(points: &[[f32; 2]], affinities: &SparseAffinities<f32>) -> f64 {
    let kernel = |i: usize, j: usize| -> f64 {
        let (dx, dy) = (points[i][0] - points[j][0], points[i][1] - points[j][1]);
        1.0 / (1.0 + f64::from(dx * dx + dy * dy))
    };
    // Collected before they are added, so that the order of addition is always the same.
    let sums: Vec<f64> = (0..points.len())
        .into_par_iter()
        .map(|i| (0..points.len()).filter(|&j| j != i).map(|j| kernel(i, j)).sum())
        .collect();
    let normaliser: f64 = sums.iter().sum();
    let mut total = 0.0;
    for i in 0..points.len() {
        for entry in affinities.rows()[i]..affinities.rows()[i + 1] {
            let p = f64::from(affinities.values()[entry]);
            if p > 0.0 {
                let q = kernel(i, affinities.columns()[entry] as usize) / normaliser;
                total += p * (p / q).ln();
            }
        }
    }
    total
}

/// The latents projected onto their first two principal axes, centred, with standard deviation 1e-4 along the
/// first: the recommended start of t-SNE, since it preserves the large-scale layout.
fn start(latents: &[[f32; 4]]) -> Vec<[f32; 2]> {
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
    use crate::rng::{Purpose, TrainingRng};

    #[test]
    fn clusters_of_latents_stay_together_and_the_map_is_the_same_twice() -> Result<()> {
        let mut rng = TrainingRng::new(3, Purpose::Latents, 0);
        let latents: Vec<[f32; 4]> = (0..120)
            .map(|k| std::array::from_fn(|d| if d == k % 3 { 8.0 } else { 0.0 } + 0.2 * rng.normal()))
            .collect();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
        let embedding = embed(&latents, &pool, |_| {})?;
        let distance = |i: usize, j: usize| {
            let (a, b) = (embedding.points[i], embedding.points[j]);
            (a[0] - b[0]).hypot(a[1] - b[1])
        };
        for i in 0..latents.len() {
            let nearest = (0..latents.len())
                .filter(|&j| j != i)
                .min_by(|&a, &b| distance(i, a).total_cmp(&distance(i, b)));
            assert_eq!(nearest.map(|j| j % 3), Some(i % 3));
        }
        assert!(embedding.divergence > 0.0 && embedding.divergence < 2.0, "{}", embedding.divergence);
        assert_eq!(embed(&latents, &pool, |_| {})?.points, embedding.points);
        Ok(())
    }

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
