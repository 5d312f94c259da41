//! Where a genre is named on the map: where it is densest relative to all patterns. Its mean may lie in an area
//! of other genres.

/// Cells along each side of the grid on which density is measured.
const SIDE: usize = 48;
/// The deviation of the kernel that smooths density, in cells.
const WIDTH: f32 = 2.5;
/// A genre with fewer placed patterns is not named.
const MIN_PATTERNS: usize = 40;
/// The most names on a map, for legibility.
const MAX_NAMES: usize = 24;
/// A name is left out where the free places have less than this share of the genre's highest relative density:
/// it would stand in an area of other genres.
const MIN_DENSITY: f32 = 0.5;
/// The least distance of two names, horizontally or vertically, as shares of the square.
const SPACING: [f32; 2] = [0.17, 0.06];

/// A genre and the place of its name on the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GenreRegion {
    /// Which genre, by index.
    pub genre: u8,
    /// Where its name stands on the map, both in 0..=1.
    pub at: [f32; 2],
}

/// The regions of the genres `0..genres` that enough of the points have, largest genre first. `labels[k]`
/// is the genre of point `k`; a label of `genres` or above means unknown. At most 24 are named.
pub fn regions(points: &[[f32; 2]], labels: &[u8], genres: usize) -> Vec<GenreRegion> {
    let whole = density(points.iter());
    let mean = whole.iter().sum::<f32>() / whole.len() as f32;
    let own = |genre: usize| {
        points
            .iter()
            .zip(labels)
            .filter(move |(_, label)| usize::from(**label) == genre)
            .map(|(point, _)| point)
    };
    let mut sizes: Vec<(usize, usize)> = (0..genres).map(|genre| (own(genre).count(), genre)).collect();
    sizes.retain(|(size, _)| *size >= MIN_PATTERNS);
    sizes.sort_by_key(|(size, genre)| (std::cmp::Reverse(*size), *genre));
    let mut named: Vec<GenreRegion> = Vec::new();
    for (_, genre) in sizes {
        let density = density(own(genre));
        // Half the mean density is added, so that a lone pattern at the edge does not name a region.
        let share = |cell: usize| density[cell] / (whole[cell] + 0.5 * mean);
        let free = |cell: &usize| is_legible(place(*cell), &named);
        let best = (0..SIDE * SIDE).map(share).fold(0.0, f32::max);
        let densest = (0..SIDE * SIDE).filter(free).max_by(|&a, &b| share(a).total_cmp(&share(b)));
        let dense_enough = densest.filter(|cell| share(*cell) >= MIN_DENSITY * best);
        if let (Some(cell), Ok(genre)) = (dense_enough, u8::try_from(genre)) {
            named.push(GenreRegion { genre, at: place(cell) });
        }
    }
    named.truncate(MAX_NAMES);
    named
}

/// The middle of a cell on the map.
fn place(cell: usize) -> [f32; 2] {
    [cell % SIDE, cell / SIDE].map(|cell| (cell as f32 + 0.5) / SIDE as f32)
}

/// Whether a name at `at` can be read: away from the edge, and clear of the names so far. Names are wide and low.
fn is_legible(at: [f32; 2], named: &[GenreRegion]) -> bool {
    let clear = |other: &GenreRegion| (0..2).any(|d| (at[d] - other.at[d]).abs() > SPACING[d]);
    (0.06..0.94).contains(&at[0]) && (0.03..0.97).contains(&at[1]) && named.iter().all(clear)
}

/// Points a cell, smoothed by a Gaussian along both axes.
fn density<'a>(points: impl Iterator<Item = &'a [f32; 2]>) -> Vec<f32> {
    let mut cells = vec![0.0; SIDE * SIDE];
    for point in points {
        let [x, y] = point.map(|value| ((value * SIDE as f32) as usize).min(SIDE - 1));
        cells[y * SIDE + x] += 1.0;
    }
    let along = smoothed(&cells, 1);
    smoothed(&along, SIDE)
}

/// The cells smoothed along one axis, whose neighbours are `stride` apart.
fn smoothed(cells: &[f32], stride: usize) -> Vec<f32> {
    let radius = (3.0 * WIDTH) as usize;
    let weight = |distance: usize| (-0.5 * (distance as f32 / WIDTH).powi(2)).exp();
    (0..cells.len())
        .map(|cell| {
            let place = cell / stride % SIDE;
            let (mut sum, mut total) = (0.0, 0.0);
            for other in place.saturating_sub(radius)..=(place + radius).min(SIDE - 1) {
                let weight = weight(other.abs_diff(place));
                sum += weight * cells[cell + other * stride - place * stride];
                total += weight;
            }
            sum / total
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, TrainingRng};

    #[test]
    fn a_genre_is_named_where_it_outweighs_the_others() {
        let mut rng = TrainingRng::new(2, Purpose::Latents, 0);
        // Genre 0 is everywhere; genre 1 has a corner of its own and a few scattered patterns; genre 2 is rare.
        let mut points = Vec::new();
        let mut labels = Vec::new();
        for k in 0..2000 {
            points.push([rng.unit(), rng.unit()]);
            labels.push(if k % 100 == 0 { 2 } else { 0 });
        }
        for k in 0..200 {
            let corner = [rng.between(0.8, 0.95), rng.between(0.1, 0.2)];
            points.push(if k % 4 == 0 { [rng.unit(), rng.unit()] } else { corner });
            labels.push(1);
        }
        let regions = regions(&points, &labels, 3);
        assert_eq!(regions.iter().map(|region| region.genre).collect::<Vec<_>>(), [0, 1]);
        let [x, y] = regions[1].at;
        assert!((0.75..0.95).contains(&x) && (0.05..0.25).contains(&y), "{x} {y}");
        assert!(regions.iter().flat_map(|region| region.at).all(|value| (0.0..=1.0).contains(&value)));
    }

    #[test]
    fn names_are_few_and_stand_clear_of_each_other() {
        // Forty genres with the same distribution: there is room for few of their names.
        let mut rng = TrainingRng::new(4, Purpose::Latents, 0);
        let points: Vec<[f32; 2]> = (0..4000).map(|_| [rng.unit(), rng.unit()]).collect();
        let labels: Vec<u8> = (0..4000).map(|k| (k % 40) as u8).collect();
        let regions = regions(&points, &labels, 40);
        assert!((8..=MAX_NAMES).contains(&regions.len()), "{}", regions.len());
        for (k, a) in regions.iter().enumerate() {
            assert!(regions[..k].iter().all(|b| (0..2).any(|d| (a.at[d] - b.at[d]).abs() > SPACING[d])));
        }
    }
}
