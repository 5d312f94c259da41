//! The column beside the map: the temperature first and biggest, then everything else that is set.

use egui::Vec2;
use nice_plug::prelude::{Enum, EnumParam, Param};

use super::desk::Desk;
use super::export::ExportState;
use super::gesture::Touch;
use super::layout::Layout;
use super::map::MapState;
use super::{knob, phrases, scenes, theme};
use crate::params::Commit;

const BIG: f32 = 92.0;
const SMALL: f32 = 42.0;
/// How high a row of buttons is, so that what is written before them stands in its middle.
const ROW: f32 = 21.0;
/// Scales that the window can be shown at, in percent.
const SCALES: [u32; 6] = [50, 75, 100, 125, 150, 200];

/// Shows all knobs and choices: in one column, or the first of them beside the map and the rest in a strip
/// under it.
pub(super) fn show(
    ui: &mut egui::Ui,
    desk: &Desk<'_>,
    layout: &Layout,
    map: &mut MapState,
    export: &mut ExportState,
) {
    let Some(under) = layout.under else {
        return scrolled(ui, layout.side, "side", |ui| {
            toolbar(ui, desk);
            ui.horizontal(|ui| {
                temperature(ui, desk);
                ui.vertical(|ui| {
                    ui.add_space(8.0);
                    seed(ui, desk);
                    ui.add_space(4.0);
                    commit(ui, desk);
                });
            });
            spread(ui, 3, |ui| what_is_played(ui, desk));
            spread(ui, 3, |ui| how_it_is_played(ui, desk));
            regions(ui, desk, map);
            scenes::show(ui, desk);
            orbit(ui, desk, map);
            phrases::show(ui, desk);
            pattern_tools(ui, desk);
            export.show_choice(ui);
            export.show_ways_out(ui, desk);
        });
    };
    scrolled(ui, layout.side, "side", |ui| {
        toolbar(ui, desk);
        ui.vertical_centered(|ui| temperature(ui, desk));
        seed(ui, desk);
        commit(ui, desk);
        regions(ui, desk, map);
        scenes::show(ui, desk);
    });
    scrolled(ui, under, "under", |ui| {
        spread(ui, 6, |ui| {
            what_is_played(ui, desk);
            how_it_is_played(ui, desk);
        });
        ui.horizontal(|ui| {
            orbit(ui, desk, map);
            pattern_tools(ui, desk);
        });
        phrases::show(ui, desk);
        ui.horizontal(|ui| {
            export.show_choice(ui);
            export.show_ways_out(ui, desk);
        });
    });
}

/// A part of the panel, which scrolls if its place is too small for it.
fn scrolled(ui: &mut egui::Ui, place: egui::Rect, name: &str, part: impl FnOnce(&mut egui::Ui)) {
    ui.scope_builder(egui::UiBuilder::new().max_rect(place), |ui| {
        egui::ScrollArea::both().id_salt(name).show(ui, |ui| {
            ui.spacing_mut().item_spacing = Vec2::new(6.0, 7.0);
            ui.spacing_mut().interact_size.y = ROW;
            part(ui);
        });
    });
}

/// Small knobs in a row, so many of them, over the width there is.
fn spread(ui: &mut egui::Ui, knobs: usize, row: impl FnOnce(&mut egui::Ui)) {
    let left = ui.available_width() - knobs as f32 * knob::width(SMALL);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = (left / (knobs - 1) as f32).floor().clamp(6.0, 40.0);
        row(ui);
    });
}

fn temperature(ui: &mut egui::Ui, desk: &Desk<'_>) {
    let hint = "0 plays the likeliest beat of this place; the higher, the further it strays";
    knob::show(ui, desk.hands, &desk.params.temperature, BIG, hint);
}

fn what_is_played(ui: &mut egui::Ui, desk: &Desk<'_>) {
    let (params, hands) = (desk.params, desk.hands);
    knob::show(ui, hands, &params.density, SMALL, "Fewer hits, or more");
    let hint = "So many versions of the beat, two bars each, come one after another";
    knob::show(ui, hands, &params.variation, SMALL, hint);
    let hint = "How late every second sixteenth comes; 50 % is straight";
    knob::show(ui, hands, &params.swing, SMALL, hint);
}

fn how_it_is_played(ui: &mut egui::Ui, desk: &Desk<'_>) {
    let (params, hands) = (desk.params, desk.hands);
    knob::show(ui, hands, &params.gate, SMALL, "How long notes are, in parts of a sixteenth");
    knob::show(ui, hands, &params.velocity, SMALL, "How hard everything is hit");
    let hint = "The built-in drums; 0 turns them off, for when the notes play another instrument";
    knob::show(ui, hands, &params.kit_level, SMALL, hint);
}

/// When a changed beat starts to sound.
fn commit(ui: &mut egui::Ui, desk: &Desk<'_>) {
    quiet(ui, "a changed beat starts at the next");
    let names =
        [(Commit::Step, "step"), (Commit::Beat, "beat"), (Commit::Bar, "bar"), (Commit::Cycle, "cycle")];
    choices(ui, desk, &desk.params.commit, &names);
}

fn quiet(ui: &mut egui::Ui, text: &str) {
    ui.label(egui::RichText::new(text).font(theme::small()).color(theme::TEXT_QUIET));
}

/// Undo, redo, and how large everything is shown.
fn toolbar(ui: &mut egui::Ui, desk: &Desk<'_>) {
    let (can_undo, can_redo) = desk.hands.can();
    ui.horizontal(|ui| {
        if ui.add_enabled(can_undo, egui::Button::new("undo")).clicked() {
            desk.hands.undo();
        }
        if ui.add_enabled(can_redo, egui::Button::new("redo")).clicked() {
            desk.hands.redo();
        }
        let now = (ui.ctx().zoom_factor() * 100.0).round() as u32;
        ui.menu_button(format!("{now} %"), |ui| {
            for scale in SCALES {
                if ui.selectable_label(scale == now, format!("{scale} %")).clicked() {
                    ui.ctx().set_zoom_factor(scale as f32 / 100.0);
                    ui.close();
                }
            }
        });
    });
}

/// The seed: shown, typed, rolled.
fn seed(ui: &mut egui::Ui, desk: &Desk<'_>) {
    let seed = &desk.params.seed;
    ui.horizontal(|ui| {
        quiet(ui, "Seed");
        let (area, _) = ui.allocate_exact_size(Vec2::new(44.0, 22.0), egui::Sense::hover());
        ui.painter().rect_filled(area, 4.0, theme::PANEL);
        knob::typed_value(ui, desk.hands, seed, seed.unmodulated_normalized_value(), area);
        let roll = ui.button("roll the dice").on_hover_text("Another seed: another beat from the same place");
        if roll.clicked() {
            let next = next_seed(seed.unmodulated_normalized_value());
            desk.hands.touch(seed, Touch::Once(next));
        }
    });
}

/// One of a few named values.
fn choices<C: Enum + PartialEq + Copy + 'static>(
    ui: &mut egui::Ui,
    desk: &Desk<'_>,
    param: &EnumParam<C>,
    choices: &[(C, &str)],
) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        for (choice, name) in choices {
            let chosen = param.value() == *choice;
            if ui.selectable_label(chosen, *name).clicked() && !chosen {
                desk.hands.touch(param, Touch::Once(param.preview_normalized(*choice)));
            }
        }
    });
}

/// The list of genres, which flies the puck.
fn regions(ui: &mut egui::Ui, desk: &Desk<'_>, map: &mut MapState) {
    let Some(latent_map) = desk.scene.model.as_deref().and_then(nets::Model::map) else { return };
    ui.horizontal(|ui| {
        quiet(ui, "fly to");
        let [x, y] = desk.place();
        let here = latent_map.region(x, y).unwrap_or("a genre");
        let list = egui::ComboBox::from_id_salt("genres").selected_text(here).width(130.0);
        let list = list.show_ui(ui, |ui| {
            let mut sorted: Vec<_> = latent_map.regions().iter().collect();
            sorted.sort_by(|a, b| a.name.cmp(&b.name));
            for region in sorted {
                if ui.selectable_label(region.name == here, &region.name).clicked() {
                    map.fly(desk, [region.x, region.y]);
                }
            }
        });
        list.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "fly to a genre"));
    });
}

/// The orbit: on or off, its length, its path.
fn orbit(ui: &mut egui::Ui, desk: &Desk<'_>, map: &mut MapState) {
    let (on, bars) = (&desk.params.orbit, &desk.params.orbit_bars);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        if ui.selectable_label(on.value(), "orbit").clicked() {
            desk.hands.touch(on, Touch::Once(if on.value() { 0.0 } else { 1.0 }));
        }
        if ui.selectable_label(map.is_drawing(), "draw").on_hover_text("Draw its path on the map").clicked() {
            map.toggle_drawing();
        }
        for power in 0..=4 {
            let chosen = bars.value() == power;
            let label = ui.selectable_label(chosen, (1 << power).to_string());
            if label.on_hover_text("Bars for one round").clicked() && !chosen {
                desk.hands.touch(bars, Touch::Once(bars.preview_normalized(power)));
            }
        }
        quiet(ui, "bars");
    });
}

/// What is done to the pattern as a whole.
fn pattern_tools(ui: &mut egui::Ui, desk: &Desk<'_>) {
    let shape = desk.shape;
    let turned = |by: usize| shape.with_rotation(usize::from(shape.rotation) + by);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        quiet(ui, "rotate");
        if ui.button("<").on_hover_text("Everything a sixteenth earlier").clicked() {
            desk.hands.reshape(turned(beat::STEPS - 1));
        }
        ui.label(egui::RichText::new(shape.rotation.to_string()).font(theme::numbers()));
        if ui.button(">").on_hover_text("Everything a sixteenth later").clicked() {
            desk.hands.reshape(turned(1));
        }
        let let_go = match shape.locks.count() {
            0 => "no locks".to_owned(),
            1 => "let go of 1 lock".to_owned(),
            held => format!("let go of {held} locks"),
        };
        let button = ui.add_enabled(shape.locks.count() > 0, egui::Button::new(let_go));
        if button.on_hover_text("Steps that you hold on or off, wherever the puck goes").clicked() {
            desk.hands.reshape(shape.with_locks(beat::Locks::NONE));
        }
    });
}

/// A seed far from this one; rolling on visits all 10,000 before one returns.
fn next_seed(normalized: f32) -> f32 {
    const SEEDS: u32 = 10_000;
    let seed = (normalized * (SEEDS - 1) as f32).round() as u32;
    ((seed + 3_779) % SEEDS) as f32 / (SEEDS - 1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rolling_visits_every_seed() {
        let mut seen = std::collections::BTreeSet::new();
        let mut seed = 0.0;
        while seen.insert((seed * 9_999.0_f32).round() as u32) {
            seed = next_seed(seed);
        }
        assert_eq!(seen.len(), 10_000);
    }
}
