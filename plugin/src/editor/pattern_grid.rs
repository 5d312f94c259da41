//! The beat that sounds: 14 instruments by 32 steps, what is coming, and what the player holds.

mod cells;
mod head;

use beat::INSTRUMENTS;
use egui::{Pos2, Rect, Vec2};

use super::desk::Desk;

/// What the grid remembers from frame to frame.
#[derive(Debug, Default)]
pub(super) struct GridState {
    /// What the hand that is down makes of the steps that it crosses.
    painting: Option<Option<bool>>,
    /// When the button went down that is down.
    pressed: Option<f64>,
    /// The step under the keyboard's cursor.
    cursor: (usize, usize),
    /// The instrument that takes the next incoming note, and the count of notes before.
    learning: Option<(usize, u32)>,
}

/// Widths of the heads of the rows, by the room there is.
fn head_width(width: f32) -> f32 {
    if width < 620.0 { 112.0 } else { 176.0 }
}

impl GridState {
    /// Shows the take that sounds, or the first one at rest.
    pub(super) fn show(&mut self, ui: &mut egui::Ui, desk: &Desk<'_>) {
        let area = ui.max_rect();
        let (heads, cells) = area.split_left_right_at_x(area.left() + head_width(area.width()));
        let row = area.height() / INSTRUMENTS as f32;
        self.learn(desk);
        for instrument in 0..INSTRUMENTS {
            let top = area.top() + row * instrument as f32;
            let head = Rect::from_min_size(Pos2::new(heads.left(), top), Vec2::new(heads.width(), row));
            self.show_head(ui, desk, instrument, head);
        }
        self.show_cells(ui, desk, cells);
    }

    /// The instrument that waits for a note takes it.
    fn learn(&mut self, desk: &Desk<'_>) {
        let Some((instrument, before)) = self.learning else { return };
        let (count, note) = desk.meters.heard();
        if count != before {
            self.learning = None;
            head::set_note(desk, instrument, note);
        }
    }
}
