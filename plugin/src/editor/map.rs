//! The map: moving the puck by mouse and keys, zooming and panning, drawing an orbit.

mod paint;
pub mod picture;
mod viewport;

use beat::{Orbit, Shape};
use egui::{
    CursorIcon, Event, EventFilter, Key, PointerButton, Pos2, Rect, Response, Sense, TextureHandle,
    TextureOptions, Vec2,
};
use viewport::Viewport;

use super::actions::Gesture;
use super::view_state::ViewState;

/// The map's state from frame to frame.
#[derive(Default)]
pub(super) struct MapState {
    puck: Puck,
    viewport: Viewport,
    /// The path of an orbit while it is drawn; empty before the drag.
    drawing: Option<Vec<[f32; 2]>>,
    textures: Textures,
    preview: paint::Preview,
}

/// The picture of the map as a texture.
#[derive(Default)]
struct Textures {
    drawn_for: u32,
    picture: Option<TextureHandle>,
}

impl Textures {
    /// Requests the picture of the model's map, and loads it once it is there.
    fn follow(&mut self, egui: &egui::Context, view: &ViewState<'_>) {
        if self.drawn_for == view.decoded.model_number {
            return;
        }
        let Some(picture) = view.decoded.picture.as_deref() else {
            if view.decoded.model.is_some() {
                view.shared.requests.request_picture();
            }
            self.picture = None;
            return;
        };
        self.drawn_for = view.decoded.model_number;
        self.picture = Some(egui.load_texture("map", picture.image.clone(), TextureOptions::LINEAR));
    }
}

impl MapState {
    /// Starts or cancels the drawing of an orbit.
    pub(super) fn toggle_drawing(&mut self) {
        self.drawing = if self.drawing.is_some() { None } else { Some(Vec::new()) };
    }

    /// Whether an orbit is being drawn.
    pub(super) fn is_drawing(&self) -> bool {
        self.drawing.is_some()
    }

    /// Moves the puck to a place at once.
    pub(super) fn fly(&mut self, view: &ViewState<'_>, place: [f32; 2]) {
        view.leave_scene();
        view.actions.edit_both(&view.params.x, &view.params.y, Gesture::Once(place));
        self.puck.leave(place, view.now);
    }

    /// Shows the map, in the largest square that fits.
    pub(super) fn show(&mut self, ui: &mut egui::Ui, view: &ViewState<'_>) -> Response {
        let side = ui.available_width().min(ui.available_height());
        let area = Rect::from_min_size(ui.max_rect().min, Vec2::splat(side));
        let response = ui.allocate_rect(area, Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, "Map"));
        self.textures.follow(ui.ctx(), view);
        self.interact(ui, view, area, &response);
        let shown = self.puck.shown(view.place(), view.now);
        if self.puck.left.is_some() {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(PENDING_SECONDS));
        }
        self.paint(ui, view, area, shown, response.has_focus());
        let hovered = response.hover_pos().filter(|_| self.puck.held.is_none() && self.drawing.is_none());
        self.preview.show(ui, view, area, &self.viewport, hovered);
        response.on_hover_cursor(CursorIcon::Crosshair)
    }
}

/// Factor of the puck's motion with shift.
const FINE: f32 = 0.1;
/// The puck's step with an arrow key.
const KEY_STEP: f32 = 0.01;
/// A press this close to an earlier resting place moves to it exactly, in points of the screen.
const CATCH: f32 = 8.0;
/// Pixels of wheel that double the zoom.
const WHEEL: f32 = 240.0;

/// Where the pointer was released, where it was pressed on the map, moved and released within one frame, as a
/// window that is drawn slowly gets a quick drag. The toolkit reports neither a drag then nor a click.
fn drag_within_frame(response: &Response) -> Option<Pos2> {
    let mut pressed_here = false;
    let mut released = None;
    response.ctx.input(|input| {
        for event in &input.events {
            let Event::PointerButton { pos, button: PointerButton::Primary, pressed, .. } = event else {
                continue;
            };
            if *pressed {
                pressed_here = response.rect.contains(*pos);
                released = None;
            } else if std::mem::take(&mut pressed_here) {
                released = Some(*pos);
            }
        }
    });
    released.filter(|pos| response.ctx.layer_id_at(*pos) == Some(response.layer_id))
}

impl MapState {
    pub(super) fn interact(&mut self, ui: &egui::Ui, view: &ViewState<'_>, area: Rect, response: &Response) {
        self.zoom_and_pan(ui, area, response);
        if self.drawing.is_some() {
            self.draw_orbit(ui, view, area, response);
            return;
        }
        let fine = ui.input(|input| input.modifiers.shift);
        let gesture = self.follow_pointer(response, area, view, fine);
        if matches!(gesture, Gesture::Begin(_) | Gesture::Once(_)) {
            view.leave_scene();
            response.request_focus();
        }
        view.actions.edit_both(&view.params.x, &view.params.y, gesture);
        if response.has_focus() {
            let arrows =
                EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
            self.follow_keys(ui, view, fine);
        }
    }

    /// The wheel zooms, dragging with another button than the first pans.
    fn zoom_and_pan(&mut self, ui: &egui::Ui, area: Rect, response: &Response) {
        if let Some(pos) = response.hover_pos() {
            let (wheel, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
            let factor = (wheel / WHEEL).exp2() * pinch;
            if factor != 1.0 {
                self.viewport.zoom_at(area, pos, factor);
            }
        }
        if [PointerButton::Secondary, PointerButton::Middle].iter().any(|button| response.dragged_by(*button))
        {
            self.viewport.pan(area, response.drag_delta());
        }
    }

    /// A press moves the puck to the pointer, or with shift drags it finely from its place; a double-click
    /// centres it.
    fn follow_pointer(
        &mut self,
        response: &Response,
        area: Rect,
        view: &ViewState<'_>,
        fine: bool,
    ) -> Gesture<[f32; 2]> {
        // A drag continues outside the window.
        let down = response.is_pointer_button_down_on() || response.dragged();
        let other = response.dragged_by(PointerButton::Secondary)
            || response.dragged_by(PointerButton::Middle)
            || !response.ctx.input(|input| input.pointer.primary_down());
        let pressed = down && (!other || self.puck.held.is_some() && response.dragged());
        let pointer = response.interact_pointer_pos().map(|pos| self.viewport.place(area, pos));
        match (self.puck.held, pressed) {
            (None, true) => {
                let caught = response.interact_pointer_pos().and_then(|pos| self.rest_at(area, pos));
                let begin =
                    if fine { view.place() } else { caught.or(pointer).unwrap_or_else(|| view.place()) };
                self.puck.held = Some(begin);
                Gesture::Begin(begin)
            }
            (Some(held), true) => {
                let drag = response.drag_delta();
                let place = if fine {
                    let step = Vec2::new(drag.x, -drag.y) / area.width() / self.viewport.zoom() * FINE;
                    [(held[0] + step.x).clamp(0.0, 1.0), (held[1] + step.y).clamp(0.0, 1.0)]
                } else if drag == Vec2::ZERO {
                    held // no motion yet: stays on a resting place
                } else {
                    pointer.unwrap_or(held)
                };
                self.puck.held = Some(place);
                if place == held { Gesture::None } else { Gesture::Move(place) }
            }
            // The second click of a double-click.
            (Some(_), false) if response.double_clicked() => {
                self.puck.leave([0.5; 2], view.now);
                Gesture::Finish([0.5; 2])
            }
            (Some(held), false) => {
                self.puck.leave(held, view.now);
                Gesture::End
            }
            (None, false) if response.double_clicked() => {
                self.puck.leave([0.5; 2], view.now);
                Gesture::Once([0.5; 2])
            }
            // A click within one frame.
            (None, false) if response.clicked() => {
                let place = pointer.unwrap_or_else(|| view.place());
                self.puck.leave(place, view.now);
                Gesture::Once(place)
            }
            (None, false) => match drag_within_frame(response) {
                Some(pos) => {
                    let place = self.viewport.place(area, pos);
                    self.puck.leave(place, view.now);
                    Gesture::Once(place)
                }
                None => Gesture::None,
            },
        }
    }

    /// The resting place close to a point of the screen.
    pub(super) fn rest_at(&self, area: Rect, pos: Pos2) -> Option<[f32; 2]> {
        let rests = self.puck.rests().iter().rev();
        rests.copied().find(|rest| self.viewport.pos(area, *rest).distance(pos) <= CATCH)
    }

    /// The arrow keys move the puck, each press one step.
    fn follow_keys(&mut self, ui: &egui::Ui, view: &ViewState<'_>, fine: bool) {
        let presses = ui.input(|input| {
            let press = |event: &Event| match event {
                Event::Key { key: Key::ArrowLeft, pressed: true, .. } => Vec2::new(-1.0, 0.0),
                Event::Key { key: Key::ArrowRight, pressed: true, .. } => Vec2::new(1.0, 0.0),
                Event::Key { key: Key::ArrowUp, pressed: true, .. } => Vec2::new(0.0, 1.0),
                Event::Key { key: Key::ArrowDown, pressed: true, .. } => Vec2::new(0.0, -1.0),
                _ => Vec2::ZERO,
            };
            input.events.iter().map(press).fold(Vec2::ZERO, |sum, step| sum + step)
        });
        if presses == Vec2::ZERO || self.puck.held.is_some() {
            return;
        }
        let step = presses * KEY_STEP * if fine { FINE } else { 1.0 };
        let from = self.puck.shown(view.place(), view.now);
        let to = [(from[0] + step.x).clamp(0.0, 1.0), (from[1] + step.y).clamp(0.0, 1.0)];
        self.fly(view, to);
    }

    /// Dragging draws the path, which becomes the orbit on release; then the orbit is switched on.
    fn draw_orbit(&mut self, ui: &egui::Ui, view: &ViewState<'_>, area: Rect, response: &Response) {
        if ui.input(|input| input.key_pressed(Key::Escape)) {
            self.drawing = None;
            return;
        }
        let Some(path) = &mut self.drawing else { return };
        let down = response.is_pointer_button_down_on() || response.dragged();
        if let Some(pos) = response.interact_pointer_pos().filter(|_| down) {
            let place = self.viewport.place(area, pos);
            if path.last() != Some(&place) {
                path.push(place);
            }
        }
        if down || path.is_empty() {
            return;
        }
        let orbit = Orbit::along(path);
        self.drawing = None;
        if orbit.is_some() {
            view.actions.set_shape(Shape { orbit, ..view.shape });
            if !view.params.orbit.value() {
                view.actions.edit(&view.params.orbit, Gesture::Once(1.0));
            }
        }
    }
}

/// How long the puck is drawn where it was left, until the host has passed it on, in seconds.
pub(super) const PENDING_SECONDS: f64 = 1.0;
/// Points of the trail.
const TRAIL: usize = 40;
/// The distance between points of the trail.
const TRAIL_STEP: f32 = 0.004;
/// The number of resting places kept.
const RESTS: usize = 32;
/// Resting places closer than this are one.
const SAME_REST: f32 = 0.012;

/// The puck's state: drag, trail and resting places.
#[derive(Clone, Debug, Default)]
struct Puck {
    /// Its place during a drag.
    pub(super) held: Option<[f32; 2]>,
    /// Its place and time at the end of a drag, until the parameters have caught up.
    pub(super) left: Option<([f32; 2], f64)>,
    trail: Vec<[f32; 2]>,
    rests: Vec<[f32; 2]>,
}

fn distance(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

impl Puck {
    /// Where the puck is drawn: at the drag, or where it was left, else where the parameters are.
    pub(super) fn shown(&mut self, params: [f32; 2], now: f64) -> [f32; 2] {
        if let Some((place, since)) = self.left {
            let caught_up = (place[0] - params[0]).abs() + (place[1] - params[1]).abs() < 1e-3;
            if caught_up || now - since > PENDING_SECONDS {
                self.left = None;
            }
        }
        let shown = self.held.or(self.left.map(|(place, _)| place)).unwrap_or(params);
        if self.trail.last().is_none_or(|last| distance(*last, shown) > TRAIL_STEP) {
            self.trail.push(shown);
            let long = self.trail.len().saturating_sub(TRAIL);
            self.trail.drain(..long);
        }
        shown
    }

    /// Ends a drag at a place, which becomes a resting place.
    pub(super) fn leave(&mut self, place: [f32; 2], now: f64) {
        self.held = None;
        self.left = Some((place, now));
        self.rests.retain(|rest| distance(*rest, place) > SAME_REST);
        self.rests.push(place);
        let many = self.rests.len().saturating_sub(RESTS);
        self.rests.drain(..many);
    }

    /// Its latest places, the newest last.
    pub(super) fn trail(&self) -> &[[f32; 2]] {
        &self.trail
    }

    /// Its resting places, the newest last.
    pub(super) fn rests(&self) -> &[[f32; 2]] {
        &self.rests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_puck_stays_where_it_was_left_until_the_host_has_passed_it_on() {
        let mut puck = Puck::default();
        puck.leave([0.9, 0.1], 10.0);
        assert_eq!(puck.shown([0.5, 0.5], 10.1), [0.9, 0.1]);
        assert_eq!(puck.shown([0.9, 0.1], 10.2), [0.9, 0.1]);
        assert_eq!(puck.shown([0.2, 0.2], 10.3), [0.2, 0.2], "once passed on, automation moves it");
    }

    #[test]
    fn a_host_that_never_passes_it_on_gets_the_puck_back() {
        let mut puck = Puck::default();
        puck.leave([0.9, 0.1], 10.0);
        assert_eq!(puck.shown([0.5, 0.5], 11.5), [0.5, 0.5]);
    }

    #[test]
    fn the_last_32_resting_places_are_remembered_each_once() {
        let mut puck = Puck::default();
        for rest in 0..40 {
            puck.leave([rest as f32 / 40.0, 0.5], 0.0);
        }
        assert_eq!(puck.rests().len(), RESTS);
        puck.leave(puck.rests()[0], 1.0);
        assert_eq!(puck.rests().len(), RESTS, "a place that it came back to is no new one");
    }
}
