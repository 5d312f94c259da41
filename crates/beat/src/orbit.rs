//! The orbit: a closed path on the map along which the effective map point moves in time with the host.

use libm::sqrtf;

use crate::Grid;

/// Points of an orbit, equally spaced along its path.
pub const ORBIT_PLACES: usize = 64;

/// A closed path on the map. The point on it is a pure function of the song position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orbit([[f32; 2]; ORBIT_PLACES]);

impl Default for Orbit {
    /// A circle around the middle of the map.
    fn default() -> Self {
        const RADIUS: f32 = 0.3;
        let angle = |place: usize| place as f32 / ORBIT_PLACES as f32 * core::f32::consts::TAU;
        Self(core::array::from_fn(|place| {
            [0.5 + RADIUS * libm::cosf(angle(place)), 0.5 + RADIUS * libm::sinf(angle(place))]
        }))
    }
}

impl Orbit {
    /// The orbit through these places, or `None` where one of them lies off the map.
    pub fn new(places: [[f32; 2]; ORBIT_PLACES]) -> Option<Self> {
        places.iter().flatten().all(|value| (0.0..=1.0).contains(value)).then_some(Self(places))
    }

    /// The orbit along a drawn path, which it closes and resamples to constant speed; `None` where the path
    /// has no length or leaves the map.
    pub fn along(path: &[[f32; 2]]) -> Option<Self> {
        let leg = |index: usize| {
            let (a, b) = (path[index], path[(index + 1) % path.len()]);
            (a, b, sqrtf((b[0] - a[0]) * (b[0] - a[0]) + (b[1] - a[1]) * (b[1] - a[1])))
        };
        let length: f32 = (0..path.len()).map(|index| leg(index).2).sum();
        if length.is_nan() || length < 1e-3 {
            return None;
        }
        let mut places = [[0.0; 2]; ORBIT_PLACES];
        let (mut index, mut passed) = (0, 0.0);
        for (number, place) in places.iter_mut().enumerate() {
            let wanted = length * number as f32 / ORBIT_PLACES as f32;
            while index + 1 < path.len() && passed + leg(index).2 < wanted {
                passed += leg(index).2;
                index += 1;
            }
            let (a, b, far) = leg(index);
            let part = if far > 0.0 { ((wanted - passed) / far).clamp(0.0, 1.0) } else { 0.0 };
            *place = [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])];
        }
        Self::new(places)
    }

    /// Its points, in order.
    pub fn places(&self) -> &[[f32; 2]; ORBIT_PLACES] {
        &self.0
    }

    /// The place of a step of a pattern on `grid` in cycle `cycle` of the song, where the orbit closes after `bars`
    /// bars (at least 1).
    pub fn place(&self, bars: u8, grid: &Grid, cycle: u32, step: usize) -> [f32; 2] {
        let round = usize::from(bars.max(1)) * grid.bar_steps();
        let along = (cycle as usize * grid.steps() + step) % round;
        let place = along as f32 * ORBIT_PLACES as f32 / round as f32;
        let (before, part) = (place as usize, place - (place as usize) as f32);
        let (a, b) = (self.0[before % ORBIT_PLACES], self.0[(before + 1) % ORBIT_PLACES]);
        [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])]
    }

    /// After how many cycles of a pattern on `grid` an orbit of `bars` bars has closed.
    pub const fn cycles(bars: u8, grid: &Grid) -> u8 {
        let cycles = bars / grid.bars() as u8;
        if cycles < 1 { 1 } else { cycles }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square, passed round from its lower left corner.
    fn square() -> Orbit {
        Orbit::along(&[[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]).expect("a path on the map")
    }

    #[test]
    fn equal_times_are_equal_ways() {
        let close = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).abs() + (a[1] - b[1]).abs() < 1e-4;
        for (step, place) in [(0, [0.2, 0.2]), (4, [0.8, 0.2]), (8, [0.8, 0.8]), (12, [0.2, 0.8])] {
            assert!(close(square().place(1, &Grid::FOUR_FOUR, 0, step), place), "step {step}");
            let three_quarters = square().place(1, &Grid::THREE, 0, step * 3 / 4);
            assert!(close(three_quarters, place), "step {step} of 4/4");
        }
        assert!(close(square().place(1, &Grid::FOUR_FOUR, 0, 2), [0.5, 0.2]));
        let twice = |cycle| square().place(4, &Grid::FOUR_FOUR, cycle, 4);
        assert!(close(twice(1), twice(3)) && !close(twice(1), twice(2)));
    }

    #[test]
    fn it_closes_after_its_bars() {
        for (bars, grid) in [1, 2, 4, 8, 16].into_iter().flat_map(|bars| Grid::ALL.map(|grid| (bars, grid))) {
            let cycles = u32::from(Orbit::cycles(bars, &grid));
            for step in 0..grid.steps() {
                assert_eq!(square().place(bars, &grid, 0, step), square().place(bars, &grid, cycles, step));
            }
        }
    }

    #[test]
    fn a_path_that_goes_nowhere_or_off_the_map_is_none() {
        assert_eq!(Orbit::along(&[]), None);
        assert_eq!(Orbit::along(&[[0.5, 0.5]; 9]), None);
        assert_eq!(Orbit::along(&[[0.5, 0.5], [1.5, 0.5]]), None);
        assert_eq!(Orbit::along(&[[f32::NAN, 0.5], [0.5, 0.5]]), None);
    }
}
