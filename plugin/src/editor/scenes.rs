//! The scenes: four places to return to, with their temperature and seed.

use beat::Scene;
use egui::{Align2, Sense, Stroke, StrokeKind, Vec2};
use nice_plug::prelude::Param;

use super::desk::Desk;
use super::gesture::Touch;
use super::theme;
use crate::params::SceneChoice;

const NAMES: [&str; 4] = ["A", "B", "C", "D"];
const BUTTON: Vec2 = Vec2::new(30.0, 21.0);
const HINT: &str = "A click goes there; an empty scene takes what sounds now, and so does one clicked with shift. \
                    The notes 0 to 3 hold the scenes A to D.";

/// Shows the four scenes.
pub(super) fn show(ui: &mut egui::Ui, desk: &Desk<'_>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.label(egui::RichText::new("scenes").font(theme::small()).color(theme::TEXT_QUIET));
        let in_effect = desk.params.scene_in_effect();
        for (index, name) in NAMES.iter().enumerate() {
            let (area, response) = ui.allocate_exact_size(BUTTON, Sense::click());
            let stored = desk.params.saved.scenes().get(index);
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
                if stores { store(desk, index) } else { recall(desk, index, sounds) }
            } else if response.secondary_clicked() {
                store(desk, index);
            }
            response.on_hover_text(HINT);
        }
    });
}

/// Keeps what sounds now, but on an orbit where the puck stands.
fn store(desk: &Desk<'_>, index: usize) {
    let settings = desk.params.settings();
    let [x, y] = if settings.orbit_bars > 0 { desk.place() } else { [settings.x, settings.y] };
    let scene = Scene { x, y, temperature: settings.temperature, seed: settings.seed };
    desk.hands.store_scene(index, Some(scene));
}

/// Goes to a scene, or back to the puck from the one that sounds.
fn recall(desk: &Desk<'_>, index: usize, sounds: bool) {
    let choice = if sounds { SceneChoice::Puck } else { SceneChoice::SCENES[index] };
    let param = &desk.params.scene;
    desk.hands.touch(param, Touch::Once(param.preview_normalized(choice)));
}
