//! What would play under the pointer, as a small grid with its genre, before one goes there.

use beat::{INSTRUMENTS, Pattern, STEPS, STEPS_PER_BEAT};
use egui::{Align2, Pos2, Rect, Stroke, StrokeKind, Vec2};
use nets::Model;

use super::view::View;
use crate::editor::desk::Desk;
use crate::editor::theme;

const CELL: Vec2 = Vec2::new(4.0, 3.0);
const EDGE: f32 = 7.0;
const CAPTION: f32 = 15.0;
/// How many of the nearest patterns say what genre a place has.
const NEIGHBOURS: usize = 24;

/// The place that was asked about last, and the genre that the map has there.
#[derive(Clone, Debug, Default)]
pub(super) struct Preview {
    asked: Option<[f32; 2]>,
    genre: String,
}

impl Preview {
    /// Asks about the place under the pointer, and shows the answer once the decode thread has it.
    pub(super) fn show(
        &mut self,
        ui: &egui::Ui,
        desk: &Desk<'_>,
        area: Rect,
        view: &View,
        pointer: Option<Pos2>,
    ) {
        let Some(pos) = pointer else {
            self.asked = None;
            return;
        };
        // In the steps that a place has, so that the answer can be told from an older one.
        let place = view.place(area, pos).map(|value| (value * 10_000.0).round() / 10_000.0);
        if self.asked != Some(place) {
            self.asked = Some(place);
            desk.stage.wishes.ask_preview(place);
            self.genre =
                desk.scene.model.as_deref().and_then(|model| genre(model, place)).unwrap_or_default();
        }
        if let Some((_, pattern)) = &desk.scene.preview {
            paint(ui, area, pos, pattern, &self.genre);
        }
    }
}

/// The genre that most of the nearest patterns have, where there are any.
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
    // Of equals the first, so that the name does not flicker.
    let most =
        (0..counts.len()).rev().max_by_key(|genre| counts[*genre]).filter(|genre| counts[*genre] > 0)?;
    model.genres().get(most).cloned()
}

fn paint(ui: &egui::Ui, area: Rect, pointer: Pos2, pattern: &Pattern, genre: &str) {
    let grid = Vec2::new(CELL.x * STEPS as f32, CELL.y * INSTRUMENTS as f32);
    let size = grid + Vec2::new(2.0 * EDGE, 2.0 * EDGE + CAPTION);
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
    for beat in 0..STEPS / STEPS_PER_BEAT {
        let left = top.x + (beat * STEPS_PER_BEAT) as f32 * CELL.x - 1.0;
        let line = Rect::from_min_size(Pos2::new(left, top.y), Vec2::new(1.0, grid.y));
        painter.rect_filled(line, 0.0, theme::LINE);
    }
    for step in 0..STEPS {
        for instrument in (0..INSTRUMENTS).filter(|instrument| pattern.has(step, *instrument)) {
            let at = top + Vec2::new(step as f32 * CELL.x, instrument as f32 * CELL.y);
            painter.rect_filled(Rect::from_min_size(at, CELL - Vec2::splat(1.0)), 0.0, theme::ONSET);
        }
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
