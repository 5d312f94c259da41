//! Where a group of patterns, such as a genre, is named on the map: where it is densest relative to all patterns. Its
//! mean may lie in an area of others.

/// Cells along each side of the grid on which density is measured.
const SIDE: usize = 48;
/// The deviation of the kernel that smooths density, in cells.
const WIDTH: f32 = 2.5;
/// A group with fewer placed patterns is not named.
const MIN_PATTERNS: usize = 40;
/// The most names on a map, for legibility.
const MAX_NAMES: usize = 24;
/// A name is left out where the free places have less than this share of the group's highest relative density:
/// it would stand in an area of others.
const MIN_DENSITY: f32 = 0.5;
/// The least distance of two names, horizontally or vertically, as shares of the square.
const SPACING: [f32; 2] = [0.17, 0.06];

/// A group and the place of its name on the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupRegion {
    /// Which group, by index.
    pub group: usize,
    /// Where its name stands on the map, both in 0..=1.
    pub at: [f32; 2],
}

/// The regions of those groups that enough of the points belong to, largest group first. A group is the indices of its
/// points; a point may belong to several. At most 24 are named.
pub fn regions(points: &[[f32; 2]], groups: &[Vec<usize>]) -> Vec<GroupRegion> {
    let whole = density(points.iter());
    let mean = whole.iter().sum::<f32>() / whole.len() as f32;
    let mut sizes: Vec<(usize, usize)> = groups.iter().map(Vec::len).zip(0..).collect();
    sizes.retain(|(size, _)| *size >= MIN_PATTERNS);
    sizes.sort_by_key(|(size, group)| (std::cmp::Reverse(*size), *group));
    let mut named: Vec<GroupRegion> = Vec::new();
    for (_, group) in sizes {
        let density = density(groups[group].iter().map(|point| &points[*point]));
        // Half the mean density is added, so that a lone pattern at the edge does not name a region.
        let share = |cell: usize| density[cell] / (whole[cell] + 0.5 * mean);
        let free = |cell: &usize| is_legible(place(*cell), &named);
        let best = (0..SIDE * SIDE).map(share).fold(0.0, f32::max);
        let densest = (0..SIDE * SIDE).filter(free).max_by(|&a, &b| share(a).total_cmp(&share(b)));
        if let Some(cell) = densest.filter(|cell| share(*cell) >= MIN_DENSITY * best) {
            named.push(GroupRegion { group, at: place(cell) });
        }
    }
    named.truncate(MAX_NAMES);
    named
}

/// The points of each of the groups `0..count`, of which `labels[k]` is that of point `k`; a label of `count` or above
/// means unknown.
pub fn grouped(labels: &[u8], count: usize) -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new(); count];
    for (point, label) in labels.iter().enumerate() {
        if let Some(group) = groups.get_mut(usize::from(*label)) {
            group.push(point);
        }
    }
    groups
}

/// The middle of a cell on the map.
fn place(cell: usize) -> [f32; 2] {
    [cell % SIDE, cell / SIDE].map(|cell| (cell as f32 + 0.5) / SIDE as f32)
}

/// Whether a name at `at` can be read: away from the edge, and clear of the names so far. Names are wide and low.
fn is_legible(at: [f32; 2], named: &[GroupRegion]) -> bool {
    let clear = |other: &GroupRegion| (0..2).any(|d| (at[d] - other.at[d]).abs() > SPACING[d]);
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
    fn a_group_is_named_where_it_outweighs_the_others() {
        let mut rng = TrainingRng::new(2, Purpose::Latents, 0);
        // Group 0 is everywhere; group 1 has a corner of its own and a few scattered patterns; group 2 is rare; group 3
        // is half of group 0, to which its points belong as well.
        let mut points = Vec::new();
        let mut groups = vec![Vec::new(); 4];
        for k in 0..2000 {
            points.push([rng.unit(), rng.unit()]);
            groups[if k % 100 == 0 { 2 } else { 0 }].push(k);
            if points[k][0] < 0.3 {
                groups[3].push(k);
            }
        }
        for k in 0..200 {
            let corner = [rng.between(0.8, 0.95), rng.between(0.1, 0.2)];
            groups[1].push(points.len());
            points.push(if k % 4 == 0 { [rng.unit(), rng.unit()] } else { corner });
        }
        let regions = regions(&points, &groups);
        assert_eq!(regions.iter().map(|region| region.group).collect::<Vec<_>>(), [0, 3, 1]);
        let [x, y] = regions[2].at;
        assert!((0.75..0.95).contains(&x) && (0.05..0.25).contains(&y), "{x} {y}");
        assert!(regions[1].at[0] < 0.3, "{:?}", regions[1]);
        assert!(regions.iter().flat_map(|region| region.at).all(|value| (0.0..=1.0).contains(&value)));
    }

    #[test]
    fn names_are_few_and_stand_clear_of_each_other() {
        // Forty groups with the same distribution: there is room for few of their names.
        let mut rng = TrainingRng::new(4, Purpose::Latents, 0);
        let points: Vec<[f32; 2]> = (0..4000).map(|_| [rng.unit(), rng.unit()]).collect();
        let groups: Vec<Vec<usize>> = (0..40).map(|group| (group..4000).step_by(40).collect()).collect();
        let regions = regions(&points, &groups);
        assert!((8..=MAX_NAMES).contains(&regions.len()), "{}", regions.len());
        for (k, a) in regions.iter().enumerate() {
            assert!(regions[..k].iter().all(|b| (0..2).any(|d| (a.at[d] - b.at[d]).abs() > SPACING[d])));
        }
    }
}
