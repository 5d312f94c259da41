//! The inverse of the map, from a place to a latent: kernel regression over the nearest placed patterns,
//! tabulated on a grid that is interpolated bilinearly when it is played.

use anyhow::{Result, ensure};
use rayon::prelude::*;

/// Cells of the grid along each side.
pub const SIDE: usize = 128;
/// The nearest placed patterns that are averaged at a grid point.
const NEIGHBOURS: usize = 24;
/// The deviation, in cells, of the Gaussian that smooths the grid. With it a step to the next cell
/// changes 4.2 cells of the shipped model's pattern on average and 14 at the 95th percentile; what a
/// narrower or a wider one does is in `docs/report/tried.md`.
const SMOOTHING: f32 = 2.5;

/// The latent of each of the 128 x 128 grid points; point `(column, row)` lies on the map at
/// `(column, row) / 127` and has the index `row * 128 + column`.
///
/// The Gaussian kernel is half as wide as the farthest of the neighbours is away: narrow where patterns are dense,
/// wide where they are sparse.
///
/// # Errors
///
/// There is no point, or not one for each latent.
pub fn invert(points: &[[f32; 2]], latents: &[[f32; 4]]) -> Result<Vec<[f32; 4]>> {
    ensure!(points.len() == latents.len(), "{} points for {} latents", points.len(), latents.len());
    ensure!(!points.is_empty(), "no pattern was placed on the map");
    let last = (SIDE - 1) as f32;
    let raw: Vec<[f32; 4]> = (0..SIDE * SIDE)
        .into_par_iter()
        .map(|cell| {
            let place = [(cell % SIDE) as f32 / last, (cell / SIDE) as f32 / last];
            kernel_mean(place, points, latents)
        })
        .collect();
    let along = smoothed(&raw, 1);
    Ok(smoothed(&along, SIDE))
}

/// The grid smoothed along one axis, whose neighbours are `stride` apart. Beyond the edge it is mirrored.
fn smoothed(grid: &[[f32; 4]], stride: usize) -> Vec<[f32; 4]> {
    let radius = (4.0 * SMOOTHING) as isize;
    let weights: Vec<(isize, f32)> = (-radius..=radius)
        .map(|offset| (offset, (-0.5 * (offset as f32 / SMOOTHING).powi(2)).exp()))
        .collect();
    let total: f32 = weights.iter().map(|(_, weight)| weight).sum();
    (0..grid.len())
        .map(|cell| {
            let place = cell / stride % SIDE;
            let mut sum = [0.0; 4];
            for (offset, weight) in &weights {
                let other = mirrored(place as isize + offset);
                let latent = grid[cell - place * stride + other * stride];
                sum = std::array::from_fn(|d| sum[d] + weight / total * latent[d]);
            }
            sum
        })
        .collect()
}

/// The grid line that a line beyond the edge mirrors.
fn mirrored(line: isize) -> usize {
    let inside = if line < 0 { -1 - line } else { line };
    let last = SIDE as isize - 1;
    (if inside > last { 2 * last + 1 - inside } else { inside }) as usize
}

/// The kernel-weighted mean of the latents nearest to a place.
fn kernel_mean(place: [f32; 2], points: &[[f32; 2]], latents: &[[f32; 4]]) -> [f32; 4] {
    let neighbours = nearest(place, points);
    let farthest = neighbours.last().map_or(0.0, |(distance, _)| *distance);
    let bandwidth = 0.25 * farthest.max(1e-12); // squared: half of the distance
    let mut sum = [0.0_f64; 4];
    let mut total = 0.0;
    for (distance, k) in neighbours {
        let weight = f64::from(-0.5 * distance / bandwidth).exp();
        total += weight;
        for (sum, value) in sum.iter_mut().zip(latents[k]) {
            *sum += weight * f64::from(value);
        }
    }
    sum.map(|value| (value / total) as f32)
}

/// Squared distance and index of the nearest points, nearest first.
fn nearest(place: [f32; 2], points: &[[f32; 2]]) -> Vec<(f32, usize)> {
    let mut all: Vec<(f32, usize)> = points
        .iter()
        .enumerate()
        .map(|(k, point)| ((point[0] - place[0]).powi(2) + (point[1] - place[1]).powi(2), k))
        .collect();
    let count = NEIGHBOURS.min(all.len());
    let by_distance = |a: &(f32, usize), b: &(f32, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if count < all.len() {
        all.select_nth_unstable_by(count, by_distance);
    }
    all.truncate(count);
    all.sort_by(by_distance);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_point_is_the_mean_of_the_patterns_around_it() -> Result<()> {
        let points: Vec<[f32; 2]> =
            (0..400).map(|k| [(k % 20) as f32 / 19.0, (k / 20) as f32 / 19.0]).collect();
        let latents: Vec<[f32; 4]> = points.iter().map(|point| [point[0], point[1], 1.0, -1.0]).collect();
        let grid = invert(&points, &latents)?;
        assert_eq!(grid.len(), SIDE * SIDE);
        let middle = grid[SIDE / 2 * SIDE + SIDE / 4];
        assert!((middle[0] - 0.25).abs() < 0.02 && (middle[1] - 0.5).abs() < 0.02, "{middle:?}");
        assert!(grid.iter().all(|z| (z[2] - 1.0).abs() < 1e-5 && z.iter().all(|value| value.is_finite())));
        Ok(())
    }

    #[test]
    fn a_discontinuity_between_two_patterns_is_smoothed() -> Result<()> {
        // Two clusters: without smoothing, one cell would be the left one's mean and the next the right one's.
        let points: Vec<[f32; 2]> =
            (0..60).map(|k| [if k < 30 { 0.25 } else { 0.75 }, k as f32 % 30.0 / 29.0]).collect();
        let latents: Vec<[f32; 4]> = points.iter().map(|point| [8.0 * point[0]; 4]).collect();
        let grid = invert(&points, &latents)?;
        let row = &grid[SIDE / 2 * SIDE..(SIDE / 2 + 1) * SIDE];
        assert!(row.windows(2).all(|pair| (pair[1][0] - pair[0][0]).abs() < 1.0), "a jump of 4 stayed");
        assert!((row[0][0] - 2.0).abs() < 0.01 && (row[SIDE - 1][0] - 6.0).abs() < 0.01);
        Ok(())
    }

    #[test]
    fn one_pattern_alone_fills_the_map() -> Result<()> {
        let grid = invert(&[[0.5, 0.5]], &[[1.0, 2.0, 3.0, 4.0]])?;
        let same = |z: &[f32; 4]| (0..4).all(|d| (z[d] - (d + 1) as f32).abs() < 1e-5);
        assert!(grid.iter().all(same));
        assert!(invert(&[], &[]).is_err());
        Ok(())
    }
}
