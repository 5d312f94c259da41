//! The visible part of the map.

use egui::{Pos2, Rect, Vec2};

/// The largest zoom.
const CLOSEST: f32 = 12.0;

/// The visible part: a square with 1/zoom of the map's side around its middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::editor) struct Viewport {
    middle: [f32; 2],
    zoom: f32,
}

impl Default for Viewport {
    fn default() -> Self {
        Self { middle: [0.5; 2], zoom: 1.0 }
    }
}

impl Viewport {
    /// The point of the screen for a place of the map.
    pub(super) fn pos(&self, area: Rect, place: [f32; 2]) -> Pos2 {
        let across = (place[0] - self.middle[0]) * self.zoom + 0.5;
        let up = (place[1] - self.middle[1]) * self.zoom + 0.5;
        area.lerp_inside(Vec2::new(across, 1.0 - up))
    }

    /// The place of the map under a point of the screen, clamped to the map.
    pub(super) fn place(&self, area: Rect, pos: Pos2) -> [f32; 2] {
        let across = (pos.x - area.left()) / area.width().max(1.0) - 0.5;
        let up = (area.bottom() - pos.y) / area.height().max(1.0) - 0.5;
        let at = |middle: f32, off: f32| (middle + off / self.zoom).clamp(0.0, 1.0);
        [at(self.middle[0], across), at(self.middle[1], up)]
    }

    /// The texture coordinates of the visible part.
    pub(super) fn uv(&self) -> Rect {
        let middle = Pos2::new(self.middle[0], 1.0 - self.middle[1]);
        Rect::from_center_size(middle, Vec2::splat(1.0 / self.zoom))
    }

    /// The zoom; 1 shows the whole map.
    pub(super) fn zoom(&self) -> f32 {
        self.zoom
    }

    /// Zooms by a factor; what lies under `pos` stays there.
    pub(super) fn zoom_at(&mut self, area: Rect, pos: Pos2, factor: f32) {
        let before = self.place(area, pos);
        self.zoom = (self.zoom * factor).clamp(1.0, CLOSEST);
        let after = self.place(area, pos);
        for axis in 0..2 {
            self.middle[axis] += before[axis] - after[axis];
        }
        self.stay_inside();
    }

    /// Moves the map by a drag.
    pub(super) fn pan(&mut self, area: Rect, delta: Vec2) {
        self.middle[0] -= delta.x / area.width().max(1.0) / self.zoom;
        self.middle[1] += delta.y / area.height().max(1.0) / self.zoom;
        self.stay_inside();
    }

    fn stay_inside(&mut self) {
        let half = 0.5 / self.zoom;
        self.middle = self.middle.map(|middle| middle.clamp(half, 1.0 - half));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Rect = Rect { min: Pos2::new(10.0, 20.0), max: Pos2::new(410.0, 420.0) };

    #[test]
    fn places_and_points_are_each_others_inverse() {
        let mut viewport = Viewport::default();
        viewport.zoom_at(AREA, Pos2::new(100.0, 100.0), 3.0);
        for place in [[0.2, 0.8], [0.3, 0.7]] {
            let there = viewport.place(AREA, viewport.pos(AREA, place));
            assert!((there[0] - place[0]).abs() < 1e-5 && (there[1] - place[1]).abs() < 1e-5);
        }
    }

    #[test]
    fn what_lies_under_the_pointer_stays_there_while_zooming() {
        let (mut viewport, pos) = (Viewport::default(), Pos2::new(150.0, 300.0));
        let before = viewport.place(AREA, pos);
        viewport.zoom_at(AREA, pos, 2.0);
        let after = viewport.place(AREA, pos);
        assert!((before[0] - after[0]).abs() < 1e-5 && (before[1] - after[1]).abs() < 1e-5);
    }

    #[test]
    fn nothing_but_the_map_comes_in_sight() {
        let mut viewport = Viewport::default();
        viewport.pan(AREA, Vec2::new(900.0, -900.0));
        assert_eq!(viewport, Viewport::default());
        viewport.zoom_at(AREA, AREA.min, 99.0);
        viewport.pan(AREA, Vec2::new(9e9, 9e9));
        assert_eq!(viewport.place(AREA, AREA.left_top()), [0.0, 1.0]);
        viewport.zoom_at(AREA, AREA.min, 0.0);
        assert_eq!(viewport, Viewport::default());
    }
}
