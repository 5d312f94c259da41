//! The hand on the map: the puck, the view, the orbit.

use beat::{Orbit, Shape};
use egui::{Event, EventFilter, Key, PointerButton, Pos2, Rect, Response, Vec2};

use super::MapState;
use crate::editor::desk::Desk;
use crate::editor::gesture::Touch;

/// How much slower the puck moves while the fine modifier is held.
const FINE: f32 = 0.1;
/// How far a key takes the puck.
const KEY_STEP: f32 = 0.01;
/// How close to a resting place a press returns to it, in points of the screen.
const CATCH: f32 = 8.0;
/// Pixels of wheel for twice the size.
const WHEEL: f32 = 240.0;

impl MapState {
    pub(super) fn steer(&mut self, ui: &egui::Ui, desk: &Desk<'_>, area: Rect, response: &Response) {
        self.look_around(ui, area, response);
        if self.drawing.is_some() {
            self.draw_orbit(ui, desk, area, response);
            return;
        }
        let fine = ui.input(|input| input.modifiers.shift);
        let touch = self.follow_hand(response, area, desk, fine);
        if matches!(touch, Touch::Begin(_) | Touch::Once(_)) {
            desk.leave_scene();
            response.request_focus();
        }
        desk.hands.touch_both(&desk.params.x, &desk.params.y, touch);
        if response.has_focus() {
            let arrows =
                EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
            self.follow_keys(ui, desk, fine);
        }
    }

    /// The wheel looks closer, another button than the first moves the map.
    fn look_around(&mut self, ui: &egui::Ui, area: Rect, response: &Response) {
        if let Some(pos) = response.hover_pos() {
            let (wheel, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
            let factor = (wheel / WHEEL).exp2() * pinch;
            if factor != 1.0 {
                self.view.zoom_at(area, pos, factor);
            }
        }
        if [PointerButton::Secondary, PointerButton::Middle].iter().any(|button| response.dragged_by(*button))
        {
            self.view.pan(area, response.drag_delta());
        }
    }

    /// A press takes the puck to the pointer, with the fine modifier it moves on from where it stands; a
    /// double-click centres it.
    fn follow_hand(
        &mut self,
        response: &Response,
        area: Rect,
        desk: &Desk<'_>,
        fine: bool,
    ) -> Touch<[f32; 2]> {
        // A drag goes on when the pointer leaves the window.
        let down = response.is_pointer_button_down_on() || response.dragged();
        let other = response.dragged_by(PointerButton::Secondary)
            || response.dragged_by(PointerButton::Middle)
            || !response.ctx.input(|input| input.pointer.primary_down());
        let pressed = down && (!other || self.puck.held.is_some() && response.dragged());
        let pointer = response.interact_pointer_pos().map(|pos| self.view.place(area, pos));
        match (self.puck.held, pressed) {
            (None, true) => {
                let caught = response.interact_pointer_pos().and_then(|pos| self.crumb_at(area, pos));
                let begin =
                    if fine { desk.place() } else { caught.or(pointer).unwrap_or_else(|| desk.place()) };
                self.puck.held = Some(begin);
                Touch::Begin(begin)
            }
            (Some(held), true) => {
                let drag = response.drag_delta();
                let place = if fine {
                    let step = Vec2::new(drag.x, -drag.y) / area.width() / self.view.zoom() * FINE;
                    [(held[0] + step.x).clamp(0.0, 1.0), (held[1] + step.y).clamp(0.0, 1.0)]
                } else if drag == Vec2::ZERO {
                    held // a press that has not moved yet stays on the resting place that it caught
                } else {
                    pointer.unwrap_or(held)
                };
                self.puck.held = Some(place);
                if place == held { Touch::None } else { Touch::Move(place) }
            }
            // The second click of a double-click ends here.
            (Some(_), false) if response.double_clicked() => {
                self.puck.leave([0.5; 2], desk.now);
                Touch::Finish([0.5; 2])
            }
            (Some(held), false) => {
                self.puck.leave(held, desk.now);
                Touch::End
            }
            (None, false) if response.double_clicked() => {
                self.puck.leave([0.5; 2], desk.now);
                Touch::Once([0.5; 2])
            }
            // A tap that began and ended within one frame.
            (None, false) if response.clicked() => {
                let place = pointer.unwrap_or_else(|| desk.place());
                self.puck.leave(place, desk.now);
                Touch::Once(place)
            }
            (None, false) => Touch::None,
        }
    }

    /// The resting place under a point of the screen.
    pub(super) fn crumb_at(&self, area: Rect, pos: Pos2) -> Option<[f32; 2]> {
        let crumbs = self.puck.crumbs().iter().rev();
        crumbs.copied().find(|crumb| self.view.pos(area, *crumb).distance(pos) <= CATCH)
    }

    /// The arrows move the puck, each strike one step.
    fn follow_keys(&mut self, ui: &egui::Ui, desk: &Desk<'_>, fine: bool) {
        let strikes = ui.input(|input| {
            let strike = |event: &Event| match event {
                Event::Key { key: Key::ArrowLeft, pressed: true, .. } => Vec2::new(-1.0, 0.0),
                Event::Key { key: Key::ArrowRight, pressed: true, .. } => Vec2::new(1.0, 0.0),
                Event::Key { key: Key::ArrowUp, pressed: true, .. } => Vec2::new(0.0, 1.0),
                Event::Key { key: Key::ArrowDown, pressed: true, .. } => Vec2::new(0.0, -1.0),
                _ => Vec2::ZERO,
            };
            input.events.iter().map(strike).fold(Vec2::ZERO, |sum, step| sum + step)
        });
        if strikes == Vec2::ZERO || self.puck.held.is_some() {
            return;
        }
        let step = strikes * KEY_STEP * if fine { FINE } else { 1.0 };
        let from = self.puck.shown(desk.place(), desk.now);
        let to = [(from[0] + step.x).clamp(0.0, 1.0), (from[1] + step.y).clamp(0.0, 1.0)];
        self.fly(desk, to);
    }

    /// The path under the hand becomes the orbit when the hand lets go, and the orbit is switched on.
    fn draw_orbit(&mut self, ui: &egui::Ui, desk: &Desk<'_>, area: Rect, response: &Response) {
        if ui.input(|input| input.key_pressed(Key::Escape)) {
            self.drawing = None;
            return;
        }
        let Some(path) = &mut self.drawing else { return };
        let down = response.is_pointer_button_down_on() || response.dragged();
        if let Some(pos) = response.interact_pointer_pos().filter(|_| down) {
            let place = self.view.place(area, pos);
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
            desk.hands.reshape(Shape { orbit, ..desk.shape });
            if !desk.params.orbit.value() {
                desk.hands.touch(&desk.params.orbit, Touch::Once(1.0));
            }
        }
    }
}
