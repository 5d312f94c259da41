//! The panel beside the map: knobs, choices and buttons.

mod beat_rows;

use egui::Vec2;
use nice_plug::prelude::{Enum, EnumParam, Param};

use super::actions::Gesture;
use super::layout::WindowLayout;
use super::map::MapState;
use super::midi_file::ExportState;
use super::view_state::ViewState;
use super::{knob, theme};
use crate::params::{Commit, Knob, MetreChoice};

const BIG: f32 = 92.0;
const SMALL: f32 = 42.0;
/// The height of a row of buttons; labels before them are centred in it.
const ROW: f32 = 21.0;
/// The window's scales, in percent.
const SCALES: [u32; 6] = [50, 75, 100, 125, 150, 200];

/// Shows the panel: in one column, or its first part beside the map and the rest under it.
pub(super) fn show(
    ui: &mut egui::Ui,
    view: &ViewState<'_>,
    layout: &WindowLayout,
    map: &mut MapState,
    export: &mut ExportState,
) {
    let Some(under) = layout.under else {
        return scrolled(ui, layout.side, "side", |ui| {
            toolbar(ui, view);
            ui.horizontal(|ui| {
                temperature(ui, view);
                ui.vertical(|ui| {
                    ui.add_space(8.0);
                    seed(ui, view);
                    ui.add_space(4.0);
                    commit(ui, view);
                    ui.add_space(4.0);
                    metre(ui, view);
                });
            });
            knobs(ui, view, 2, 4);
            beat_rows::regions(ui, view, map);
            beat_rows::scenes(ui, view);
            beat_rows::orbit(ui, view, map);
            beat_rows::phrases(ui, view);
            beat_rows::pattern_tools(ui, view);
            export.show_choice(ui);
            export.show_buttons(ui, view);
        });
    };
    scrolled(ui, layout.side, "side", |ui| {
        toolbar(ui, view);
        ui.vertical_centered(|ui| temperature(ui, view));
        seed(ui, view);
        commit(ui, view);
        metre(ui, view);
        beat_rows::regions(ui, view, map);
        beat_rows::scenes(ui, view);
    });
    scrolled(ui, under, "under", |ui| {
        knobs(ui, view, 1, 7);
        ui.horizontal(|ui| {
            beat_rows::orbit(ui, view, map);
            beat_rows::pattern_tools(ui, view);
        });
        beat_rows::phrases(ui, view);
        ui.horizontal(|ui| {
            export.show_choice(ui);
            export.show_buttons(ui, view);
        });
    });
}

/// A part of the panel, which scrolls where it does not fit.
fn scrolled(ui: &mut egui::Ui, place: egui::Rect, name: &str, part: impl FnOnce(&mut egui::Ui)) {
    ui.scope_builder(egui::UiBuilder::new().max_rect(place), |ui| {
        egui::ScrollArea::both().id_salt(name).show(ui, |ui| {
            ui.spacing_mut().item_spacing = Vec2::new(6.0, 7.0);
            ui.spacing_mut().interact_size.y = ROW;
            part(ui);
        });
    });
}

/// The small knobs in `rows`, spread over the width; in more rows where one would have more than `most`.
fn knobs(ui: &mut egui::Ui, view: &ViewState<'_>, rows: usize, most: usize) {
    let knobs = view.params.knobs();
    let columns = knobs.len().div_ceil(rows).min(most);
    let left = ui.available_width() - columns as f32 * knob::width(SMALL);
    for row in knobs.chunks(columns) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = (left / (columns - 1) as f32).floor().clamp(6.0, 40.0);
            for knob in row {
                match *knob {
                    Knob::Float(param, hint) => knob::show(ui, view.actions, param, SMALL, hint),
                    Knob::Int(param, hint) => knob::show(ui, view.actions, param, SMALL, hint),
                };
            }
        });
    }
}

fn temperature(ui: &mut egui::Ui, view: &ViewState<'_>) {
    let hint = "0 plays the likeliest beat of this place; the higher, the further it strays";
    knob::show(ui, view.actions, &view.params.temperature, BIG, hint);
}

/// The choice of the commit.
fn commit(ui: &mut egui::Ui, view: &ViewState<'_>) {
    quiet(ui, "a changed beat starts at the next");
    let names =
        [(Commit::Step, "step"), (Commit::Beat, "beat"), (Commit::Bar, "bar"), (Commit::Cycle, "cycle")];
    choices(ui, view, &view.params.commit, &names);
}

/// The choice of the metre.
fn metre(ui: &mut egui::Ui, view: &ViewState<'_>) {
    let follows = view.params.metre.value() == MetreChoice::Auto;
    match follows && view.wanted_grid() != beat::Grid::FOUR_FOUR {
        true => quiet(ui, &format!("metre, now {}", view.wanted_grid().name())),
        false => quiet(ui, "metre"),
    }
    let names = [
        (MetreChoice::Auto, "auto"),
        (MetreChoice::FourFour, "4/4"),
        (MetreChoice::Shuffle, "shuffle"),
        (MetreChoice::Three, "three"),
    ];
    choices(ui, view, &view.params.metre, &names);
}

fn quiet(ui: &mut egui::Ui, text: &str) {
    ui.label(egui::RichText::new(text).font(theme::small()).color(theme::TEXT_QUIET));
}

/// Undo, redo and the scale.
fn toolbar(ui: &mut egui::Ui, view: &ViewState<'_>) {
    let (can_undo, can_redo) = view.actions.can();
    ui.horizontal(|ui| {
        if ui.add_enabled(can_undo, egui::Button::new("undo")).clicked() {
            view.actions.undo();
        }
        if ui.add_enabled(can_redo, egui::Button::new("redo")).clicked() {
            view.actions.redo();
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

/// The seed: its value, which can be typed, and a button for another.
fn seed(ui: &mut egui::Ui, view: &ViewState<'_>) {
    let seed = &view.params.seed;
    ui.horizontal(|ui| {
        quiet(ui, "Seed");
        let (area, _) = ui.allocate_exact_size(Vec2::new(44.0, 22.0), egui::Sense::hover());
        ui.painter().rect_filled(area, 4.0, theme::PANEL);
        knob::typed_value(ui, view.actions, seed, seed.unmodulated_normalized_value(), area);
        let roll = ui.button("roll the dice").on_hover_text("Another seed: another beat from the same place");
        if roll.clicked() {
            let next = next_seed(seed.unmodulated_normalized_value());
            view.actions.edit(seed, Gesture::Once(next));
        }
    });
}

/// A choice of an enumeration's values.
fn choices<C: Enum + PartialEq + Copy + 'static>(
    ui: &mut egui::Ui,
    view: &ViewState<'_>,
    param: &EnumParam<C>,
    choices: &[(C, &str)],
) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        for (choice, name) in choices {
            let chosen = param.value() == *choice;
            if ui.selectable_label(chosen, *name).clicked() && !chosen {
                view.actions.edit(param, Gesture::Once(param.preview_normalized(*choice)));
            }
        }
    });
}

/// Another seed; repeated, it visits all 10,000 before one returns.
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
        let mut visited = std::collections::BTreeSet::new();
        let mut seed = 0.0;
        while visited.insert((seed * 9_999.0_f32).round() as u32) {
            seed = next_seed(seed);
        }
        assert_eq!(visited.len(), 10_000);
    }
}
