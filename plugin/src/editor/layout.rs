//! Where the parts of the window lie.

use egui::{Pos2, Rect, Vec2};

/// The parts; they never overlap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) map: Rect,
    pub(super) side: Rect,
    pub(super) grid: Rect,
    pub(super) status: Rect,
}

const MARGIN: f32 = 12.0;
const SIDE_WIDTH: f32 = 312.0;
/// A window narrower than this has the panel below the map.
const NARROW: f32 = 620.0;
const STATUS_HEIGHT: f32 = 22.0;

impl Layout {
    /// The map is the largest square that leaves room for the rest.
    pub(super) fn of(window: Rect) -> Self {
        let inner = window.shrink(MARGIN);
        let (above, status) = inner.split_top_bottom_at_y(inner.bottom() - STATUS_HEIGHT);
        let grid_height = (above.height() * 0.32).clamp(110.0, 340.0);
        let (top, grid) = above.split_top_bottom_at_y(above.bottom() - grid_height);
        let top = Rect::from_min_max(top.min, Pos2::new(top.right(), (top.bottom() - MARGIN).max(top.top())));
        let (map, side) = if window.width() < NARROW { stacked(top) } else { beside(top) };
        Self { map, side, grid, status }
    }
}

fn beside(top: Rect) -> (Rect, Rect) {
    let length = top.height().min(top.width() - SIDE_WIDTH - MARGIN).max(60.0);
    let map = Rect::from_min_size(top.min, Vec2::splat(length));
    (map, Rect::from_min_max(Pos2::new(map.right() + MARGIN, top.top()), top.max))
}

fn stacked(top: Rect) -> (Rect, Rect) {
    let length = top.width().min(top.height() * 0.58).max(60.0);
    let left = top.left() + (top.width() - length) / 2.0;
    let map = Rect::from_min_size(Pos2::new(left, top.top()), Vec2::splat(length));
    let under = Pos2::new(top.left(), (map.bottom() + MARGIN).min(top.bottom()));
    (map, Rect::from_min_max(under, top.max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_lies_over_another_at_any_size() {
        for (width, height) in
            [(400.0, 600.0), (480.0, 860.0), (640.0, 480.0), (1000.0, 820.0), (2560.0, 1400.0)]
        {
            let window = Rect::from_min_size(Pos2::ZERO, Vec2::new(width, height));
            let Layout { map, side, grid, status } = Layout::of(window);
            let parts = [map, side, grid, status];
            for (index, part) in parts.iter().enumerate() {
                assert!(window.contains_rect(*part), "{width} x {height}: part {index} leaves the window");
                for other in &parts[index + 1..] {
                    assert!(!part.shrink(0.5).intersects(other.shrink(0.5)), "{width} x {height}");
                }
            }
            assert!((map.width() - map.height()).abs() < 0.01, "the map is a square");
        }
    }
}
