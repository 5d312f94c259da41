//! The map: the field, the names of its regions, and the puck.

use egui::{Pos2, Rect, Response, Sense, Stroke, Vec2};
use nets::{LatentMap, Region};
use nice_plug::prelude::Param;

use super::field::Field;
use super::gesture::{Hands, Touch};
use super::theme;
use crate::params::BeatfieldParams;

/// How much slower the puck moves while the fine modifier is held.
const FINE: f32 = 0.1;
/// How long the player's own place is drawn while a stopped host has not yet passed it on, in seconds.
const PENDING_SECONDS: f64 = 1.0;

/// What the player's hand does on the map.
#[derive(Clone, Debug, Default)]
pub(super) struct Puck {
    /// The place under the hand while it drags.
    held: Option<[f32; 2]>,
    /// The place that the hand left, and when, until the parameters have caught up.
    left: Option<([f32; 2], f64)>,
}

/// Shows the map and hands the puck's movements to the host.
pub(super) fn show(
    ui: &mut egui::Ui,
    params: &BeatfieldParams,
    hands: &Hands<'_>,
    map: Option<&LatentMap>,
    field: &Field,
    puck: &mut Puck,
) -> Response {
    let side = ui.available_width().min(ui.available_height());
    let area = Rect::from_min_size(ui.max_rect().min, Vec2::splat(side));
    let response = ui.allocate_rect(area, Sense::click_and_drag());
    let place = [params.x.unmodulated_normalized_value(), params.y.unmodulated_normalized_value()];
    let fine = ui.input(|input| input.modifiers.shift);
    let now = ui.input(|input| input.time);
    let touch = follow_hand(&response, area, place, fine, now, puck);
    hands.touch_both(&params.x, &params.y, touch);
    let shown = puck.shown(place, now);
    paint(ui, area, map, field, shown, puck.held.is_some());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, "Map"));
    response.on_hover_cursor(egui::CursorIcon::Crosshair)
}

impl Puck {
    /// Where the puck is drawn: under the hand, or where it was left, else where the parameters say.
    fn shown(&mut self, params: [f32; 2], now: f64) -> [f32; 2] {
        if let Some((place, since)) = self.left {
            let caught_up = (place[0] - params[0]).abs() + (place[1] - params[1]).abs() < 1e-3;
            if caught_up || now - since > PENDING_SECONDS {
                self.left = None;
            }
        }
        self.held.or(self.left.map(|(place, _)| place)).unwrap_or(params)
    }
}

/// A press takes the puck to the pointer, with the fine modifier it moves on from where it stands; a
/// double-click centres it.
fn follow_hand(
    response: &Response,
    area: Rect,
    place: [f32; 2],
    fine: bool,
    now: f64,
    puck: &mut Puck,
) -> Touch<[f32; 2]> {
    // A drag goes on when the pointer leaves the window.
    let pressed = response.is_pointer_button_down_on() || response.dragged();
    match (puck.held, pressed) {
        (None, true) => {
            let begin = if fine { place } else { pointer_place(response, area).unwrap_or(place) };
            puck.held = Some(begin);
            Touch::Begin(begin)
        }
        (Some(held), true) => {
            let drag = response.drag_delta();
            let place = if fine {
                let step = Vec2::new(drag.x, -drag.y) / area.width() * FINE;
                [(held[0] + step.x).clamp(0.0, 1.0), (held[1] + step.y).clamp(0.0, 1.0)]
            } else {
                pointer_place(response, area).unwrap_or(held)
            };
            puck.held = Some(place);
            if place == held { Touch::None } else { Touch::Move(place) }
        }
        // The second click of a double-click ends here.
        (Some(_), false) if response.double_clicked() => {
            *puck = Puck { held: None, left: Some(([0.5; 2], now)) };
            Touch::Finish([0.5; 2])
        }
        (Some(held), false) => {
            puck.left = Some((held, now));
            puck.held = None;
            Touch::End
        }
        (None, false) if response.double_clicked() => {
            puck.left = Some(([0.5; 2], now));
            Touch::Once([0.5; 2])
        }
        // A tap that began and ended within one frame.
        (None, false) if response.clicked() => {
            let place = pointer_place(response, area).unwrap_or(place);
            puck.left = Some((place, now));
            Touch::Once(place)
        }
        (None, false) => Touch::None,
    }
}

fn pointer_place(response: &Response, area: Rect) -> Option<[f32; 2]> {
    let pointer = response.interact_pointer_pos()?;
    let x = (pointer.x - area.left()) / area.width();
    let y = (area.bottom() - pointer.y) / area.height();
    Some([x.clamp(0.0, 1.0), y.clamp(0.0, 1.0)])
}

fn on_screen(area: Rect, place: [f32; 2]) -> Pos2 {
    area.lerp_inside(Vec2::new(place[0], 1.0 - place[1]))
}

fn paint(ui: &egui::Ui, area: Rect, map: Option<&LatentMap>, field: &Field, puck: [f32; 2], held: bool) {
    let painter = ui.painter_at(area);
    painter.rect_filled(area, theme::ROUNDING, theme::PANEL);
    field.paint(&painter, area);
    name_regions(&painter, area, map.map_or(&[], LatentMap::regions));
    painter.rect_stroke(area, theme::ROUNDING, Stroke::new(1.0, theme::LINE), egui::StrokeKind::Inside);
    let centre = on_screen(area, puck);
    let radius = if held { 13.0 } else { 10.0 };
    painter.circle_filled(centre, radius + 6.0, theme::SOUNDING.gamma_multiply(0.15));
    painter.circle_filled(centre, radius * 0.45, theme::SOUNDING);
    painter.circle_stroke(centre, radius, Stroke::new(2.0, theme::SOUNDING));
}

/// Writes the names of the regions, each inside the map; where two would overlap, the first has the place.
fn name_regions(painter: &egui::Painter, area: Rect, regions: &[Region]) {
    let mut taken: Vec<Rect> = Vec::new();
    for region in regions {
        let galley = painter.layout_no_wrap(region.name.clone(), theme::small(), theme::TEXT);
        let half = galley.size() / 2.0;
        let room = area.shrink2(half + Vec2::splat(4.0));
        let label = Rect::from_center_size(
            on_screen(area, [region.x, region.y]).clamp(room.min, room.max),
            galley.size(),
        );
        if taken.iter().any(|other| other.intersects(label)) {
            continue;
        }
        taken.push(label.expand(2.0));
        painter.galley_with_override_text_color(
            label.min + Vec2::splat(1.0),
            galley.clone(),
            theme::BACKGROUND,
        );
        painter.galley(label.min, galley, theme::TEXT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_puck_stays_where_it_was_left_until_the_host_has_passed_it_on() {
        let mut puck = Puck { held: None, left: Some(([0.9, 0.1], 10.0)) };
        assert_eq!(puck.shown([0.5, 0.5], 10.1), [0.9, 0.1]);
        assert_eq!(puck.shown([0.9, 0.1], 10.2), [0.9, 0.1]);
        assert_eq!(puck.shown([0.2, 0.2], 10.3), [0.2, 0.2], "once passed on, automation moves it");
    }

    #[test]
    fn a_host_that_never_passes_it_on_gets_the_puck_back() {
        let mut puck = Puck { held: None, left: Some(([0.9, 0.1], 10.0)) };
        assert_eq!(puck.shown([0.5, 0.5], 11.5), [0.5, 0.5]);
    }
}
