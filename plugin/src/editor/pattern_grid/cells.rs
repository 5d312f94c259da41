//! The steps: a click holds one on or off, another lets it go.

use beat::{INSTRUMENTS, STEPS, STEPS_PER_BAR, STEPS_PER_BEAT};
use egui::{Color32, EventFilter, Key, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Vec2};

use super::GridState;
use crate::editor::desk::Desk;
use crate::editor::theme;

/// Between the bars.
const BAR_GAP: f32 = 6.0;

/// Where the steps lie.
#[derive(Clone, Copy)]
struct Lattice {
    area: Rect,
    step: Vec2,
}

impl Lattice {
    fn of(area: Rect) -> Self {
        let step = Vec2::new((area.width() - BAR_GAP) / STEPS as f32, area.height() / INSTRUMENTS as f32);
        Self { area, step }
    }

    fn cell(&self, step: usize, instrument: usize) -> Rect {
        let gap = if step >= STEPS_PER_BAR { BAR_GAP } else { 0.0 };
        let corner = Vec2::new(self.step.x * step as f32 + gap, self.step.y * instrument as f32);
        Rect::from_min_size(self.area.min + corner, self.step).shrink(1.0)
    }

    /// The step and the instrument under a point.
    fn at(&self, pos: Pos2) -> Option<(usize, usize)> {
        let along = pos.x - self.area.left();
        let gap = if along > self.step.x * STEPS_PER_BAR as f32 { BAR_GAP } else { 0.0 };
        let step = ((along - gap) / self.step.x).floor();
        let instrument = ((pos.y - self.area.top()) / self.step.y).floor();
        let inside = (0.0..STEPS as f32).contains(&step) && (0.0..INSTRUMENTS as f32).contains(&instrument);
        inside.then_some((step as usize, instrument as usize))
    }
}

impl GridState {
    pub(super) fn show_cells(&mut self, ui: &mut egui::Ui, desk: &Desk<'_>, area: Rect) {
        let lattice = Lattice::of(area);
        let response = ui.interact(area, ui.scope_id().with("steps"), Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Grid, true, "Pattern"));
        self.follow_hand(desk, &lattice, &response);
        if response.has_focus() {
            self.follow_keys(ui, desk, &response);
        }
        paint(ui, desk, &lattice);
        if response.has_focus() {
            let (step, instrument) = self.cursor;
            let cell = lattice.cell(step, instrument).expand(1.0);
            ui.painter().rect_stroke(cell, 3.0, Stroke::new(1.5, theme::SOUNDING), StrokeKind::Outside);
        }
    }

    /// What the first step under the hand becomes, all that it crosses become too.
    fn follow_hand(&mut self, desk: &Desk<'_>, lattice: &Lattice, response: &Response) {
        let pressed = response.ctx.input(|input| input.pointer.press_start_time());
        if pressed.is_some() && pressed != self.pressed {
            // Where frames are slow, a click's end and the next one's beginning come together.
            self.painting = None;
        }
        self.pressed = pressed;
        let down = response.is_pointer_button_down_on() || response.clicked() || response.dragged();
        let under = response.interact_pointer_pos().and_then(|pos| lattice.at(pos));
        if let Some((step, instrument)) = under.filter(|_| down) {
            self.hold(desk, step, instrument, response);
        }
        if pressed.is_none() {
            self.painting = None;
        }
    }

    fn hold(&mut self, desk: &Desk<'_>, step: usize, instrument: usize, response: &Response) {
        let drawn = desk.shape.drawn_at(step);
        let locks = desk.shape.locks;
        let held = *self.painting.get_or_insert_with(|| {
            response.request_focus();
            // A held step is let go; a free one is held as the opposite of what it is.
            match locks.at(drawn, instrument) {
                Some(_) => None,
                None => Some(!desk.take().onsets.has(step, instrument)),
            }
        });
        self.cursor = (step, instrument);
        if locks.at(drawn, instrument) != held {
            desk.hands.reshape(desk.shape.with_locks(locks.with(drawn, instrument, held)));
        }
    }

    /// The arrows move a cursor, space and Enter do what a click does.
    fn follow_keys(&mut self, ui: &egui::Ui, desk: &Desk<'_>, response: &Response) {
        let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
        let struck = |key| ui.input(|input| input.num_presses(key));
        let (step, instrument) = &mut self.cursor;
        *step = (*step + STEPS + struck(Key::ArrowRight) - struck(Key::ArrowLeft).min(STEPS)) % STEPS;
        *instrument = (*instrument + INSTRUMENTS + struck(Key::ArrowDown)
            - struck(Key::ArrowUp).min(INSTRUMENTS))
            % INSTRUMENTS;
        if struck(Key::Space) + struck(Key::Enter) > 0 {
            let (step, instrument) = self.cursor;
            let (drawn, locks) = (desk.shape.drawn_at(step), desk.shape.locks);
            let held = match locks.at(drawn, instrument) {
                Some(_) => None,
                None => Some(!desk.take().onsets.has(step, instrument)),
            };
            desk.hands.reshape(desk.shape.with_locks(locks.with(drawn, instrument, held)));
        }
    }
}

fn paint(ui: &egui::Ui, desk: &Desk<'_>, lattice: &Lattice) {
    let (take, waiting, mutes) = (desk.take(), desk.waiting(), desk.mutes());
    let sounding = desk.playhead().map(|at| at.step);
    let painter = ui.painter();
    for instrument in 0..INSTRUMENTS {
        let muted = mutes >> instrument & 1 == 1;
        for step in 0..STEPS {
            let cell = lattice.cell(step, instrument);
            let on = take.onsets.has(step, instrument);
            let loudness = f32::from(take.velocities[step][instrument]) / 127.0;
            let colour = colour(step, on.then_some(loudness), muted, sounding == Some(step));
            painter.rect_filled(cell, 2.0, colour);
            if let Some(coming) =
                waiting.map(|take| take.onsets.has(step, instrument)).filter(|coming| *coming != on)
            {
                let ghost = theme::COMING.gamma_multiply(if coming { 0.9 } else { 0.35 });
                painter.rect_stroke(cell, 2.0, Stroke::new(1.0, ghost), StrokeKind::Inside);
            }
            if let Some(held) = desk.shape.locks.at(desk.shape.drawn_at(step), instrument) {
                if held && !on {
                    // It sounds from the next commit on.
                    painter.rect_filled(cell, 2.0, theme::mix(theme::CELL, theme::COMING, 0.45));
                }
                paint_lock(painter, cell, held);
            }
        }
    }
}

/// A held step has a corner where it is on, a stroke where it is off.
fn paint_lock(painter: &egui::Painter, cell: Rect, held: bool) {
    painter.rect_stroke(cell, 2.0, Stroke::new(1.2, theme::LOCK.gamma_multiply(0.85)), StrokeKind::Inside);
    if held {
        let side = (cell.width().min(cell.height()) * 0.42).max(3.0);
        let corner = cell.right_top();
        let triangle = vec![corner, corner - Vec2::new(side, 0.0), corner + Vec2::new(0.0, side)];
        painter.add(egui::Shape::convex_polygon(triangle, theme::LOCK, Stroke::NONE));
    } else {
        let inner = cell.shrink(3.0);
        painter.line_segment(
            [inner.left_bottom(), inner.right_top()],
            Stroke::new(1.2, theme::LOCK.gamma_multiply(0.85)),
        );
    }
}

/// The colour of a step; `hit` is how hard it is hit, 0..=1.
fn colour(step: usize, hit: Option<f32>, muted: bool, sounds_now: bool) -> Color32 {
    let ground = if step.is_multiple_of(STEPS_PER_BEAT) { theme::CELL_ON_BEAT } else { theme::CELL };
    match hit {
        Some(loudness) => {
            let hue = if sounds_now { theme::SOUNDING } else { theme::ONSET };
            theme::mix(ground, hue, if muted { 0.2 } else { 0.35 + 0.65 * loudness })
        }
        None if sounds_now => theme::mix(ground, theme::SOUNDING, 0.18),
        None => ground,
    }
}
