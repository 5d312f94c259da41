//! A knob: drag up and down, wheel, arrow keys; shift for fine changes, a double-click resets, a click on the
//! value opens it for typing.

use std::f32::consts::PI;

use egui::{Align2, Event, EventFilter, Key, Pos2, Rect, Response, Sense, Shape, Stroke, TextEdit, Vec2};
use nice_plug::prelude::Param;

use super::actions::{Actions, Gesture};
use super::theme;

/// Pixels of drag for the whole range.
const TRAVEL: f32 = 180.0;
const FINE: f32 = 0.1;
/// The step of an arrow key, where the parameter's steps are not larger.
const KEY_STEP: f32 = 0.01;
/// The arc runs from seven o'clock to five o'clock.
const START: f32 = 0.75 * PI;
const SWEEP: f32 = 1.5 * PI;
/// Height of the name above and of the value below.
const CAPTION: f32 = 18.0;

/// How long the knob's own value is drawn after a change, until the host has passed it on, in seconds.
const PENDING_SECONDS: f64 = 1.0;

/// The value during a drag, or after a change that the host has not passed on yet.
#[derive(Clone, Copy)]
struct KnobState {
    value: f32,
    dragging: bool,
    since: f64,
}

/// The width of a knob of `diameter` with its name.
pub(super) fn width(diameter: f32) -> f32 {
    (diameter + 8.0).max(66.0)
}

/// Shows a knob of `diameter` for a parameter, with its name above, its value below and a hover `hint`.
pub(super) fn show<P: Param>(
    ui: &mut egui::Ui,
    actions: &Actions<'_>,
    param: &P,
    diameter: f32,
    hint: &str,
) -> Response {
    let size = Vec2::new(width(diameter), diameter + 2.0 * CAPTION);
    let (area, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let id = response.id.with("hold");
    let now = ui.input(|input| input.time);
    let parameter = param.unmodulated_normalized_value();
    let hold: Option<KnobState> = ui.data(|data| data.get_temp(id));
    let caught_up =
        |hold: &KnobState| stepped(param, hold.value) == parameter || now - hold.since > PENDING_SECONDS;
    let hold = hold.filter(|hold| hold.dragging || !caught_up(hold));
    let (gesture, hold) = follow_pointer(ui, &response, param, hold);
    ui.data_mut(|data| {
        data.remove::<KnobState>(id);
        if let Some(hold) = hold {
            data.insert_temp(id, hold);
        }
    });
    if hold.is_some_and(|hold| !hold.dragging) {
        ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(PENDING_SECONDS));
    }
    actions.edit(param, gesture);
    let value = hold.map_or(parameter, |hold| hold.value);
    let centre = Pos2::new(area.center().x, area.top() + CAPTION + diameter / 2.0);
    let lit = response.dragged() || response.hovered() || response.has_focus();
    paint(ui, centre, diameter / 2.0, value, lit);
    let name = param.name();
    ui.painter().text(area.center_top(), Align2::CENTER_TOP, name, theme::small(), theme::TEXT_QUIET);
    let below = Rect::from_min_max(Pos2::new(area.left(), area.bottom() - CAPTION), area.max);
    typed_value(ui, actions, param, value, below);
    let name = name.to_owned();
    response.widget_info(move || egui::WidgetInfo::slider(true, f64::from(value), &name));
    response.on_hover_text(hint)
}

/// Shows a parameter's value; a click opens it for typing.
pub(super) fn typed_value<P: Param>(
    ui: &mut egui::Ui,
    actions: &Actions<'_>,
    param: &P,
    value: f32,
    area: Rect,
) {
    let id = ui.scope_id().with(("typed", param.name()));
    let typed: Option<String> = ui.data(|data| data.get_temp(id));
    let shown = param.normalized_value_to_string(value, true);
    let Some(mut text) = typed else {
        let response = ui.interact(area, id, Sense::click());
        let colour = if response.hovered() { theme::SOUNDING } else { theme::TEXT };
        ui.painter().text(area.center(), Align2::CENTER_CENTER, &shown, theme::numbers(), colour);
        let name = format!("{} value", param.name());
        response.widget_info(move || egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        if response.clicked() {
            ui.data_mut(|data| data.insert_temp(id, param.normalized_value_to_string(value, false)));
        }
        return;
    };
    let edit = TextEdit::singleline(&mut text).font(theme::numbers()).align(Align2::CENTER_CENTER);
    let response = ui.put(area, edit.margin(egui::Margin::ZERO));
    let name = format!("type {}", param.name());
    response.widget_info(move || egui::WidgetInfo::labeled(egui::Role::TextInput, true, &name));
    let (enter, escape) = ui.input(|input| (input.key_pressed(Key::Enter), input.key_pressed(Key::Escape)));
    if !response.has_focus() && !response.lost_focus() {
        response.request_focus();
    }
    if enter && let Some(value) = param.string_to_normalized_value(text.trim()) {
        actions.edit(param, Gesture::Once(value));
    }
    let over = enter || escape || response.lost_focus();
    ui.data_mut(|data| match over {
        true => data.remove::<String>(id),
        false => drop(data.insert_temp(id, text)),
    });
}

/// `normalized`, rounded to the parameter's steps.
fn stepped<P: Param>(param: &P, normalized: f32) -> f32 {
    param.preview_normalized(param.preview_plain(normalized))
}

/// This frame's gesture, and the knob's state after it.
fn follow_pointer<P: Param>(
    ui: &egui::Ui,
    response: &Response,
    param: &P,
    hold: Option<KnobState>,
) -> (Gesture<f32>, Option<KnobState>) {
    let since = ui.input(|input| input.time);
    let fine = if ui.input(|input| input.modifiers.shift) { FINE } else { 1.0 };
    let value = hold.map_or(param.unmodulated_normalized_value(), |hold| hold.value);
    let dragging = hold.is_some_and(|hold| hold.dragging);
    let left = |value| Some(KnobState { value, dragging: false, since });
    if response.double_clicked() {
        let default = param.default_normalized_value();
        return (if dragging { Gesture::Finish(default) } else { Gesture::Once(default) }, left(default));
    }
    if response.drag_started() {
        response.request_focus();
        // The motion that started the drag counts.
        let value = (value - response.drag_delta().y / TRAVEL * fine).clamp(0.0, 1.0);
        return (Gesture::Begin(value), Some(KnobState { value, dragging: true, since }));
    }
    if dragging && !response.dragged() {
        return (Gesture::End, left(value));
    }
    let key_presses = key_presses(ui, response);
    if key_presses != 0.0 && !dragging {
        let step = param.step_count().map_or(KEY_STEP, |steps| (1.0 / steps.max(1) as f32).max(KEY_STEP));
        let fine = if step > KEY_STEP { 1.0 } else { fine };
        let value = (value + key_presses * step * fine).clamp(0.0, 1.0);
        return (Gesture::Once(value), left(value));
    }
    let wheel = if response.hovered() { ui.input(|input| input.smooth_scroll_delta().y) } else { 0.0 };
    let moved = if dragging { -response.drag_delta().y / TRAVEL } else { wheel / (TRAVEL * 4.0) };
    if moved == 0.0 {
        return (Gesture::None, hold);
    }
    let moved = (value + moved * fine).clamp(0.0, 1.0);
    // Small motions add up to the parameter's next step.
    let gesture = match (stepped(param, moved) == stepped(param, value), dragging) {
        (true, _) => Gesture::None,
        (false, true) => Gesture::Move(moved),
        (false, false) => Gesture::Once(moved),
    };
    (gesture, Some(KnobState { value: moved, dragging, since }))
}

/// Presses of arrow keys while the knob has the focus: up minus down.
fn key_presses(ui: &egui::Ui, response: &Response) -> f32 {
    if !response.has_focus() {
        return 0.0;
    }
    let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    ui.input(|input| {
        let press = |event: &Event| match event {
            Event::Key { key: Key::ArrowUp | Key::ArrowRight, pressed: true, .. } => 1.0,
            Event::Key { key: Key::ArrowDown | Key::ArrowLeft, pressed: true, .. } => -1.0,
            _ => 0.0,
        };
        input.events.iter().map(press).sum()
    })
}

fn paint(ui: &egui::Ui, centre: Pos2, radius: f32, value: f32, lit: bool) {
    let painter = ui.painter();
    let arc = |from: f32, to: f32| -> Vec<Pos2> {
        (0..=32).map(|part| centre + radius * Vec2::angled(from + (to - from) * part as f32 / 32.0)).collect()
    };
    let width = (radius * 0.11).clamp(3.0, 6.0);
    painter.circle_filled(centre, radius * 0.76, theme::CELL_ON_BEAT);
    painter.add(Shape::line(arc(START, START + SWEEP), Stroke::new(width, theme::LINE)));
    let end = START + SWEEP * value;
    let colour = if lit { theme::SOUNDING } else { theme::ONSET };
    if value > 0.0 {
        painter.add(Shape::line(arc(START, end), Stroke::new(width, colour)));
    }
    let direction = Vec2::angled(end);
    painter.line_segment(
        [centre + radius * 0.35 * direction, centre + radius * 0.70 * direction],
        Stroke::new(2.5, colour),
    );
}
