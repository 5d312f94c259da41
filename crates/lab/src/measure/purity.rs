//! Whether genres keep together on a map.

use rayon::prelude::*;

/// Neighbours that are asked.
const NEIGHBOURS: usize = 10;
/// Points that are asked about, evenly chosen: more would only take longer.
const ASKED: usize = 4000;

/// How many of a point's 10 nearest neighbours have its genre, on average, over how many would by
/// chance. 1 for genres that are scattered over the map.
pub(crate) fn purity(points: &[[f32; 2]], genres: &[u8]) -> f64 {
    let count = points.len().min(genres.len());
    let mut sizes = [0_usize; 256];
    for genre in &genres[..count] {
        sizes[usize::from(*genre)] += 1;
    }
    let chance: f64 = sizes.iter().map(|size| (*size as f64 / count as f64).powi(2)).sum();
    kinship(points, genres, |_| true).map_or(1.0, |found| found / chance)
}

/// The same for the points of one genre: how closely it keeps together.
pub(crate) fn purity_of(points: &[[f32; 2]], genres: &[u8], genre: u8) -> f64 {
    let count = points.len().min(genres.len());
    let size = genres[..count].iter().filter(|other| **other == genre).count();
    let chance = size as f64 / count as f64;
    kinship(points, genres, |k| genres[k] == genre).map_or(1.0, |found| found / chance)
}

/// Which share of the nearest neighbours of the asked points have their genre; `None` where there are
/// too few points to ask.
fn kinship(points: &[[f32; 2]], genres: &[u8], asked: impl Fn(usize) -> bool) -> Option<f64> {
    let count = points.len().min(genres.len());
    let asked: Vec<usize> = (0..count).filter(|k| asked(*k)).collect();
    if count <= NEIGHBOURS || asked.is_empty() {
        return None;
    }
    let stride = asked.len().div_ceil(ASKED);
    let same: Vec<usize> = asked
        .into_par_iter()
        .step_by(stride)
        .map(|k| {
            let distance =
                |j: usize| (points[j][0] - points[k][0]).powi(2) + (points[j][1] - points[k][1]).powi(2);
            let mut others: Vec<(f32, usize)> =
                (0..count).filter(|j| *j != k).map(|j| (distance(j), j)).collect();
            others.select_nth_unstable_by(NEIGHBOURS - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            others[..NEIGHBOURS].iter().filter(|(_, j)| genres[*j] == genres[k]).count()
        })
        .collect();
    Some(same.iter().sum::<usize>() as f64 / (same.len() * NEIGHBOURS) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::{Dice, Purpose};

    #[test]
    fn genres_that_keep_apart_are_purer_than_chance() {
        let mut dice = Dice::new(1, Purpose::Placing, 0);
        let points: Vec<[f32; 2]> = (0..600).map(|_| [dice.unit(), dice.unit()]).collect();
        let apart: Vec<u8> = points.iter().map(|point| u8::from(point[0] > 0.5)).collect();
        let mixed: Vec<u8> = (0..600).map(|k| (k % 2) as u8).collect();
        assert!(purity(&points, &apart) > 1.8, "{}", purity(&points, &apart));
        assert!((0.9..1.1).contains(&purity(&points, &mixed)), "{}", purity(&points, &mixed));
        assert_eq!(purity(&points[..5], &apart[..5]), 1.0);
        assert!(purity_of(&points, &apart, 1) > 1.8 && purity_of(&points, &mixed, 1) < 1.1);
        assert_eq!(purity_of(&points, &mixed, 7), 1.0);
    }
}
