//! Sixteen bars: a phrase that grows from the beat, and what sounds carried on.

use nice_plug::prelude::Param;

use super::desk::Desk;
use super::gesture::Touch;

/// Sixteen bars that grow from the beat: on or off, how many fills, and going on from what sounds.
pub(super) fn show(ui: &mut egui::Ui, desk: &Desk<'_>) {
    let on = &desk.params.phrase;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        let label = ui.selectable_label(on.value(), "phrase");
        let hint =
            "Sixteen bars that grow from this beat: what comes back, what changes, and where fills are";
        if label.on_hover_text(hint).clicked() {
            desk.hands.touch(on, Touch::Once(if on.value() { 0.0 } else { 1.0 }));
        }
        fills(ui, desk);
        carry(ui, desk);
    });
}

/// How many fills: a few choices of a parameter that the host may set to anything between.
fn fills(ui: &mut egui::Ui, desk: &Desk<'_>) {
    const CHOICES: [(f32, &str); 5] = [
        (-1.0, "no fills"),
        (-0.5, "few fills"),
        (0.0, "fills as songs"),
        (0.5, "more fills"),
        (1.0, "many fills"),
    ];
    let fills = &desk.params.fills;
    let far = |(value, _): &&(f32, &str)| ((fills.value() - value).abs() * 100.0) as u32;
    let now = CHOICES.iter().min_by_key(far).map_or("fills", |(_, name)| *name);
    let list = egui::ComboBox::from_id_salt("fills").selected_text(now).width(100.0).show_ui(ui, |ui| {
        for (value, name) in CHOICES {
            if ui.selectable_label(name == now, name).clicked() && fills.value() != value {
                desk.hands.touch(fills, Touch::Once(fills.preview_normalized(value)));
            }
        }
    });
    list.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "fills of a phrase"));
}

/// The button that carries the two bars on that sound, and the way back.
fn carry(ui: &mut egui::Ui, desk: &Desk<'_>) {
    let settings = desk.params.settings();
    let place = [settings.x, settings.y];
    let hint = "Carries the two bars that sound on for fourteen more; move the puck to leave them";
    let rests = settings.orbit_bars > 0 || desk.scene.model.is_none();
    if ui.add_enabled(!rests, egui::Button::new("continue")).on_hover_text(hint).clicked() {
        // As it is drawn: the shape turns it once more.
        let pattern = desk.take().onsets.rotated(desk.shape.sounds_at(0));
        let take = desk.cycle().rem_euclid(beat::BANK_TAKES as i64) as u8;
        let continuation = Some(beat::Continuation { pattern, place, take });
        desk.hands.reshape(beat::Shape { continuation, ..desk.shape });
    }
    let carries = desk.shape.continuation_at(place).is_some();
    if ui
        .add_enabled(carries, egui::Button::new("back"))
        .on_hover_text("The beat of this place again")
        .clicked()
    {
        desk.hands.reshape(beat::Shape { continuation: None, ..desk.shape });
    }
}
