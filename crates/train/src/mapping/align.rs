//! Alignment of a new map with an old one, so that regions stay where players learned them: the orthogonal
//! Procrustes problem in the plane (Schönemann 1966).

/// The points around their mean, rotated to fit `onto`, and mirrored where that fits better. Point k of both lists
/// is of the same pattern.
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
    use crate::rng::{Purpose, TrainingRng};

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
