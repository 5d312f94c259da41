//! Clouds of points on the plane: alignment of a new map with an old one, so that regions stay where players learned
//! them, and even distribution over the square, so that no part of the pad is empty and none is crowded.

use rayon::prelude::*;

use crate::rng::{Purpose, TrainingRng};

/// Iterations.
pub const ITERATIONS: usize = 300;

/// Moves the points until they fill the unit square evenly, keeping neighbours together, by sliced optimal
/// transport (Rabin, Peyré, Delon & Bernot 2011). Returns the points in 0..=1, in their order.
pub fn equalise(points: &[[f32; 2]], seed: u64) -> Vec<[f32; 2]> {
    let target = even_square(points.len());
    let mut cloud = fitted(points);
    let mut rng = TrainingRng::new(seed, Purpose::Directions, 0);
    for iteration in 0..ITERATIONS {
        let angle = rng.between(0.0, std::f32::consts::PI);
        let axes = [[angle.cos(), angle.sin()], [-angle.sin(), angle.cos()]];
        // The last steps are smaller, so that the points converge.
        let rate = 1.0 - 0.7 * iteration as f32 / ITERATIONS as f32;
        let moves: Vec<Vec<f32>> = axes.par_iter().map(|axis| transport(&cloud, &target, *axis)).collect();
        for (k, point) in cloud.iter_mut().enumerate() {
            for (axis, along) in axes.iter().zip(&moves) {
                point[0] += rate * along[k] * axis[0];
                point[1] += rate * along[k] * axis[1];
            }
        }
    }
    for point in &mut cloud {
        *point = point.map(|value| value.clamp(0.0, 1.0));
    }
    cloud
}

/// How far each point has to move along `axis` so that the distributions of cloud and target agree there.
fn transport(cloud: &[[f32; 2]], target: &[[f32; 2]], axis: [f32; 2]) -> Vec<f32> {
    let along = |point: &[f32; 2]| point[0] * axis[0] + point[1] * axis[1];
    let mut goals: Vec<f32> = target.iter().map(along).collect();
    goals.sort_by(f32::total_cmp);
    let places: Vec<f32> = cloud.iter().map(along).collect();
    let mut order: Vec<usize> = (0..cloud.len()).collect();
    order.sort_by(|&a, &b| places[a].total_cmp(&places[b]).then(a.cmp(&b)));
    let mut moves = vec![0.0; cloud.len()];
    for (goal, k) in goals.into_iter().zip(order) {
        moves[k] = goal - places[k];
    }
    moves
}

/// `count` points evenly over the unit square: the R2 sequence (Roberts 2018).
fn even_square(count: usize) -> Vec<[f32; 2]> {
    const PLASTIC: f64 = 1.324_717_957_244_746;
    let place = |k: usize, power: i32| ((k as f64 + 0.5) / PLASTIC.powi(power)).fract() as f32;
    (1..=count).map(|k| [place(k, 1), place(k, 2)]).collect()
}

/// The points moved and scaled, both axes alike, into the unit square.
pub fn fitted(points: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let edge = |d: usize, extreme: fn(f32, f32) -> f32, from: f32| {
        points.iter().map(|point| point[d]).fold(from, extreme)
    };
    let low = [0, 1].map(|d| edge(d, f32::min, f32::INFINITY));
    let high = [0, 1].map(|d| edge(d, f32::max, f32::NEG_INFINITY));
    let size = (high[0] - low[0]).max(high[1] - low[1]).max(1e-12);
    points
        .iter()
        .map(|point| std::array::from_fn(|d| 0.5 + (point[d] - 0.5 * (low[d] + high[d])) / size))
        .collect()
}

/// The points around their mean, rotated to fit `onto`, and mirrored where that fits better: the orthogonal
/// Procrustes problem in the plane (Schönemann 1966). Point k of both lists is of the same pattern.
pub fn aligned(points: &[[f32; 2]], onto: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let (from, to) = (centred(points), centred(onto));
    let mirrored: Vec<[f64; 2]> = from.iter().map(|[x, y]| [-x, *y]).collect();
    let [plain, mirror] = [&from, &mirrored].map(|from| rotation(from, &to));
    let (cloud, [cos, sin]) = if mirror.1 > plain.1 { (&mirrored, mirror.0) } else { (&from, plain.0) };
    cloud.iter().map(|[x, y]| [cos * x - sin * y, sin * x + cos * y].map(|value| value as f32)).collect()
}

/// The mean distance of points of the same index.
pub fn mean_distance(a: &[[f32; 2]], b: &[[f32; 2]]) -> f64 {
    let distances = a.iter().zip(b).map(|(a, b)| f64::from((a[0] - b[0]).hypot(a[1] - b[1])));
    distances.sum::<f64>() / a.len().min(b.len()).max(1) as f64
}

/// Cosine and sine of the rotation that brings `from` closest to `to`, and the sum of their dot products then.
fn rotation(from: &[[f64; 2]], to: &[[f64; 2]]) -> ([f64; 2], f64) {
    let (mut along, mut across) = (0.0, 0.0);
    for ([x, y], [u, v]) in from.iter().zip(to) {
        along += x * u + y * v;
        across += x * v - y * u;
    }
    let agreement = along.hypot(across);
    if agreement > 0.0 { ([along / agreement, across / agreement], agreement) } else { ([1.0, 0.0], 0.0) }
}

/// The points minus their mean.
fn centred(points: &[[f32; 2]]) -> Vec<[f64; 2]> {
    let mean =
        |d: usize| points.iter().map(|point| f64::from(point[d])).sum::<f64>() / points.len().max(1) as f64;
    let mean = [mean(0), mean(1)];
    points.iter().map(|point| std::array::from_fn(|d| f64::from(point[d]) - mean[d])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fullest and the emptiest of 8 x 8 cells, in points.
    fn extremes(points: &[[f32; 2]]) -> (usize, usize) {
        let mut cells = [0; 64];
        for point in points {
            let [x, y] = point.map(|value| ((value * 8.0) as usize).min(7));
            cells[8 * y + x] += 1;
        }
        let fullest = cells.iter().max().copied().unwrap_or(0);
        (fullest, cells.iter().min().copied().unwrap_or(0))
    }

    #[test]
    fn a_lopsided_cloud_fills_the_square() {
        let mut rng = TrainingRng::new(5, Purpose::Latents, 0);
        let cloud: Vec<[f32; 2]> = (0..3000)
            .map(|k| {
                if k % 3 == 0 {
                    [9.0 + rng.normal(), rng.normal()]
                } else {
                    [0.1 * rng.normal(), 0.3 * rng.normal()]
                }
            })
            .collect();
        let (fullest, _) = extremes(&fitted(&cloud));
        assert!(fullest > 300, "the cloud is lopsided to begin with");
        let even = equalise(&cloud, 1);
        let (fullest, emptiest) = extremes(&even);
        assert!(fullest < 75 && emptiest > 25, "{emptiest} to {fullest} of 47 points a cell");
        assert!(even.iter().flatten().all(|value| (0.0..=1.0).contains(value)));
    }

    #[test]
    fn a_rotated_and_mirrored_map_is_aligned() {
        let mut rng = TrainingRng::new(1, Purpose::Placing, 0);
        let old: Vec<[f32; 2]> = (0..300).map(|_| [rng.unit(), 0.4 * rng.unit()]).collect();
        for (angle, mirror) in [(0.0_f32, 1.0), (2.0, 1.0), (-0.7, -1.0), (3.1, -1.0)] {
            let (sin, cos) = angle.sin_cos();
            let new: Vec<[f32; 2]> = old
                .iter()
                .map(|[x, y]| [mirror * (cos * x - sin * y) + 7.0, sin * x + cos * y - 3.0])
                .collect();
            let back = aligned(&new, &old);
            let old: Vec<[f32; 2]> = centred(&old).iter().map(|point| point.map(|v| v as f32)).collect();
            assert!(mean_distance(&back, &old) < 1e-4, "rotated by {angle}, mirrored {mirror}");
        }
    }

    #[test]
    fn an_empty_map_stays_empty() {
        assert!(aligned(&[], &[]).is_empty());
        assert_eq!(aligned(&[[3.0, 4.0]], &[[0.1, 0.2]]), [[0.0, 0.0]]);
        assert_eq!(mean_distance(&[], &[]), 0.0);
    }
}
