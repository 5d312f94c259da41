//! The rows of the panel that change the beat as a whole: genres, scenes, orbit, phrase, rotation and locks.

use beat::{Edits, Scene};
use egui::{Align2, Sense, Stroke, StrokeKind, Vec2};
use nice_plug::prelude::Param;

use super::quiet;
use crate::editor::actions::Gesture;
use crate::editor::map::MapState;
use crate::editor::theme;
use crate::editor::view_state::ViewState;
use crate::params::SceneChoice;

const NAMES: [&str; 4] = ["A", "B", "C", "D"];
const BUTTON: Vec2 = Vec2::new(30.0, 21.0);
const HINT: &str = "A click goes there; an empty scene takes what sounds now, and so does one clicked with shift. \
                    The notes 0 to 3 hold the scenes A to D.";

/// Shows the four scenes.
pub(super) fn scenes(ui: &mut egui::Ui, view: &ViewState<'_>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.label(egui::RichText::new("scenes").font(theme::small()).color(theme::TEXT_QUIET));
        let in_effect = view.params.scene_in_effect();
        for (index, name) in NAMES.iter().enumerate() {
            let (area, response) = ui.allocate_exact_size(BUTTON, Sense::click());
            let stored = view.params.saved.scenes().get(index);
            let sounds = in_effect == Some(index) && stored.is_some();
            let (fill, ink) = match (sounds, stored.is_some()) {
                (true, _) => (theme::SOUNDING, theme::BACKGROUND),
                (false, true) => (theme::CELL_ON_BEAT, theme::TEXT),
                (false, false) => (theme::BACKGROUND, theme::TEXT_QUIET),
            };
            let painter = ui.painter();
            painter.rect_filled(area, 5.0, fill);
            let edge =
                if response.hovered() || response.has_focus() { theme::TEXT_QUIET } else { theme::LINE };
            painter.rect_stroke(area, 5.0, Stroke::new(1.0, edge), StrokeKind::Inside);
            painter.text(area.center(), Align2::CENTER_CENTER, *name, theme::numbers(), ink);
            let label = format!("scene {name}");
            response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, sounds, &label));
            let stores = ui.input(|input| input.modifiers.shift) || stored.is_none();
            if response.clicked() {
                if stores { store(view, index) } else { recall(view, index, sounds) }
            } else if response.secondary_clicked() {
                store(view, index);
            }
            response.on_hover_text(HINT);
        }
    });
}

/// Stores the current settings; on an orbit, the puck's place.
fn store(view: &ViewState<'_>, index: usize) {
    let settings = view.params.settings();
    let [x, y] = if settings.orbit_bars > 0 { view.place() } else { [settings.x, settings.y] };
    let scene = Scene { x, y, temperature: settings.temperature, seed: settings.seed };
    view.actions.store_scene(index, Some(scene));
}

/// Switches to a scene, or back to the puck from the one that is on.
fn recall(view: &ViewState<'_>, index: usize, sounds: bool) {
    let choice = if sounds { SceneChoice::Puck } else { SceneChoice::SCENES[index] };
    let param = &view.params.scene;
    view.actions.edit(param, Gesture::Once(param.preview_normalized(choice)));
}

/// The list of genres; a choice moves the puck there.
pub(super) fn regions(ui: &mut egui::Ui, view: &ViewState<'_>, map: &mut MapState) {
    let Some(latent_map) = view.decoded.model.as_deref().and_then(nets::Model::map) else { return };
    ui.horizontal(|ui| {
        quiet(ui, "fly to");
        let [x, y] = view.place();
        let here = latent_map.region(x, y).unwrap_or("a genre");
        let list = egui::ComboBox::from_id_salt("genres").selected_text(here).width(130.0);
        let list = list.show_ui(ui, |ui| {
            let mut sorted: Vec<_> = latent_map.regions().iter().collect();
            sorted.sort_by(|a, b| a.name.cmp(&b.name));
            for region in sorted {
                if ui.selectable_label(region.name == here, &region.name).clicked() {
                    map.fly(view, [region.x, region.y]);
                }
            }
        });
        list.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "fly to a genre"));
    });
}

/// The orbit: on or off, its path, its length.
pub(super) fn orbit(ui: &mut egui::Ui, view: &ViewState<'_>, map: &mut MapState) {
    let (on, bars) = (&view.params.orbit, &view.params.orbit_bars);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        if ui.selectable_label(on.value(), "orbit").clicked() {
            view.actions.edit(on, Gesture::Once(if on.value() { 0.0 } else { 1.0 }));
        }
        if ui.selectable_label(map.is_drawing(), "draw").on_hover_text("Draw its path on the map").clicked() {
            map.toggle_drawing();
        }
        for power in 0..=4 {
            let chosen = bars.value() == power;
            let label = ui.selectable_label(chosen, (1 << power).to_string());
            if label.on_hover_text("Bars for one round").clicked() && !chosen {
                view.actions.edit(bars, Gesture::Once(bars.preview_normalized(power)));
            }
        }
        quiet(ui, "bars");
    });
}

/// Phrases of sixteen bars: on or off, the number of fills, continuing the playing bars.
pub(super) fn phrases(ui: &mut egui::Ui, view: &ViewState<'_>) {
    let on = &view.params.phrase;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        let label = ui.selectable_label(on.value(), "phrase");
        let hint =
            "Sixteen bars that grow from this beat: what comes back, what changes, and where fills are. Other metres \
             are planned as if they were 4/4";
        if label.on_hover_text(hint).clicked() {
            view.actions.edit(on, Gesture::Once(if on.value() { 0.0 } else { 1.0 }));
        }
        fills(ui, view);
        continuation_buttons(ui, view);
    });
}

/// The number of fills: a few values of a parameter that the host can set to any between.
fn fills(ui: &mut egui::Ui, view: &ViewState<'_>) {
    const CHOICES: [(f32, &str); 5] = [
        (-1.0, "no fills"),
        (-0.5, "few fills"),
        (0.0, "fills as songs"),
        (0.5, "more fills"),
        (1.0, "many fills"),
    ];
    let fills = &view.params.fills;
    let far = |(value, _): &&(f32, &str)| ((fills.value() - value).abs() * 100.0) as u32;
    let now = CHOICES.iter().min_by_key(far).map_or("fills", |(_, name)| *name);
    let list = egui::ComboBox::from_id_salt("fills").selected_text(now).width(100.0).show_ui(ui, |ui| {
        for (value, name) in CHOICES {
            if ui.selectable_label(name == now, name).clicked() && fills.value() != value {
                view.actions.edit(fills, Gesture::Once(fills.preview_normalized(value)));
            }
        }
    });
    list.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "fills of a phrase"));
}

/// The buttons that continue the two playing bars, and go back.
fn continuation_buttons(ui: &mut egui::Ui, view: &ViewState<'_>) {
    let settings = view.params.settings();
    let place = [settings.x, settings.y];
    let hint = "Carries the two bars that sound on for fourteen more; move the puck to leave them";
    let rests = settings.orbit_bars > 0 || view.decoded.model.is_none();
    if ui.add_enabled(!rests, egui::Button::new("continue")).on_hover_text(hint).clicked() {
        // Without the rotation, which the shape applies again.
        let (grid, edits) = (view.grid(), *view.edits());
        let pattern = view.take().onsets.rotated(edits.sounds_at(0, grid), grid);
        let take = view.cycle().rem_euclid(nets::TAKES as i64) as u8;
        let continuation = Some(beat::Continuation { pattern, place, take });
        view.set_edits(Edits { continuation, ..edits });
    }
    let continues = view.edits().continuation_at(place).is_some();
    if ui
        .add_enabled(continues, egui::Button::new("back"))
        .on_hover_text("The beat of this place again")
        .clicked()
    {
        view.set_edits(Edits { continuation: None, ..*view.edits() });
    }
}

/// Rotation and locks of the whole pattern.
pub(super) fn pattern_tools(ui: &mut egui::Ui, view: &ViewState<'_>) {
    let (edits, steps) = (*view.edits(), view.grid().steps());
    let turned = |by: usize| Edits { rotation: ((usize::from(edits.rotation) + by) % steps) as u8, ..edits };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        quiet(ui, "rotate");
        if ui.button("<").on_hover_text("Everything a step earlier").clicked() {
            view.set_edits(turned(steps - 1));
        }
        ui.label(egui::RichText::new(edits.rotation.to_string()).font(theme::numbers()));
        if ui.button(">").on_hover_text("Everything a step later").clicked() {
            view.set_edits(turned(1));
        }
        let release = match edits.locks.count() {
            0 => "no locks".to_owned(),
            1 => "let go of 1 lock".to_owned(),
            held => format!("let go of {held} locks"),
        };
        let button = ui.add_enabled(edits.locks.count() > 0, egui::Button::new(release));
        if button.on_hover_text("Steps that you hold on or off, wherever the puck goes").clicked() {
            view.set_edits(Edits { locks: beat::Locks::NONE, ..edits });
        }
    });
}
