//! Neighbourhoods of a map: whether genres lie together, and whether neighbours on the map are neighbours as
//! latents.

use nets::Latent;
use rayon::prelude::*;

/// Neighbours of a point that are compared.
const NEIGHBOURS: usize = 10;
/// The most points that are measured, evenly spaced in the list.
const MEASURED: usize = 4000;

/// How many of a point's 10 nearest neighbours have its genre, on average, over how many would by
/// random placement. 1 for genres that are scattered over the map.
pub fn purity(points: &[[f32; 2]], genres: &[u8]) -> f64 {
    let count = points.len().min(genres.len());
    let mut sizes = [0_usize; 256];
    for genre in &genres[..count] {
        sizes[usize::from(*genre)] += 1;
    }
    let expected: f64 = sizes.iter().map(|size| (*size as f64 / count as f64).powi(2)).sum();
    same_genre_share(points, genres, |_| true).map_or(1.0, |found| found / expected)
}

/// The same for the points of one genre.
pub fn purity_of(points: &[[f32; 2]], genres: &[u8], genre: u8) -> f64 {
    let count = points.len().min(genres.len());
    let size = genres[..count].iter().filter(|other| **other == genre).count();
    let expected = size as f64 / count as f64;
    same_genre_share(points, genres, |k| genres[k] == genre).map_or(1.0, |found| found / expected)
}

/// The share of the nearest neighbours of the chosen points that have their genre; `None` where there are too few
/// points.
fn same_genre_share(points: &[[f32; 2]], genres: &[u8], chosen: impl Fn(usize) -> bool) -> Option<f64> {
    let count = points.len().min(genres.len());
    let chosen: Vec<usize> = (0..count).filter(|k| chosen(*k)).collect();
    if count <= NEIGHBOURS || chosen.is_empty() {
        return None;
    }
    let stride = chosen.len().div_ceil(MEASURED);
    let same: Vec<usize> = chosen
        .into_par_iter()
        .step_by(stride)
        .map(|k| nearest_on_map(k, count, points).into_iter().filter(|j| genres[*j] == genres[k]).count())
        .collect();
    Some(same.iter().sum::<usize>() as f64 / (same.len() * NEIGHBOURS) as f64)
}

/// Trustworthiness (Venna & Kaski 2001, equation 3, k = 10): 1 where the nearest neighbours on the map are also
/// those of the latents, about one half on a random map.
pub fn trustworthiness(latents: &[Latent], places: &[[f32; 2]]) -> f64 {
    let count = latents.len().min(places.len());
    if count <= 2 * NEIGHBOURS {
        return 1.0;
    }
    let stride = count.div_ceil(MEASURED);
    let intruders: Vec<usize> = (0..count)
        .into_par_iter()
        .step_by(stride)
        .map(|k| {
            nearest_on_map(k, count, places)
                .into_iter()
                .map(|other| intrusion(k, other, &latents[..count]))
                .sum()
        })
        .collect();
    let (n, k) = (count as f64, NEIGHBOURS as f64);
    let mean = intruders.iter().sum::<usize>() as f64 / intruders.len() as f64;
    1.0 - 2.0 * mean / (k * (2.0 * n - 3.0 * k - 1.0))
}

/// The [`NEIGHBOURS`] of the first `count` points that are nearest to point `k`.
fn nearest_on_map(k: usize, count: usize, places: &[[f32; 2]]) -> Vec<usize> {
    let distance = |j: usize| (places[j][0] - places[k][0]).powi(2) + (places[j][1] - places[k][1]).powi(2);
    let mut others: Vec<(f32, usize)> = (0..count).filter(|j| *j != k).map(|j| (distance(j), j)).collect();
    others.select_nth_unstable_by(NEIGHBOURS - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    others[..NEIGHBOURS].iter().map(|(_, j)| *j).collect()
}

/// By how many ranks `other` is too far to be among the nearest latents of `k`.
fn intrusion(k: usize, other: usize, latents: &[Latent]) -> usize {
    let distance =
        |j: usize| -> f32 { latents[j].iter().zip(&latents[k]).map(|(a, b)| (a - b).powi(2)).sum() };
    let own = distance(other);
    let nearer = (0..latents.len()).filter(|j| *j != k && distance(*j) < own).count();
    (nearer + 1).saturating_sub(NEIGHBOURS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, TrainingRng};

    #[test]
    fn separated_genres_are_purer_than_mixed_ones() {
        let mut rng = TrainingRng::new(1, Purpose::Placing, 0);
        let points: Vec<[f32; 2]> = (0..600).map(|_| [rng.unit(), rng.unit()]).collect();
        let apart: Vec<u8> = points.iter().map(|point| u8::from(point[0] > 0.5)).collect();
        let mixed: Vec<u8> = (0..600).map(|k| (k % 2) as u8).collect();
        assert!(purity(&points, &apart) > 1.8, "{}", purity(&points, &apart));
        assert!((0.9..1.1).contains(&purity(&points, &mixed)), "{}", purity(&points, &mixed));
        assert_eq!(purity(&points[..5], &apart[..5]), 1.0);
        assert!(purity_of(&points, &apart, 1) > 1.8 && purity_of(&points, &mixed, 1) < 1.1);
        assert_eq!(purity_of(&points, &mixed, 7), 1.0);
    }

    #[test]
    fn a_map_that_keeps_neighbours_is_trusted_and_a_shuffled_one_is_not() {
        let mut rng = TrainingRng::new(1, Purpose::Placing, 0);
        let places: Vec<[f32; 2]> = (0..500).map(|_| [rng.unit(), rng.unit()]).collect();
        let faithful: Vec<Latent> = places.iter().map(|[x, y]| [*x, *y, 0.0, 0.0]).collect();
        assert_eq!(trustworthiness(&faithful, &places), 1.0);
        let shuffled: Vec<Latent> = rng.order(500).into_iter().map(|k| faithful[k]).collect();
        let trust = trustworthiness(&shuffled, &places);
        assert!((0.4..0.6).contains(&trust), "{trust}");
    }
}
