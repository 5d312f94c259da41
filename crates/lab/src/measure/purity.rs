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
    if count <= NEIGHBOURS {
        return 1.0;
    }
    let stride = count.div_ceil(ASKED);
    let same: Vec<usize> = (0..count)
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
    let found = same.iter().sum::<usize>() as f64 / (same.len() * NEIGHBOURS) as f64;
    let mut sizes = [0_usize; 256];
    for genre in &genres[..count] {
        sizes[usize::from(*genre)] += 1;
    }
    let chance: f64 = sizes.iter().map(|size| (*size as f64 / count as f64).powi(2)).sum();
    found / chance
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
    }
}
