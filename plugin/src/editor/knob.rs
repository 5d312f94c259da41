//! A knob: drag up and down, double-click to reset, shift for fine moves, wheel.

use std::f32::consts::PI;

use egui::{Align2, Pos2, Response, Sense, Shape, Stroke, Vec2};
use nice_plug::prelude::Param;

use super::gesture::{Hands, Touch};
use super::theme;

/// Pixels of drag for the whole range.
const TRAVEL: f32 = 180.0;
const FINE: f32 = 0.1;
/// The arc runs from seven o'clock to five o'clock.
const START: f32 = 0.75 * PI;
const SWEEP: f32 = 1.5 * PI;

/// How long the knob's own value is drawn after the hand has left it, while a stopped host has not yet
/// passed it on, in seconds.
const PENDING_SECONDS: f64 = 1.0;

/// The value under the hand, or the one it has just left.
#[derive(Clone, Copy)]
struct Hold {
    value: f32,
    dragging: bool,
    since: f64,
}

/// Shows a knob of `diameter` for a parameter, with its name above and its value below.
pub(super) fn show<P: Param>(ui: &mut egui::Ui, hands: &Hands<'_>, param: &P, diameter: f32) -> Response {
    let size = Vec2::new(diameter.max(64.0), diameter + 36.0);
    let (area, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let id = response.id.with("hold");
    let now = ui.input(|input| input.time);
    let parameter = param.unmodulated_normalized_value();
    let hold: Option<Hold> = ui.data(|data| data.get_temp(id));
    let caught_up =
        |hold: &Hold| stepped(param, hold.value) == parameter || now - hold.since > PENDING_SECONDS;
    let hold = hold.filter(|hold| hold.dragging || !caught_up(hold));
    let (touch, hold) = follow_hand(ui, &response, param, hold);
    ui.data_mut(|data| {
        data.remove::<Hold>(id);
        if let Some(hold) = hold {
            data.insert_temp(id, hold);
        }
    });
    hands.touch(param, touch);
    let value = hold.map_or(parameter, |hold| hold.value);
    let centre = Pos2::new(area.center().x, area.top() + 18.0 + diameter / 2.0);
    paint(ui, centre, diameter / 2.0, value, response.dragged() || response.hovered());
    let text = param.normalized_value_to_string(value, true);
    let painter = ui.painter();
    painter.text(area.center_top(), Align2::CENTER_TOP, param.name(), theme::small(), theme::TEXT_QUIET);
    painter.text(area.center_bottom(), Align2::CENTER_BOTTOM, &text, theme::numbers(), theme::TEXT);
    let name = param.name().to_owned();
    response.widget_info(move || egui::WidgetInfo::slider(true, f64::from(value), &name));
    response
}

/// The value that the parameter makes of `normalized`: many have steps.
fn stepped<P: Param>(param: &P, normalized: f32) -> f32 {
    param.preview_normalized(param.preview_plain(normalized))
}

/// What the hand does, and the value that it holds or has left.
fn follow_hand<P: Param>(
    ui: &egui::Ui,
    response: &Response,
    param: &P,
    hold: Option<Hold>,
) -> (Touch<f32>, Option<Hold>) {
    let since = ui.input(|input| input.time);
    let fine = if ui.input(|input| input.modifiers.shift) { FINE } else { 1.0 };
    let value = hold.map_or(param.unmodulated_normalized_value(), |hold| hold.value);
    let dragging = hold.is_some_and(|hold| hold.dragging);
    let left = |value| Some(Hold { value, dragging: false, since });
    if response.double_clicked() {
        let default = param.default_normalized_value();
        return (if dragging { Touch::Finish(default) } else { Touch::Once(default) }, left(default));
    }
    if response.drag_started() {
        // The movement that made it a drag counts.
        let value = (value - response.drag_delta().y / TRAVEL * fine).clamp(0.0, 1.0);
        return (Touch::Begin(value), Some(Hold { value, dragging: true, since }));
    }
    if dragging && !response.dragged() {
        return (Touch::End, left(value));
    }
    let wheel = if response.hovered() { ui.input(|input| input.smooth_scroll_delta().y) } else { 0.0 };
    let moved = if dragging { -response.drag_delta().y / TRAVEL } else { wheel / (TRAVEL * 4.0) };
    if moved == 0.0 {
        return (Touch::None, hold);
    }
    let moved = (value + moved * fine).clamp(0.0, 1.0);
    // Small movements add up under the hand until the parameter's next step.
    let touch = match (stepped(param, moved) == stepped(param, value), dragging) {
        (true, _) => Touch::None,
        (false, true) => Touch::Move(moved),
        (false, false) => Touch::Once(moved),
    };
    (touch, Some(Hold { value: moved, dragging, since }))
}

fn paint(ui: &egui::Ui, centre: Pos2, radius: f32, value: f32, lit: bool) {
    let painter = ui.painter();
    let arc = |from: f32, to: f32| -> Vec<Pos2> {
        (0..=32).map(|part| centre + radius * Vec2::angled(from + (to - from) * part as f32 / 32.0)).collect()
    };
    painter.circle_filled(centre, radius * 0.78, theme::PANEL);
    painter.add(Shape::line(arc(START, START + SWEEP), Stroke::new(4.0, theme::LINE)));
    let end = START + SWEEP * value;
    let colour = if lit { theme::SOUNDING } else { theme::ONSET };
    painter.add(Shape::line(arc(START, end), Stroke::new(4.0, colour)));
    let direction = Vec2::angled(end);
    painter.line_segment(
        [centre + radius * 0.35 * direction, centre + radius * 0.72 * direction],
        Stroke::new(2.5, colour),
    );
}
