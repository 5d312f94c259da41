//! The beat that sounds: 14 instruments by 32 steps, with the playhead and a mute for each instrument.

use beat::{
    Bank, DEFAULT_INSTRUMENT_NAMES, INSTRUMENTS, Playhead, STEPS, STEPS_PER_BAR, STEPS_PER_BEAT, Take,
};
use egui::{Align2, Pos2, Rect, Sense, Vec2};

use super::gesture::{Hands, Touch};
use super::theme;
use crate::display::Scene;
use crate::params::BeatfieldParams;

const NAME_WIDTH: f32 = 92.0;
const MUTE_WIDTH: f32 = 20.0;

/// Shows the take that sounds, or the first one at rest. A click on a name mutes the instrument.
pub(super) fn show(
    ui: &mut egui::Ui,
    params: &BeatfieldParams,
    hands: &Hands<'_>,
    scene: &Scene,
    bank: &Bank,
    playhead: Option<Playhead>,
) {
    let area = ui.max_rect();
    let row = area.height() / INSTRUMENTS as f32;
    let take = &bank.takes()[playhead.map_or(0, |at| at.take)];
    for instrument in 0..INSTRUMENTS {
        let top = area.top() + row * instrument as f32;
        let line = Rect::from_min_size(Pos2::new(area.left(), top), Vec2::new(area.width(), row));
        let (head, cells) = line.split_left_right_at_x(line.left() + NAME_WIDTH + MUTE_WIDTH);
        let muted = params.mutes[instrument].muted.value();
        let names = scene.model.as_deref().map(nets::Model::instrument_names);
        let name = names.map_or(DEFAULT_INSTRUMENT_NAMES[instrument], |names| names[instrument].as_str());
        let response = ui.interact(head, ui.scope_id().with(("mute", instrument)), Sense::click());
        if response.clicked() {
            hands.touch(&params.mutes[instrument].muted, Touch::Once(if muted { 0.0 } else { 1.0 }));
        }
        let label = format!("mute {name}");
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, muted, &label));
        paint_head(ui, head, name, muted, response.hovered());
        paint_cells(ui, cells, take, instrument, muted, playhead);
    }
}

fn paint_head(ui: &egui::Ui, head: Rect, name: &str, muted: bool, hovered: bool) {
    let colour = match (muted, hovered) {
        (true, _) => theme::TROUBLE,
        (false, true) => theme::TEXT,
        (false, false) => theme::TEXT_QUIET,
    };
    let painter = ui.painter();
    painter.text(head.left_center(), Align2::LEFT_CENTER, name, theme::small(), colour);
    let mark = Pos2::new(head.right() - 10.0, head.center().y);
    painter.text(
        mark,
        Align2::CENTER_CENTER,
        "M",
        theme::small(),
        if muted { theme::TROUBLE } else { theme::LINE },
    );
}

fn paint_cells(
    ui: &egui::Ui,
    cells: Rect,
    take: &Take,
    instrument: usize,
    muted: bool,
    playhead: Option<Playhead>,
) {
    let painter = ui.painter();
    let gap = 6.0; // between the bars
    let width = (cells.width() - gap) / STEPS as f32;
    for step in 0..STEPS {
        let left = cells.left() + width * step as f32 + if step >= STEPS_PER_BAR { gap } else { 0.0 };
        let cell =
            Rect::from_min_size(Pos2::new(left, cells.top()), Vec2::new(width, cells.height())).shrink(1.0);
        let on_beat = step % STEPS_PER_BEAT == 0;
        let mut colour = if on_beat { theme::CELL_ON_BEAT } else { theme::CELL };
        let sounds_now = playhead.is_some_and(|at| at.step == step);
        if take.onsets.has(step, instrument) {
            let loudness = f32::from(take.velocities[step][instrument]) / 127.0;
            let hue = if sounds_now { theme::SOUNDING } else { theme::ONSET };
            colour = hue.gamma_multiply(if muted { 0.2 } else { 0.35 + 0.65 * loudness });
        } else if sounds_now {
            colour = theme::mix(colour, theme::SOUNDING, 0.2);
        }
        painter.rect_filled(cell, 2.0, colour);
    }
}
