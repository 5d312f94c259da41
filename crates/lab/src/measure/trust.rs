//! Whether neighbours on a map are neighbours in the code space.

use nets::Latent;
use rayon::prelude::*;

/// Neighbours that are asked.
const NEIGHBOURS: usize = 10;
/// Points that are asked about, evenly chosen: more would only take longer.
const ASKED: usize = 4000;

/// Trustworthiness (Venna & Kaski 2001, equation 3, k = 10): 1 where the nearest on the map are the
/// nearest as latents, about one half where they are any.
pub(crate) fn trustworthiness(latents: &[Latent], places: &[[f32; 2]]) -> f64 {
    let count = latents.len().min(places.len());
    if count <= 2 * NEIGHBOURS {
        return 1.0;
    }
    let stride = count.div_ceil(ASKED);
    let intruders: Vec<usize> = (0..count)
        .into_par_iter()
        .step_by(stride)
        .map(|k| near(k, count, places).into_iter().map(|other| intrusion(k, other, &latents[..count])).sum())
        .collect();
    let (n, k) = (count as f64, NEIGHBOURS as f64);
    let mean = intruders.iter().sum::<usize>() as f64 / intruders.len() as f64;
    1.0 - 2.0 * mean / (k * (2.0 * n - 3.0 * k - 1.0))
}

/// The nearest on the map to point `k`.
fn near(k: usize, count: usize, places: &[[f32; 2]]) -> Vec<usize> {
    let distance = |j: usize| (places[j][0] - places[k][0]).powi(2) + (places[j][1] - places[k][1]).powi(2);
    let mut others: Vec<(f32, usize)> = (0..count).filter(|j| *j != k).map(|j| (distance(j), j)).collect();
    others.select_nth_unstable_by(NEIGHBOURS - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    others[..NEIGHBOURS].iter().map(|(_, j)| *j).collect()
}

/// By how many ranks `other` misses being among the nearest latents of `k`.
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
    use crate::chance::{Dice, Purpose};

    #[test]
    fn a_map_that_keeps_neighbours_is_trusted_and_a_shuffled_one_is_not() {
        let mut dice = Dice::new(1, Purpose::Placing, 0);
        let places: Vec<[f32; 2]> = (0..500).map(|_| [dice.unit(), dice.unit()]).collect();
        let faithful: Vec<Latent> = places.iter().map(|[x, y]| [*x, *y, 0.0, 0.0]).collect();
        assert_eq!(trustworthiness(&faithful, &places), 1.0);
        let shuffled: Vec<Latent> = dice.order(500).into_iter().map(|k| faithful[k]).collect();
        let trust = trustworthiness(&shuffled, &places);
        assert!((0.4..0.6).contains(&trust), "{trust}");
    }
}
