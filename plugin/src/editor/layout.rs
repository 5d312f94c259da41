//! The layout of the window.

use egui::{Pos2, Rect, Vec2};

/// The rectangles of the parts; they never overlap.
#[derive(Clone, Copy, Debug)]
pub(super) struct WindowLayout {
    pub(super) map: Rect,
    pub(super) side: Rect,
    /// Under the map of a narrow window: the part of the panel that does not fit beside it.
    pub(super) under: Option<Rect>,
    pub(super) grid: Rect,
    pub(super) status: Rect,
}

const MARGIN: f32 = 12.0;
/// The width of the panel beside the map.
const SIDE_WIDTH: f32 = 312.0;
/// Its width in a narrow window, where only its first part is there.
const FIRST_WIDTH: f32 = 190.0;
/// The height of the rest of it then, under the map.
const UNDER_HEIGHT: f32 = 190.0;
const STATUS_HEIGHT: f32 = 22.0;
const GRID_LARGEST: f32 = 340.0;
const MAP_SMALLEST: f32 = 60.0;

impl WindowLayout {
    /// The map is the largest square that leaves room for the panel, which lies beside it or, in a narrow
    /// window, also under it.
    pub(super) fn of(window: Rect) -> Self {
        let inner = window.shrink(MARGIN);
        let (above, status) = inner.split_top_bottom_at_y(inner.bottom() - STATUS_HEIGHT);
        let (beside, around) = (Self::beside(above, status), Self::around(above, status));
        if around.map.width() > beside.map.width() { around } else { beside }
    }

    fn beside(above: Rect, status: Rect) -> Self {
        let grid_height = (above.height() * 0.28).clamp(110.0_f32.min(above.height() / 2.0), GRID_LARGEST);
        let (top, grid) = above.split_top_bottom_at_y(above.bottom() - grid_height);
        let top = with_bottom(top, top.bottom() - MARGIN);
        let length = top.height().min(top.width() - SIDE_WIDTH - MARGIN).max(MAP_SMALLEST);
        let (map, side) = map_and_side(top, length);
        Self { map, side, under: None, grid, status }
    }

    fn around(above: Rect, status: Rect) -> Self {
        let length = (above.width() - FIRST_WIDTH - MARGIN).min(above.height() * 0.45).max(MAP_SMALLEST);
        let (map, side) = map_and_side(with_bottom(above, above.top() + length), length);
        let below = Rect::from_min_max(Pos2::new(above.left(), map.bottom() + MARGIN), above.max);
        let least = below.height() - UNDER_HEIGHT - MARGIN;
        let grid_height = least.clamp(above.height() * 0.25, GRID_LARGEST);
        let (under, grid) = below.split_top_bottom_at_y(below.bottom() - grid_height);
        let under = with_bottom(under, under.bottom() - MARGIN);
        Self { map, side, under: Some(under), grid, status }
    }
}

fn with_bottom(rect: Rect, bottom: f32) -> Rect {
    Rect::from_min_max(rect.min, Pos2::new(rect.right(), bottom.max(rect.top())))
}

fn map_and_side(top: Rect, length: f32) -> (Rect, Rect) {
    let map = Rect::from_min_size(top.min, Vec2::splat(length));
    (map, Rect::from_min_max(Pos2::new(map.right() + MARGIN, top.top()), top.max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_lies_over_another_at_any_size() {
        for (width, height) in [
            (280.0, 280.0),
            (400.0, 600.0),
            (480.0, 860.0),
            (640.0, 480.0),
            (1000.0, 820.0),
            (2560.0, 1400.0),
        ] {
            let window = Rect::from_min_size(Pos2::ZERO, Vec2::new(width, height));
            let WindowLayout { map, side, under, grid, status } = WindowLayout::of(window);
            let parts: Vec<Rect> = [map, side, grid, status].into_iter().chain(under).collect();
            for (index, part) in parts.iter().enumerate() {
                assert!(window.contains_rect(*part), "{width} x {height}: part {index} leaves the window");
                for other in &parts[index + 1..] {
                    assert!(!part.shrink(0.5).intersects(other.shrink(0.5)), "{width} x {height}");
                }
            }
            assert!((map.width() - map.height()).abs() < 0.01, "the map is a square");
        }
    }

    #[test]
    fn a_narrow_window_has_room_for_everything_and_a_wide_one_nothing_under_the_map() {
        let of = |width, height| WindowLayout::of(Rect::from_min_size(Pos2::ZERO, Vec2::new(width, height)));
        let narrow = of(560.0, 900.0);
        let under = narrow.under.expect("a strip under the map");
        assert!(narrow.map.width() > 330.0 && narrow.side.width() >= FIRST_WIDTH, "{narrow:?}");
        assert!(under.height() >= UNDER_HEIGHT && narrow.grid.height() > 250.0, "{narrow:?}");
        assert!(of(960.0, 860.0).under.is_none());
    }
}
