//! Painting of the map, and the preview under the pointer: the pattern there, as a small grid with its genre.

use beat::{Grid, INSTRUMENTS, Pattern};
use egui::{Align2, Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2};
use nets::{LatentMap, MapRegion, Model};

use super::MapState;
use super::viewport::Viewport;
use crate::editor::theme;
use crate::editor::view_state::ViewState;
use crate::shared::PreviewKey;

impl MapState {
    pub(super) fn paint(
        &self,
        ui: &egui::Ui,
        view: &ViewState<'_>,
        area: Rect,
        puck: [f32; 2],
        focused: bool,
    ) {
        let painter = ui.painter_at(area);
        if let Some(picture) = &self.textures.picture {
            painter.image(picture.id(), area, self.viewport.uv(), Color32::WHITE);
        } else {
            painter.rect_filled(area, theme::ROUNDING, theme::PANEL);
        }
        let map = view.decoded.model.as_deref().and_then(nets::Model::map);
        self.name_regions(&painter, area, map.map_or(&[], LatentMap::regions));
        self.paint_orbit(&painter, view, area);
        self.paint_rests(ui, &painter, area);
        self.paint_trail(&painter, area);
        let sounding = view.sounding_place();
        self.paint_puck(&painter, area, puck, sounding.is_none());
        if let Some(place) = sounding {
            let centre = self.viewport.pos(area, place);
            painter.circle_filled(centre, 14.0, theme::SOUNDING.gamma_multiply(0.18));
            painter.circle_filled(centre, 6.0, theme::SOUNDING);
        }
        let edge = if focused { theme::ONSET } else { theme::LINE };
        painter.rect_stroke(area, theme::ROUNDING, Stroke::new(1.0, edge), StrokeKind::Inside);
        if self.viewport.zoom() > 1.0 {
            self.paint_overview(&painter, area);
        }
    }

    /// Filled while its place plays, hollow while a scene or the orbit does.
    fn paint_puck(&self, painter: &Painter, area: Rect, place: [f32; 2], sounds: bool) {
        let centre = self.viewport.pos(area, place);
        let radius = if self.puck.held.is_some() { 13.0 } else { 10.0 };
        let colour = if sounds { theme::SOUNDING } else { theme::TEXT };
        painter.circle_filled(centre, radius + 6.0, colour.gamma_multiply(0.15));
        painter.circle_stroke(centre, radius + 1.0, Stroke::new(4.0, theme::BACKGROUND.gamma_multiply(0.6)));
        if sounds {
            painter.circle_filled(centre, radius * 0.45, colour);
        }
        painter.circle_stroke(centre, radius, Stroke::new(2.0, colour));
    }

    fn paint_trail(&self, painter: &Painter, area: Rect) {
        let trail = self.puck.trail();
        for (index, legs) in trail.windows(2).enumerate() {
            let share = (index + 1) as f32 / trail.len() as f32;
            let ends = [self.viewport.pos(area, legs[0]), self.viewport.pos(area, legs[1])];
            // No line across a jump.
            if ends[0].distance(ends[1]) < area.width() * 0.12 {
                let colour = theme::SOUNDING.gamma_multiply(0.5 * share * share);
                painter.line_segment(ends, Stroke::new(1.0 + 2.0 * share, colour));
            }
        }
    }

    fn paint_rests(&self, ui: &egui::Ui, painter: &Painter, area: Rect) {
        let pointer = ui.input(|input| input.pointer.hover_pos());
        let under = pointer.and_then(|pos| self.rest_at(area, pos));
        for rest in self.puck.rests() {
            let (centre, lit) = (self.viewport.pos(area, *rest), under == Some(*rest));
            let colour = if lit { theme::TEXT } else { theme::TEXT.gamma_multiply(0.45) };
            painter.circle_stroke(centre, if lit { 5.0 } else { 3.0 }, Stroke::new(1.5, colour));
        }
    }

    fn paint_orbit(&self, painter: &Painter, view: &ViewState<'_>, area: Rect) {
        let on_screen = |place: &[f32; 2]| self.viewport.pos(area, *place);
        if let Some(path) = &self.drawing {
            let path: Vec<Pos2> = path.iter().map(on_screen).collect();
            painter.add(Shape::line(path, Stroke::new(2.0, theme::COMING)));
            let hint = "draw a closed path; Escape gives up";
            let at = area.center_top() + Vec2::new(0.0, 10.0);
            painter.text(at, egui::Align2::CENTER_TOP, hint, theme::small(), theme::COMING);
        } else if view.params.orbit.value() {
            let path: Vec<Pos2> =
                view.shape.orbit.unwrap_or_default().places().iter().map(on_screen).collect();
            painter.add(Shape::closed_line(
                path.clone(),
                Stroke::new(5.0, theme::BACKGROUND.gamma_multiply(0.5)),
            ));
            painter.add(Shape::closed_line(path, Stroke::new(1.5, theme::SOUNDING.gamma_multiply(0.8))));
        }
    }

    /// Writes the names of the regions, each inside the map; of two that would overlap, only the first.
    fn name_regions(&self, painter: &Painter, area: Rect, regions: &[MapRegion]) {
        let mut taken: Vec<Rect> = Vec::new();
        for region in regions {
            let centre = self.viewport.pos(area, [region.x, region.y]);
            if !area.expand(20.0).contains(centre) {
                continue;
            }
            let galley = painter.layout_no_wrap(region.name.clone(), theme::small(), theme::TEXT);
            let half = galley.size() / 2.0;
            let room = area.shrink2(half + Vec2::splat(8.0));
            if !room.is_positive() {
                continue;
            }
            let label = Rect::from_center_size(centre.clamp(room.min, room.max), galley.size());
            if taken.iter().any(|other| other.intersects(label)) {
                continue;
            }
            taken.push(label.expand(3.0));
            let back = label.expand2(Vec2::new(5.0, 1.0));
            painter.rect_filled(back, 7.0, theme::BACKGROUND.gamma_multiply(0.62));
            painter.galley(label.min, galley, theme::TEXT);
        }
    }

    /// The visible part within the whole map.
    fn paint_overview(&self, painter: &Painter, area: Rect) {
        let whole = Rect::from_min_size(
            area.right_bottom() - Vec2::splat(8.0 + area.width() * 0.16),
            Vec2::splat(area.width() * 0.16),
        );
        let uv = self.viewport.uv();
        let part =
            Rect::from_min_max(whole.lerp_inside(uv.min.to_vec2()), whole.lerp_inside(uv.max.to_vec2()));
        painter.rect_filled(whole, 3.0, theme::BACKGROUND.gamma_multiply(0.7));
        painter.rect_stroke(whole, 3.0, Stroke::new(1.0, theme::LINE), StrokeKind::Inside);
        painter.rect_stroke(part, 1.0, Stroke::new(1.5, theme::TEXT_QUIET), StrokeKind::Inside);
    }
}

const CELL: Vec2 = Vec2::new(4.0, 3.0);
const EDGE: f32 = 7.0;
const CAPTION: f32 = 15.0;
/// The number of nearest patterns that decide the genre of a place.
const NEIGHBOURS: usize = 24;

/// The last request, and the genre of its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Preview {
    requested: Option<PreviewKey>,
    genre: String,
}

impl Preview {
    /// Requests the pattern at the pointer, and shows it once the decode thread has it.
    pub(super) fn show(
        &mut self,
        ui: &egui::Ui,
        view: &ViewState<'_>,
        area: Rect,
        viewport: &Viewport,
        pointer: Option<Pos2>,
    ) {
        let Some(pos) = pointer else {
            self.requested = None;
            return;
        };
        // In the request's steps, so that equal places are equal.
        let place = viewport.place(area, pos).map(|value| (value * 10_000.0).round() / 10_000.0);
        let key = PreviewKey::new(view.wanted_grid(), &view.params.settings(), place);
        if self.requested != Some(key) {
            self.requested = Some(key);
            view.shared.requests.request_preview(place);
            self.genre =
                view.decoded.model.as_deref().and_then(|model| genre(model, place)).unwrap_or_default();
        }
        // An earlier answer is of another place or of other settings.
        if let Some((_, pattern)) = view.decoded.preview.as_ref().filter(|(of, _)| *of == key) {
            paint(ui, area, pos, pattern, &view.wanted_grid(), &self.genre);
        }
    }
}

/// The genre of most of the nearest patterns.
fn genre(model: &Model, [x, y]: [f32; 2]) -> Option<String> {
    let map = model.map()?;
    let mut nearest: Vec<(f32, u8)> = Vec::with_capacity(NEIGHBOURS + 1);
    for (point, genre) in map.points().iter().zip(map.genres()) {
        let distance = (point[0] - x).powi(2) + (point[1] - y).powi(2);
        if nearest.len() < NEIGHBOURS || nearest.last().is_some_and(|last| distance < last.0) {
            let at = nearest.partition_point(|other| other.0 <= distance);
            nearest.insert(at, (distance, *genre));
            nearest.truncate(NEIGHBOURS);
        }
    }
    let mut counts = [0_usize; 256];
    nearest.iter().for_each(|(_, genre)| counts[usize::from(*genre)] += 1);
    // The first of equals, so that the name does not flicker.
    let most =
        (0..counts.len()).rev().max_by_key(|genre| counts[*genre]).filter(|genre| counts[*genre] > 0)?;
    model.genres().get(most).cloned()
}

fn paint(ui: &egui::Ui, area: Rect, pointer: Pos2, pattern: &Pattern, grid: &Grid, genre: &str) {
    let cells = Vec2::new(CELL.x * grid.steps() as f32, CELL.y * INSTRUMENTS as f32);
    let size = cells + Vec2::new(2.0 * EDGE, 2.0 * EDGE + CAPTION);
    let mut corner = pointer + Vec2::new(18.0, 18.0);
    if corner.x + size.x > area.right() {
        corner.x = pointer.x - 18.0 - size.x;
    }
    if corner.y + size.y > area.bottom() {
        corner.y = pointer.y - 18.0 - size.y;
    }
    let card = Rect::from_min_size(corner.max(area.min), size);
    let painter = ui.painter();
    painter.rect_filled(card, theme::ROUNDING, theme::BACKGROUND.gamma_multiply(0.92));
    painter.rect_stroke(card, theme::ROUNDING, Stroke::new(1.0, theme::LINE), StrokeKind::Inside);
    let hits = pattern.hits();
    let caption = match (hits, genre) {
        (0, _) => "plays nothing".to_owned(),
        (hits, "") => format!("{hits} hits"),
        (hits, genre) => format!("{genre} · {hits} hits"),
    };
    let above = card.min + Vec2::splat(EDGE);
    painter.text(above, Align2::LEFT_TOP, caption, theme::tiny(), theme::TEXT_QUIET);
    let top = above + Vec2::new(0.0, CAPTION);
    for first in (0..grid.steps()).step_by(grid.beat_steps()) {
        let left = top.x + first as f32 * CELL.x - 1.0;
        let line = Rect::from_min_size(Pos2::new(left, top.y), Vec2::new(1.0, cells.y));
        painter.rect_filled(line, 0.0, theme::LINE);
    }
    for (step, instrument) in pattern.cells() {
        let at = top + Vec2::new(step as f32 * CELL.x, instrument as f32 * CELL.y);
        painter.rect_filled(Rect::from_min_size(at, CELL - Vec2::splat(1.0)), 0.0, theme::ONSET);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_the_genre_of_its_neighbours() {
        let model = Model::synthetic(7);
        assert_eq!(genre(&model, [0.5, 0.05]).as_deref(), Some("low"));
        assert_eq!(genre(&model, [0.5, 0.95]).as_deref(), Some("high"));
    }
}
