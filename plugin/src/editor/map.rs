//! The map: the field, the names of its regions, the puck, the orbit, and what would play under the
//! pointer.

mod paint;
mod preview;
mod puck;
mod steer;
mod view;

use egui::{CursorIcon, Rect, Response, Sense, TextureHandle, TextureOptions, Vec2};

use super::desk::Desk;
use super::gesture::Touch;
use puck::Puck;
use view::View;

/// What the map remembers from frame to frame.
#[derive(Default)]
pub(super) struct MapState {
    puck: Puck,
    view: View,
    /// The path of an orbit that is being drawn; empty before the hand begins.
    drawing: Option<Vec<[f32; 2]>>,
    layers: Layers,
    preview: preview::Preview,
}

/// The picture of the map on the graphics card.
#[derive(Default)]
struct Layers {
    drawn_for: u32,
    field: Option<TextureHandle>,
    silence: Option<TextureHandle>,
}

impl Layers {
    /// Asks for the picture of the model, and takes it up once it is there.
    fn follow(&mut self, egui: &egui::Context, desk: &Desk<'_>) {
        if self.drawn_for == desk.scene.model_number {
            return;
        }
        let Some(picture) = desk.scene.picture.as_deref() else {
            if desk.scene.model.is_some() {
                desk.stage.wishes.ask_picture();
            }
            (self.field, self.silence) = (None, None);
            return;
        };
        self.drawn_for = desk.scene.model_number;
        self.field = Some(egui.load_texture("field", picture.field.clone(), TextureOptions::LINEAR));
        self.silence = Some(egui.load_texture("silence", picture.silence.clone(), TextureOptions::LINEAR));
    }
}

impl MapState {
    /// Starts or gives up the drawing of an orbit.
    pub(super) fn toggle_drawing(&mut self) {
        self.drawing = if self.drawing.is_some() { None } else { Some(Vec::new()) };
    }

    /// Whether an orbit is being drawn.
    pub(super) fn is_drawing(&self) -> bool {
        self.drawing.is_some()
    }

    /// Takes the puck to a place in one go.
    pub(super) fn fly(&mut self, desk: &Desk<'_>, place: [f32; 2]) {
        desk.leave_scene();
        desk.hands.touch_both(&desk.params.x, &desk.params.y, Touch::Once(place));
        self.puck.leave(place, desk.now);
    }

    /// Shows the map in a square of the room there is.
    pub(super) fn show(&mut self, ui: &mut egui::Ui, desk: &Desk<'_>) -> Response {
        let side = ui.available_width().min(ui.available_height());
        let area = Rect::from_min_size(ui.max_rect().min, Vec2::splat(side));
        let response = ui.allocate_rect(area, Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, "Map"));
        self.layers.follow(ui.ctx(), desk);
        self.steer(ui, desk, area, &response);
        let shown = self.puck.shown(desk.place(), desk.now);
        if self.puck.left.is_some() {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(puck::PENDING_SECONDS));
        }
        self.paint(ui, desk, area, shown, response.has_focus());
        let hovered = response.hover_pos().filter(|_| self.puck.held.is_none() && self.drawing.is_none());
        self.preview.show(ui, desk, area, &self.view, hovered);
        response.on_hover_cursor(CursorIcon::Crosshair)
    }
}
