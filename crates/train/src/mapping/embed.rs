//! From 4-D latents to a plane: t-SNE (van der Maaten & Hinton 2008), interpolated by bhtsne.

use anyhow::{Context, Result, ensure};
use bhtsne::{SparseAffinities, tSNE};
use rayon::prelude::*;

use super::principal;

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
    let start: Vec<f32> = principal::start(latents).into_iter().flatten().collect();
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
}
