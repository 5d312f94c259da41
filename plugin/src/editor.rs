//! The window: a map to play on, the temperature, the beat that sounds. Runs on the host's main thread.
//!
//! Every part is a function of a `Ui` and values that returns what the player did; this file gathers the
//! values and hands what was done to the host as parameter gestures.

mod field;
mod gesture;
mod knob;
mod map;
mod pattern_grid;
mod side_panel;
mod sized;
mod status;
#[cfg(test)]
mod tests;
mod theme;

use std::sync::{Arc, Weak};

use beat::Bank;
use nice_plug::context::gui::GuiContext;
use nice_plug_egui::baseview::{HandlerError, WindowSize as NewSize};
use nice_plug_egui::{Frame, NiceEguiApp};

use crate::display::{Meters, Stage};
use crate::params::BeatfieldParams;
use crate::saved::WindowSize;
use field::Field;
use gesture::{Hands, OpenGestures};
use map::Puck;
pub use sized::SizedEditor;

/// Makes the editor of an instance.
pub fn create(params: Arc<BeatfieldParams>, meters: Arc<Meters>, stage: Arc<Stage>) -> Option<SizedEditor> {
    SizedEditor::new(params, meters, stage)
}

/// The window of one instance.
pub struct Window {
    params: Arc<BeatfieldParams>,
    meters: Arc<Meters>,
    stage: Arc<Stage>,
    /// The gestures of the window that is open.
    gestures: Weak<OpenGestures>,
    /// The corpus as a picture, drawn once for each model.
    field: Field,
    /// What the player's hand does on the map.
    puck: Puck,
}

impl NiceEguiApp for Window {
    fn build(
        &mut self,
        egui: egui::Context,
        context: GuiContext,
        _frame: &mut Frame,
    ) -> Result<(), HandlerError> {
        self.open(&egui, context);
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        self.show(ui);
    }

    fn resized(&mut self, new: NewSize) {
        let (width, height) = (new.logical.width.round() as u32, new.logical.height.round() as u32);
        self.params.saved.remember_window_size(WindowSize { width, height });
    }
}

impl Window {
    fn new(params: Arc<BeatfieldParams>, meters: Arc<Meters>, stage: Arc<Stage>) -> Self {
        Self { params, meters, stage, gestures: Weak::new(), field: Field::default(), puck: Puck::default() }
    }

    /// The window opens: what it remembers of an earlier opening is forgotten.
    fn open(&mut self, egui: &egui::Context, context: GuiContext) {
        theme::apply(egui);
        self.field = Field::default();
        self.puck = Puck::default();
        self.gestures = OpenGestures::keep_in(egui, context);
    }

    /// One frame.
    fn show(&mut self, ui: &mut egui::Ui) {
        let Some(gestures) = self.gestures.upgrade() else { return };
        let hands = Hands::new(&gestures);
        let scene = self.stage.scene();
        self.field.follow(ui.ctx(), &scene);
        let layout = Layout::of(ui.max_rect());
        ui.painter().rect_filled(ui.max_rect(), 0.0, theme::BACKGROUND);
        let map = scene.model.as_deref().and_then(nets::Model::map);
        ui.scope_builder(egui::UiBuilder::new().max_rect(layout.map), |ui| {
            map::show(ui, &self.params, &hands, map, &self.field, &mut self.puck);
        });
        ui.scope_builder(egui::UiBuilder::new().max_rect(layout.side), |ui| {
            side_panel::show(ui, &self.params, &hands);
        });
        ui.scope_builder(egui::UiBuilder::new().max_rect(layout.grid), |ui| {
            let bank = scene.sounding(self.meters.committed()).unwrap_or(&Bank::SILENT);
            pattern_grid::show(ui, &self.params, &hands, &scene, bank, self.meters.playhead());
        });
        ui.scope_builder(egui::UiBuilder::new().max_rect(layout.status), |ui| {
            status::show(ui, &self.params, &self.meters, &scene);
        });
    }
}

/// Where the parts lie.
struct Layout {
    map: egui::Rect,
    side: egui::Rect,
    grid: egui::Rect,
    status: egui::Rect,
}

impl Layout {
    const MARGIN: f32 = 12.0;
    const SIDE_WIDTH: f32 = 228.0;
    const STATUS_HEIGHT: f32 = 22.0;

    /// The map is the largest square that leaves room for the rest.
    fn of(window: egui::Rect) -> Self {
        let inner = window.shrink(Self::MARGIN);
        let (above, status) = inner.split_top_bottom_at_y(inner.bottom() - Self::STATUS_HEIGHT);
        let grid_height = (above.height() * 0.31).clamp(120.0, 300.0);
        let (top, grid) = above.split_top_bottom_at_y(above.bottom() - grid_height);
        let top = egui::Rect::from_min_max(top.min, egui::pos2(top.right(), top.bottom() - Self::MARGIN));
        let side_length = top.height().min(top.width() - Self::SIDE_WIDTH - Self::MARGIN).max(0.0);
        let map = egui::Rect::from_min_size(top.min, egui::Vec2::splat(side_length));
        let side = egui::Rect::from_min_max(egui::pos2(map.right() + Self::MARGIN, top.top()), top.max);
        Self { map, side, grid, status }
    }
}
