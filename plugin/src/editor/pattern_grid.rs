//! The pattern grid: the instruments by the steps of the metre, with the playing take, the changes of a waiting one, and
//! locks. A click locks a step on or off, another unlocks it. Each row has a head: name, mute and solo,
//! density, note.

use beat::{Edits, Grid, INSTRUMENTS, Kit, Shape};
use egui::{Align2, Color32, EventFilter, Key, Popup, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Vec2};

use super::actions::Gesture;
use super::theme;
use super::view_state::ViewState;

/// The grid's state from frame to frame.
#[derive(Debug, Default)]
pub(super) struct GridState {
    /// The lock that the current drag gives to the steps it crosses.
    painting: Option<Option<bool>>,
    /// When the pressed button was pressed.
    pressed: Option<f64>,
    /// The step and instrument at the keyboard's cursor.
    cursor: (usize, usize),
    /// The instrument that learns the next incoming note, and the count of notes before it.
    learning: Option<(usize, u32)>,
}

/// The width of the rows' heads in a grid of `width`.
fn head_width(width: f32) -> f32 {
    if width < 620.0 { 112.0 } else { 176.0 }
}

impl GridState {
    /// Shows the playing take, or the first one at rest.
    pub(super) fn show(&mut self, ui: &mut egui::Ui, view: &ViewState<'_>) {
        let area = ui.max_rect();
        let (heads, cells) = area.split_left_right_at_x(area.left() + head_width(area.width()));
        let row = area.height() / INSTRUMENTS as f32;
        self.learn(view);
        for instrument in 0..INSTRUMENTS {
            let top = area.top() + row * instrument as f32;
            let head = Rect::from_min_size(Pos2::new(heads.left(), top), Vec2::new(heads.width(), row));
            self.show_head(ui, view, instrument, head);
        }
        self.show_cells(ui, view, cells);
    }

    /// Gives the next incoming note to the learning instrument.
    fn learn(&mut self, view: &ViewState<'_>) {
        let Some((instrument, before)) = self.learning else { return };
        let (count, note) = view.meters.last_input_note();
        if count != before {
            self.learning = None;
            set_note(view, instrument, note);
        }
    }
}

/// The gap between the bars.
const BAR_GAP: f32 = 6.0;

/// The rectangles of the steps.
#[derive(Clone, Copy)]
struct CellGrid {
    area: Rect,
    grid: Grid,
    step: Vec2,
}

impl CellGrid {
    fn of(area: Rect, grid: Grid) -> Self {
        let steps = grid.steps() as f32;
        let step = Vec2::new((area.width() - BAR_GAP) / steps, area.height() / INSTRUMENTS as f32);
        Self { area, grid, step }
    }

    fn cell(&self, step: usize, instrument: usize) -> Rect {
        let gap = if step >= self.grid.bar_steps() { BAR_GAP } else { 0.0 };
        let corner = Vec2::new(self.step.x * step as f32 + gap, self.step.y * instrument as f32);
        Rect::from_min_size(self.area.min + corner, self.step).shrink(1.0)
    }

    /// The step and the instrument under a point.
    fn at(&self, pos: Pos2) -> Option<(usize, usize)> {
        let along = pos.x - self.area.left();
        let gap = if along > self.step.x * self.grid.bar_steps() as f32 { BAR_GAP } else { 0.0 };
        let step = ((along - gap) / self.step.x).floor();
        let instrument = ((pos.y - self.area.top()) / self.step.y).floor();
        let steps = 0.0..self.grid.steps() as f32;
        let inside = steps.contains(&step) && (0.0..INSTRUMENTS as f32).contains(&instrument);
        inside.then_some((step as usize, instrument as usize))
    }
}

impl GridState {
    fn show_cells(&mut self, ui: &mut egui::Ui, view: &ViewState<'_>, area: Rect) {
        let cells = CellGrid::of(area, *view.grid());
        let response = ui.interact(area, ui.scope_id().with("steps"), Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Grid, true, "Pattern"));
        self.follow_pointer(view, &cells, &response);
        if response.has_focus() {
            self.follow_keys(ui, view, &response);
        }
        paint(ui, view, &cells);
        if response.has_focus() {
            let (step, instrument) = (self.cursor.0.min(cells.grid.steps() - 1), self.cursor.1);
            let cell = cells.cell(step, instrument).expand(1.0);
            ui.painter().rect_stroke(cell, 3.0, Stroke::new(1.5, theme::SOUNDING), StrokeKind::Outside);
        }
    }

    /// A drag gives all steps that it crosses the lock of its first step.
    fn follow_pointer(&mut self, view: &ViewState<'_>, cells: &CellGrid, response: &Response) {
        let pressed = response.ctx.input(|input| input.pointer.press_start_time());
        if pressed.is_some() && pressed != self.pressed {
            // In a slow frame a release and the next press come together.
            self.painting = None;
        }
        self.pressed = pressed;
        let down = response.is_pointer_button_down_on() || response.clicked() || response.dragged();
        let under = response.interact_pointer_pos().and_then(|pos| cells.at(pos));
        if let Some((step, instrument)) = under.filter(|_| down) {
            self.hold(view, step, instrument, response);
        }
        if pressed.is_none() {
            self.painting = None;
        }
    }

    fn hold(&mut self, view: &ViewState<'_>, step: usize, instrument: usize, response: &Response) {
        let drawn = view.edits().drawn_at(step, view.grid());
        let locks = view.edits().locks;
        let held = *self.painting.get_or_insert_with(|| {
            response.request_focus();
            // A locked step is unlocked; another is locked as the opposite of what it is.
            match locks.at(drawn, instrument) {
                Some(_) => None,
                None => Some(!view.take().onsets.has(step, instrument)),
            }
        });
        self.cursor = (step, instrument);
        if locks.at(drawn, instrument) != held {
            view.set_edits(Edits { locks: locks.with(drawn, instrument, held), ..*view.edits() });
        }
    }

    /// The arrow keys move a cursor, Enter does what a click does.
    fn follow_keys(&mut self, ui: &egui::Ui, view: &ViewState<'_>, response: &Response) {
        let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
        let presses = |key| ui.input(|input| input.num_presses(key));
        let (step, instrument) = &mut self.cursor;
        let steps = view.grid().steps();
        *step = (*step + steps + presses(Key::ArrowRight) - presses(Key::ArrowLeft).min(steps)) % steps;
        *instrument = (*instrument + INSTRUMENTS + presses(Key::ArrowDown)
            - presses(Key::ArrowUp).min(INSTRUMENTS))
            % INSTRUMENTS;
        if presses(Key::Enter) > 0 {
            let (step, instrument) = self.cursor;
            let (drawn, locks) = (view.edits().drawn_at(step, view.grid()), view.edits().locks);
            let held = match locks.at(drawn, instrument) {
                Some(_) => None,
                None => Some(!view.take().onsets.has(step, instrument)),
            };
            view.set_edits(Edits { locks: locks.with(drawn, instrument, held), ..*view.edits() });
        }
    }
}

fn paint(ui: &egui::Ui, view: &ViewState<'_>, cells: &CellGrid) {
    let (take, waiting, mutes, edits) = (view.take(), view.waiting(), view.mutes(), view.edits());
    let sounding = view.playhead().map(|at| at.step);
    let painter = ui.painter();
    for instrument in 0..INSTRUMENTS {
        let muted = mutes >> instrument & 1 == 1;
        for step in 0..cells.grid.steps() {
            let cell = cells.cell(step, instrument);
            let on = take.onsets.has(step, instrument);
            let loudness = f32::from(take.velocities[step][instrument]) / 127.0;
            let on_beat = step.is_multiple_of(cells.grid.beat_steps());
            let colour = colour(on_beat, on.then_some(loudness), muted, sounding == Some(step));
            painter.rect_filled(cell, 2.0, colour);
            if let Some(coming) =
                waiting.map(|take| take.onsets.has(step, instrument)).filter(|coming| *coming != on)
            {
                let ghost = theme::COMING.gamma_multiply(if coming { 0.9 } else { 0.35 });
                painter.rect_stroke(cell, 2.0, Stroke::new(1.0, ghost), StrokeKind::Inside);
            }
            if let Some(held) = edits.locks.at(edits.drawn_at(step, &cells.grid), instrument) {
                if held && !on {
                    // It plays from the next commit.
                    painter.rect_filled(cell, 2.0, theme::mix(theme::CELL, theme::COMING, 0.45));
                }
                paint_lock(painter, cell, held);
            }
        }
    }
}

/// A step locked on has a filled corner, one locked off a diagonal line.
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

/// The colour of a step, which may be the first of a beat; `hit` is its velocity, 0..=1.
fn colour(on_beat: bool, hit: Option<f32>, muted: bool, sounds_now: bool) -> Color32 {
    let ground = if on_beat { theme::CELL_ON_BEAT } else { theme::CELL };
    match hit {
        Some(loudness) => {
            let hue = if sounds_now { theme::SOUNDING } else { theme::ONSET };
            theme::mix(ground, hue, if muted { 0.2 } else { 0.35 + 0.65 * loudness })
        }
        None if sounds_now => theme::mix(ground, theme::SOUNDING, 0.18),
        None => ground,
    }
}

const BUTTON: f32 = 17.0;
const TRIM: f32 = 30.0;
const NOTE: f32 = 26.0;
/// Pixels of drag for the whole range of a trim.
const TRIM_TRAVEL: f32 = 120.0;

/// Maps an instrument to another note.
fn set_note(view: &ViewState<'_>, instrument: usize, note: u8) {
    let mut notes: [u8; INSTRUMENTS] = std::array::from_fn(|other| view.note(other));
    notes[instrument] = note.min(127);
    view.actions.set_shape(view.shape.with_kit(Kit::new(notes)));
}

impl GridState {
    fn show_head(&mut self, ui: &mut egui::Ui, view: &ViewState<'_>, instrument: usize, head: Rect) {
        let name = view.instrument_name(instrument).to_owned();
        let silent = view.mutes() >> instrument & 1 == 1;
        let narrow = head.width() < 150.0;
        let mut right = head.right() - 6.0;
        let mut take = |width: f32| {
            right -= width;
            Rect::from_min_size(Pos2::new(right, head.top()), Vec2::new(width, head.height()))
        };
        if !narrow {
            self.note(ui, view, instrument, &name, take(NOTE));
            trim(ui, view, instrument, &name, take(TRIM + 6.0));
        }
        let solo = &view.params.solos.each[instrument].alone;
        let toggled = toggle(ui, take(BUTTON), "S", &format!("solo {name}"), solo.value(), theme::SOUNDING);
        if toggled.clicked() {
            view.actions.edit(solo, Gesture::Once(if solo.value() { 0.0 } else { 1.0 }));
        }
        let mute = &view.params.mutes.each[instrument].muted;
        let toggled = toggle(ui, take(BUTTON), "M", &format!("mute {name}"), mute.value(), theme::TROUBLE);
        if toggled.clicked() {
            view.actions.edit(mute, Gesture::Once(if mute.value() { 0.0 } else { 1.0 }));
        }
        let colour = if silent { theme::TEXT_QUIET.gamma_multiply(0.5) } else { theme::TEXT };
        let label = ui.painter().layout_no_wrap(name, theme::within(theme::small(), head.height()), colour);
        let clip = Rect::from_min_max(head.min, Pos2::new(right - 2.0, head.bottom()));
        let at = Pos2::new(head.left(), head.center().y - label.size().y / 2.0);
        ui.painter().with_clip_rect(clip.expand2(Vec2::new(0.0, 2.0))).galley(at, label, colour);
    }

    /// The note number; a click opens a menu.
    fn note(&mut self, ui: &mut egui::Ui, view: &ViewState<'_>, instrument: usize, name: &str, area: Rect) {
        let response = ui.interact(area, ui.scope_id().with(("note", instrument)), Sense::click());
        let learns = self.learning.is_some_and(|(learner, _)| learner == instrument);
        let (text, colour) = match (learns, view.shape.kit.is_some()) {
            (true, _) => ("…".to_owned(), theme::COMING),
            (false, true) => (view.note(instrument).to_string(), theme::TEXT),
            (false, false) => (view.note(instrument).to_string(), theme::TEXT_QUIET),
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
            let mut note = view.note(instrument);
            let number = ui.add(egui::DragValue::new(&mut note).range(0..=127));
            number.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, "note number"));
            if number.changed() {
                set_note(view, instrument, note);
            }
            if ui.button("learn from the next note").clicked() {
                self.learning = Some((instrument, view.meters.last_input_note().0));
            }
            if ui.button("all as General MIDI").clicked() {
                view.actions.set_shape(view.shape.with_kit(Some(Kit::DEFAULT)));
            }
            if ui.button("all as the model has them").clicked() {
                view.actions.set_shape(view.shape.with_kit(None));
            }
        });
    }
}

/// A toggle button of one letter.
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

/// The instrument's density: drag sideways, a double-click resets.
fn trim(ui: &mut egui::Ui, view: &ViewState<'_>, instrument: usize, name: &str, area: Rect) {
    let response = ui.interact(area, ui.scope_id().with(("trim", instrument)), Sense::click_and_drag());
    let value = view.shape.trims[instrument];
    let moved = match (response.double_clicked(), response.dragged()) {
        (true, _) => 0.0,
        (false, true) => (value + response.drag_delta().x * 2.0 / TRIM_TRAVEL).clamp(-1.0, 1.0),
        (false, false) => value,
    };
    if moved != value {
        let mut trims = view.shape.trims;
        trims[instrument] = moved;
        view.actions.set_shape(Shape { trims, ..view.shape });
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
