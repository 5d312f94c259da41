//! The column of knobs beside the map, the temperature first and biggest.

use egui::Vec2;
use nice_plug::prelude::Param;

use super::gesture::{Hands, Touch};
use super::{knob, theme};
use crate::params::{BeatfieldParams, Commit};

const BIG: f32 = 96.0;
const SMALL: f32 = 44.0;

/// Shows all knobs and choices.
pub(super) fn show(ui: &mut egui::Ui, params: &BeatfieldParams, hands: &Hands<'_>) {
    ui.spacing_mut().item_spacing = Vec2::new(8.0, 10.0);
    ui.vertical_centered(|ui| knob::show(ui, hands, &params.temperature, BIG));
    ui.horizontal(|ui| {
        knob::show(ui, hands, &params.density, SMALL);
        knob::show(ui, hands, &params.swing, SMALL);
        knob::show(ui, hands, &params.variation, SMALL);
    });
    ui.horizontal(|ui| {
        knob::show(ui, hands, &params.gate, SMALL);
        knob::show(ui, hands, &params.velocity, SMALL);
        knob::show(ui, hands, &params.seed, SMALL);
    });
    ui.colored_label(theme::TEXT_QUIET, "a changed beat starts at the next");
    ui.horizontal(|ui| commit(ui, params, hands));
    let roll = ui.button("roll the dice").on_hover_text("Another seed: another beat from the same place");
    if roll.clicked() {
        hands.touch(&params.seed, Touch::Once(next_seed(params.seed.unmodulated_normalized_value())));
    }
}

fn commit(ui: &mut egui::Ui, params: &BeatfieldParams, hands: &Hands<'_>) {
    let choices =
        [(Commit::Step, "step"), (Commit::Beat, "beat"), (Commit::Bar, "bar"), (Commit::Cycle, "cycle")];
    for (choice, name) in choices {
        let chosen = params.commit.value() == choice;
        if ui.selectable_label(chosen, name).clicked() && !chosen {
            hands.touch(&params.commit, Touch::Once(params.commit.preview_normalized(choice)));
        }
    }
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
