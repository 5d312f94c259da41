//! The head of a row: the instrument's name, mute and solo, its own density, its note.

use beat::{INSTRUMENTS, Kit, Shape};
use egui::{Align2, Color32, Popup, Pos2, Rect, Response, Sense, Stroke, Vec2};

use super::GridState;
use crate::editor::desk::Desk;
use crate::editor::gesture::Touch;
use crate::editor::theme;

const BUTTON: f32 = 17.0;
const TRIM: f32 = 30.0;
const NOTE: f32 = 26.0;
/// Pixels of drag for the whole range of a trim.
const TRIM_TRAVEL: f32 = 120.0;

/// Gives an instrument another note.
pub(super) fn set_note(desk: &Desk<'_>, instrument: usize, note: u8) {
    let mut notes: [u8; INSTRUMENTS] = std::array::from_fn(|other| desk.note(other));
    notes[instrument] = note.min(127);
    desk.hands.reshape(desk.shape.with_kit(Kit::new(notes)));
}

impl GridState {
    pub(super) fn show_head(&mut self, ui: &mut egui::Ui, desk: &Desk<'_>, instrument: usize, head: Rect) {
        let name = desk.instrument_name(instrument).to_owned();
        let silent = desk.mutes() >> instrument & 1 == 1;
        let narrow = head.width() < 150.0;
        let mut right = head.right() - 6.0;
        let mut take = |width: f32| {
            right -= width;
            Rect::from_min_size(Pos2::new(right, head.top()), Vec2::new(width, head.height()))
        };
        if !narrow {
            self.note(ui, desk, instrument, &name, take(NOTE));
            trim(ui, desk, instrument, &name, take(TRIM + 6.0));
        }
        let solo = &desk.params.solos[instrument].alone;
        let toggled = toggle(ui, take(BUTTON), "S", &format!("solo {name}"), solo.value(), theme::SOUNDING);
        if toggled.clicked() {
            desk.hands.touch(solo, Touch::Once(if solo.value() { 0.0 } else { 1.0 }));
        }
        let mute = &desk.params.mutes[instrument].muted;
        let toggled = toggle(ui, take(BUTTON), "M", &format!("mute {name}"), mute.value(), theme::TROUBLE);
        if toggled.clicked() {
            desk.hands.touch(mute, Touch::Once(if mute.value() { 0.0 } else { 1.0 }));
        }
        let colour = if silent { theme::TEXT_QUIET.gamma_multiply(0.5) } else { theme::TEXT };
        let label = ui.painter().layout_no_wrap(name, theme::within(theme::small(), head.height()), colour);
        let clip = Rect::from_min_max(head.min, Pos2::new(right - 2.0, head.bottom()));
        let at = Pos2::new(head.left(), head.center().y - label.size().y / 2.0);
        ui.painter().with_clip_rect(clip.expand2(Vec2::new(0.0, 2.0))).galley(at, label, colour);
    }

    /// The note number; a click opens what can be done with it.
    fn note(&mut self, ui: &mut egui::Ui, desk: &Desk<'_>, instrument: usize, name: &str, area: Rect) {
        let response = ui.interact(area, ui.scope_id().with(("note", instrument)), Sense::click());
        let learns = self.learning.is_some_and(|(learner, _)| learner == instrument);
        let (text, colour) = match (learns, desk.shape.kit.is_some()) {
            (true, _) => ("…".to_owned(), theme::COMING),
            (false, true) => (desk.note(instrument).to_string(), theme::TEXT),
            (false, false) => (desk.note(instrument).to_string(), theme::TEXT_QUIET),
        };
        let colour = if response.hovered() { theme::SOUNDING } else { colour };
        ui.painter().text(
            area.right_center(),
            Align2::RIGHT_CENTER,
            text,
            theme::within(theme::tiny(), area.height()),
            colour,
        );
        let label = format!("note of {name}");
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
        Popup::menu(&response).show(|ui| {
            ui.label(format!("{name} plays note"));
            let mut note = desk.note(instrument);
            let number = ui.add(egui::DragValue::new(&mut note).range(0..=127));
            number.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, "note number"));
            if number.changed() {
                set_note(desk, instrument, note);
            }
            if ui.button("learn from the next note").clicked() {
                self.learning = Some((instrument, desk.meters.heard().0));
            }
            if ui.button("all as General MIDI").clicked() {
                desk.hands.reshape(desk.shape.with_kit(Some(Kit::DEFAULT)));
            }
            if ui.button("all as the model has them").clicked() {
                desk.hands.reshape(desk.shape.with_kit(None));
            }
        });
    }
}

/// A letter that is on or off.
fn toggle(ui: &mut egui::Ui, area: Rect, letter: &str, label: &str, on: bool, colour: Color32) -> Response {
    let response = ui.interact(area, ui.scope_id().with(label), Sense::click());
    let box_ = Rect::from_center_size(area.center(), Vec2::splat((area.height() - 2.0).min(15.0)));
    let fill = match (on, response.hovered()) {
        (true, _) => colour,
        (false, true) => theme::LINE,
        (false, false) => theme::CELL,
    };
    ui.painter().rect_filled(box_, 3.0, fill);
    let ink = if on { theme::BACKGROUND } else { theme::TEXT_QUIET };
    ui.painter().text(
        box_.center(),
        Align2::CENTER_CENTER,
        letter,
        theme::within(theme::tiny(), box_.height()),
        ink,
    );
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, label));
    response
}

/// The instrument's own density: drag sideways, a double-click resets.
fn trim(ui: &mut egui::Ui, desk: &Desk<'_>, instrument: usize, name: &str, area: Rect) {
    let response = ui.interact(area, ui.scope_id().with(("trim", instrument)), Sense::click_and_drag());
    let value = desk.shape.trims[instrument];
    let moved = match (response.double_clicked(), response.dragged()) {
        (true, _) => 0.0,
        (false, true) => (value + response.drag_delta().x * 2.0 / TRIM_TRAVEL).clamp(-1.0, 1.0),
        (false, false) => value,
    };
    if moved != value {
        let mut trims = desk.shape.trims;
        trims[instrument] = moved;
        desk.hands.reshape(Shape { trims, ..desk.shape });
    }
    let bar = Rect::from_center_size(area.center(), Vec2::new(TRIM, 4.0));
    let painter = ui.painter();
    painter.rect_filled(bar, 2.0, theme::CELL_ON_BEAT);
    let (middle, end) = (bar.center().x, bar.center().x + value * TRIM / 2.0);
    let filled = Rect::from_x_y_ranges(middle.min(end)..=middle.max(end), bar.y_range());
    let colour = if response.hovered() || response.dragged() { theme::SOUNDING } else { theme::ONSET };
    painter.rect_filled(filled, 2.0, colour);
    painter.line_segment(
        [Pos2::new(end, bar.top() - 2.0), Pos2::new(end, bar.bottom() + 2.0)],
        Stroke::new(1.5, colour),
    );
    let label = format!("density of {name}");
    response.widget_info(|| egui::WidgetInfo::slider(true, f64::from(value), &label));
    response.on_hover_text("This instrument's own density");
}
