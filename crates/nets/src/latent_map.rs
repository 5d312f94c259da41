//! The map: from points of the unit square to latents, with the places of corpus patterns and named regions.

use serde::{Deserialize, Serialize};

use crate::{LATENT, Latent};

/// The coarsest and the finest grid that a map may have.
const SIDES: std::ops::RangeInclusive<usize> = 2..=512;
/// The most points that a map may show.
const MAX_POINTS: usize = 200_000;
/// The most regions that a map may name.
const MAX_REGIONS: usize = 256;

/// A named place of the map, where its genre is densest relative to all patterns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRegion {
    /// What it is called on the screen.
    pub name: String,
    /// 0..=1 from left to right.
    pub x: f32,
    /// 0..=1 from bottom to top.
    pub y: f32,
}

/// From a point of the unit square to a latent, by bilinear interpolation in a grid that was computed when the
/// map was made.
///
/// x runs from 0 on the left to 1 on the right, y from 0 at the bottom to 1 at the top. The grid's
/// corners lie on the square's corners.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentMap {
    side: usize,
    grid: Vec<Latent>,
    points: Vec<[f32; 2]>,
    genres: Vec<u8>,
    regions: Vec<MapRegion>,
}

/// What is wrong with a map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapFault {
    /// The grid is no square, or its size is out of range.
    #[error("has a map of {0} grid latents, where a square of 2 x 2 to 512 x 512 is needed")]
    Grid(usize),
    /// A grid latent is not finite.
    #[error("has a map with a latent that is no finite number")]
    NotFinite,
    /// More points or regions than a map may have, or another number of genres than of points.
    #[error(
        "has a map of {points} points with {genres} genres and {regions} regions; the first two must agree and be at most 200000, the last at most 256"
    )]
    Count {
        /// Points of the map.
        points: usize,
        /// Genres of the points.
        genres: usize,
        /// Regions of the map.
        regions: usize,
    },
    /// A point or region lies outside the square.
    #[error("has a map point or region outside the square from 0 to 1")]
    Outside,
}

impl LatentMap {
    /// A map of `side` x `side` latents: row after row from the bottom (y = 0) to the top, each from
    /// left (x = 0) to right. `points` are the places of corpus patterns, `genres` the index of each
    /// point's genre among the model's genre names.
    ///
    /// # Errors
    ///
    /// The sizes disagree or are out of range, a latent is not finite, or a place is off the square.
    pub fn new(
        side: usize,
        grid: Vec<Latent>,
        points: Vec<[f32; 2]>,
        genres: Vec<u8>,
        regions: Vec<MapRegion>,
    ) -> Result<Self, MapFault> {
        if !SIDES.contains(&side) || grid.len() != side * side {
            return Err(MapFault::Grid(grid.len()));
        }
        if !grid.iter().flatten().all(|value| value.is_finite()) {
            return Err(MapFault::NotFinite);
        }
        if points.len() != genres.len() || points.len() > MAX_POINTS || regions.len() > MAX_REGIONS {
            let (points, genres, regions) = (points.len(), genres.len(), regions.len());
            return Err(MapFault::Count { points, genres, regions });
        }
        let inside = |value: f32| (0.0..=1.0).contains(&value);
        if !points.iter().flatten().all(|&value| inside(value))
            || !regions.iter().all(|region| inside(region.x) && inside(region.y))
        {
            return Err(MapFault::Outside);
        }
        Ok(Self { side, grid, points, genres, regions })
    }

    /// The latent at a place, interpolated bilinearly. Coordinates off the square are clamped to its edge;
    /// those that are not finite count as 0.5.
    pub fn latent(&self, x: f32, y: f32) -> Latent {
        let (column, right) = self.between(x);
        let (row, up) = self.between(y);
        let at = |row: usize, column: usize| &self.grid[row * self.side + column];
        let (a, b) = (at(row, column), at(row, column + 1));
        let (c, d) = (at(row + 1, column), at(row + 1, column + 1));
        let mut latent = [0.0; LATENT];
        for i in 0..LATENT {
            let below = a[i] + right * (b[i] - a[i]);
            let above = c[i] + right * (d[i] - c[i]);
            latent[i] = below + up * (above - below);
        }
        latent
    }

    /// The grid line at or before `place`, with a next one behind it, and how far towards that next
    /// line the place lies, 0..=1.
    fn between(&self, place: f32) -> (usize, f32) {
        let place = if place.is_finite() { place.clamp(0.0, 1.0) } else { 0.5 };
        let line = place * (self.side - 1) as f32;
        let before = (line as usize).min(self.side - 2);
        (before, line - before as f32)
    }

    /// The region whose named place is nearest, or `None` on a map without regions.
    pub fn region(&self, x: f32, y: f32) -> Option<&str> {
        let distance = |region: &MapRegion| (region.x - x).powi(2) + (region.y - y).powi(2);
        let nearest = self.regions.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        Some(&nearest.name)
    }

    /// The place of each latent: that of the grid point whose latent is nearest.
    pub fn places(&self, latents: &[Latent]) -> Vec<[f32; 2]> {
        let last = (self.side - 1) as f32;
        let place = |cell: usize| [(cell % self.side) as f32 / last, (cell / self.side) as f32 / last];
        latents.iter().map(|latent| place(self.nearest(latent))).collect()
    }

    /// The cell of the grid whose latent is nearest.
    fn nearest(&self, latent: &Latent) -> usize {
        let distance =
            |other: &Latent| -> f32 { latent.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum() };
        let cells = self.grid.iter().map(distance).enumerate();
        cells.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(cell, _)| cell)
    }

    /// Rows and columns of the grid.
    pub fn side(&self) -> usize {
        self.side
    }

    /// The grid: row after row from the bottom, each from left to right.
    pub fn grid(&self) -> &[Latent] {
        &self.grid
    }

    /// The places of corpus patterns, `[x, y]` in 0..=1.
    pub fn points(&self) -> &[[f32; 2]] {
        &self.points
    }

    /// For each point the index of its genre among the model's genre names.
    pub fn genres(&self) -> &[u8] {
        &self.genres
    }

    /// The named places.
    pub fn regions(&self) -> &[MapRegion] {
        &self.regions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corners() -> LatentMap {
        let grid = [0.0, 1.0, 10.0, 11.0].map(|value| [value; LATENT]).to_vec();
        let region = |name: &str, x, y| MapRegion { name: name.into(), x, y };
        let regions = vec![region("left", 0.1, 0.5), region("right", 0.9, 0.5)];
        LatentMap::new(2, grid, vec![[0.5, 0.5]], vec![0], regions).expect("a sound map")
    }

    #[test]
    fn x_runs_to_the_right_and_y_runs_up_without_a_jump() {
        let map = corners();
        assert_eq!(map.latent(0.0, 0.0), [0.0; LATENT]);
        assert_eq!(map.latent(1.0, 0.0), [1.0; LATENT]);
        assert_eq!(map.latent(0.0, 1.0), [10.0; LATENT]);
        assert_eq!(map.latent(1.0, 1.0), [11.0; LATENT]);
        assert_eq!(map.latent(0.5, 0.5), [5.5; LATENT]);
        assert_eq!(map.latent(7.0, -3.0), map.latent(1.0, 0.0));
        assert_eq!(map.latent(f32::NAN, f32::INFINITY), map.latent(0.5, 0.5));
    }

    #[test]
    fn a_latent_is_placed_at_the_grid_point_with_the_nearest_latent() {
        let places = corners().places(&[[1.2; LATENT], [9.9; LATENT], [99.0; LATENT]]);
        assert_eq!(places, [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
    }

    #[test]
    fn the_nearest_named_place_is_the_region() {
        assert_eq!(corners().region(0.2, 0.9), Some("left"));
        assert_eq!(corners().region(0.8, 0.0), Some("right"));
    }

    #[test]
    fn a_map_that_is_no_square_or_leaves_it_is_refused() {
        let new = |side, cells, point| {
            LatentMap::new(side, vec![[0.0; LATENT]; cells], vec![[point, 0.0]], vec![0], vec![])
        };
        assert!(new(3, 9, 1.0).is_ok());
        assert_eq!(new(3, 8, 1.0), Err(MapFault::Grid(8)));
        assert_eq!(new(1, 1, 1.0), Err(MapFault::Grid(1)));
        assert_eq!(new(3, 9, 1.1), Err(MapFault::Outside));
        assert_eq!(new(3, 9, f32::NAN), Err(MapFault::Outside));
    }
}
