//! The path of the puck: from region to region, staying in each for some bars.

use crate::hosts::saved_state::SavedRegion;

/// The stops on a map without named regions.
const DEFAULT_STOPS: [(f64, f64); 5] = [(0.5, 0.5), (0.2, 0.2), (0.2, 0.8), (0.8, 0.8), (0.8, 0.2)];

/// A path over the map with stops in several regions, each for the same number of bars.
#[derive(Clone, Debug)]
pub struct Journey {
    regions: Vec<SavedRegion>,
    stops: Vec<(f64, f64)>,
    bars_a_stop: f64,
    /// The part (0..=1) of a stop's bars for which the puck stays; then it moves on.
    stay: f64,
}

impl Journey {
    /// The journey of `bars` bars over these regions, or over five default stops where there are none: it starts
    /// in the one that `seed` selects, has at most `stops` stops, as far apart as possible, and always moves to
    /// the nearest. It stays for the part `stay` (0..=1) of the bars of a stop.
    pub fn new(regions: &[SavedRegion], seed: u64, bars: u32, (stops, stay): (usize, f64)) -> Self {
        let unnamed = DEFAULT_STOPS.map(|(x, y)| SavedRegion { name: String::new(), x, y });
        let mut left = spread(if regions.is_empty() { &unnamed } else { regions }, seed, stops);
        let mut stops = Vec::new();
        let mut next = (!left.is_empty()).then_some(0);
        while let Some(index) = next {
            let here = left.remove(index);
            stops.push((here.x, here.y));
            next = nearest(&left, (here.x, here.y));
        }
        let bars_a_stop = f64::from(bars) / stops.len().max(1) as f64;
        Self { regions: regions.to_vec(), stops, bars_a_stop, stay }
    }

    /// Where the puck is after `bars` bars, 0..=1 each.
    pub fn puck(&self, bars: f64) -> (f64, f64) {
        let along = (bars / self.bars_a_stop).max(0.0);
        let stop = along as usize;
        let Some(&from) = self.stops.get(stop).or(self.stops.last()) else { return (0.5, 0.5) };
        let to = self.stops.get(stop + 1).copied().unwrap_or(from);
        let glide = ((along.fract() - self.stay) / (1.0 - self.stay).max(f64::EPSILON)).clamp(0.0, 1.0);
        // Smoothstep: slow at both ends.
        let part = glide * glide * (3.0 - 2.0 * glide);
        (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
    }

    /// The name of the region whose centre is nearest to the puck; empty without regions.
    pub fn region(&self, puck: (f64, f64)) -> &str {
        let regions: Vec<&SavedRegion> = self.regions.iter().collect();
        nearest(&regions, puck).map_or("", |index| &self.regions[index].name)
    }
}

/// Farthest-point sampling: the region that `seed` selects, then always the one farthest from all so far.
fn spread(regions: &[SavedRegion], seed: u64, most: usize) -> Vec<&SavedRegion> {
    let mut left: Vec<&SavedRegion> = regions.iter().collect();
    let mut chosen: Vec<&SavedRegion> = Vec::new();
    while !left.is_empty() && chosen.len() < most {
        let distance_to_chosen = |region: &SavedRegion| {
            let distances = chosen.iter().map(|other| distance(other, (region.x, region.y)));
            distances.fold(f64::INFINITY, f64::min)
        };
        let farthest = (0..left.len())
            .max_by(|&a, &b| distance_to_chosen(left[a]).total_cmp(&distance_to_chosen(left[b])));
        let index = match farthest {
            Some(farthest) if !chosen.is_empty() => farthest,
            _ => (seed % left.len() as u64) as usize,
        };
        chosen.push(left.remove(index));
    }
    chosen
}

fn distance(region: &SavedRegion, (x, y): (f64, f64)) -> f64 {
    (region.x - x).hypot(region.y - y)
}

fn nearest(regions: &[&SavedRegion], place: (f64, f64)) -> Option<usize> {
    let distance = |index: usize| distance(regions[index], place);
    (0..regions.len()).min_by(|&a, &b| distance(a).total_cmp(&distance(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions() -> Vec<SavedRegion> {
        let region = |(name, x, y): (&str, f64, f64)| SavedRegion { name: name.to_owned(), x, y };
        [("rock", 0.1, 0.1), ("jazz", 0.9, 0.9), ("funk", 0.2, 0.1)].map(region).into()
    }

    fn journey(regions: &[SavedRegion], seed: u64) -> Journey {
        Journey::new(regions, seed, 32, (8, 0.5))
    }

    #[test]
    fn the_puck_stops_in_every_region_and_never_jumps() {
        let journey = journey(&regions(), 0);
        let stops: Vec<&str> = [1.0, 12.0, 23.0].map(|bars| journey.region(journey.puck(bars))).into();
        assert_eq!(stops, ["rock", "funk", "jazz"]);
        for bar in 0..3200 {
            let (before, after) =
                (journey.puck(f64::from(bar) / 100.0), journey.puck(f64::from(bar + 1) / 100.0));
            assert!(
                (before.0 - after.0).hypot(before.1 - after.1) < 0.01,
                "at bar {}",
                f64::from(bar) / 100.0
            );
        }
    }

    #[test]
    fn a_map_without_regions_has_stops_too() {
        let journey = journey(&[], 3);
        assert_ne!(journey.puck(0.0), journey.puck(31.0));
        assert_eq!(journey.region(journey.puck(0.0)), "");
    }

    #[test]
    fn the_seed_selects_the_first_region() {
        assert_ne!(journey(&regions(), 1).puck(0.0), journey(&regions(), 0).puck(0.0));
    }

    #[test]
    fn a_journey_that_only_stays_jumps_between_its_regions() {
        let journey = Journey::new(&regions(), 0, 32, (2, 1.0));
        let places = [0.0, 15.99, 16.0, 31.0].map(|bars| journey.puck(bars));
        assert_eq!(places, [(0.1, 0.1), (0.1, 0.1), (0.9, 0.9), (0.9, 0.9)]);
    }
}
