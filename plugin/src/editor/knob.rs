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

/// Shows a knob of `diameter` for a parameter, with its name above and its value below.
pub(super) fn show<P: Param>(ui: &mut egui::Ui, hands: &Hands<'_>, param: &P, diameter: f32) -> Response {
    let size = Vec2::new(diameter.max(64.0), diameter + 36.0);
    let (area, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let id = response.id.with("held");
    let held: Option<f32> = ui.data(|data| data.get_temp(id));
    let value = held.unwrap_or(param.unmodulated_normalized_value());
    let (touch, held) = follow_hand(ui, &response, param.default_normalized_value(), value, held);
    ui.data_mut(|data| {
        match held {
            Some(held) => {
                data.insert_temp(id, held);
            }
            None => {
                data.remove::<f32>(id);
            }
        };
    });
    hands.touch(param, touch);
    let value = held.unwrap_or(value);
    let centre = Pos2::new(area.center().x, area.top() + 18.0 + diameter / 2.0);
    paint(ui, centre, diameter / 2.0, value, held.is_some() || response.hovered());
    let text = param.normalized_value_to_string(value, true);
    let painter = ui.painter();
    painter.text(area.center_top(), Align2::CENTER_TOP, param.name(), theme::small(), theme::TEXT_QUIET);
    painter.text(area.center_bottom(), Align2::CENTER_BOTTOM, &text, theme::numbers(), theme::TEXT);
    let name = param.name().to_owned();
    response.widget_info(move || egui::WidgetInfo::slider(true, f64::from(value), &name));
    response
}

/// What the hand does, and the value that it holds.
fn follow_hand(
    ui: &egui::Ui,
    response: &Response,
    default: f32,
    value: f32,
    held: Option<f32>,
) -> (Touch<f32>, Option<f32>) {
    let fine = if ui.input(|input| input.modifiers.shift) { FINE } else { 1.0 };
    if response.double_clicked() {
        let touch = if held.is_some() { Touch::End } else { Touch::Once(default) };
        return (touch, None);
    }
    if response.drag_started() {
        return (Touch::Begin(value), Some(value));
    }
    if response.drag_stopped() {
        return (if held.is_some() { Touch::End } else { Touch::None }, None);
    }
    if let Some(held) = held.filter(|_| response.dragged()) {
        let moved = (held - response.drag_delta().y / TRAVEL * fine).clamp(0.0, 1.0);
        let touch = if moved == held { Touch::None } else { Touch::Move(moved) };
        return (touch, Some(moved));
    }
    let wheel = if response.hovered() { ui.input(|input| input.smooth_scroll_delta().y) } else { 0.0 };
    if wheel != 0.0 {
        return (Touch::Once((value + wheel / (TRAVEL * 4.0) * fine).clamp(0.0, 1.0)), None);
    }
    (Touch::None, held)
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
