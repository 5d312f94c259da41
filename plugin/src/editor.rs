//! The window: a map to play on, the temperature, the beat that sounds. Runs on the host's main thread.
//!
//! Every part is a function of a `Ui` and the `desk::Desk`, the view state of one frame, that paints it
//! and tells the `gesture::Hands` what the player did; this file gathers the values.

mod desk;
mod export;
mod gesture;
mod history;
mod knob;
mod layout;
mod map;
mod pattern_grid;
mod phrases;
mod scenes;
mod side_panel;
mod sized;
mod status;
#[cfg(test)]
mod tests;
mod theme;
mod transport_bar;

use std::sync::{Arc, Weak};

use egui::{Key, KeyboardShortcut, Modifiers};
use nice_plug::context::gui::GuiContext;
use nice_plug::prelude::PluginApi;
use nice_plug_egui::baseview::{HandlerError, WindowSize as NewSize};
use nice_plug_egui::{Frame, NiceEguiApp};

use crate::display::{Meters, Stage};
use crate::params::BeatfieldParams;
use crate::saved::WindowSize;
use desk::Desk;
use export::ExportState;
use gesture::{Hands, OpenGestures};
use history::History;
use layout::Layout;
use map::MapState;
use pattern_grid::GridState;
pub use sized::SizedEditor;
use status::StatusState;

const UNDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Z);
const REDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);

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
    api: PluginApi,
    history: History,
    map: MapState,
    grid: GridState,
    status: StatusState,
    export: ExportState,
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
        // The toolkit counts in points, which leave the scale out.
        let pixels =
            |points: f64| (points * f64::from(self.params.saved.window_size().zoom())).round() as u32;
        let (width, height) = (pixels(new.logical.width), pixels(new.logical.height));
        self.params.saved.remember_window_size(WindowSize {
            width,
            height,
            ..self.params.saved.window_size()
        });
    }
}

impl Window {
    /// The window of an instance, not open yet.
    pub fn new(params: Arc<BeatfieldParams>, meters: Arc<Meters>, stage: Arc<Stage>) -> Self {
        Self {
            params,
            meters,
            stage,
            gestures: Weak::new(),
            api: PluginApi::Clap,
            history: History::default(),
            map: MapState::default(),
            grid: GridState::default(),
            status: StatusState::default(),
            export: ExportState::default(),
        }
    }

    /// The window opens: what it remembers of an earlier opening is forgotten, but for what can be undone.
    pub fn open(&mut self, egui: &egui::Context, context: GuiContext) {
        theme::apply(egui);
        self.map = MapState::default();
        self.grid = GridState::default();
        self.api = context.plugin_api();
        self.gestures = OpenGestures::keep_in(egui, context, self.params.clone());
    }

    /// One frame.
    pub fn show(&mut self, ui: &mut egui::Ui) {
        let Some(gestures) = self.gestures.upgrade() else { return };
        let scene = self.stage.scene();
        let hands = Hands::new(&gestures, &self.params, &mut self.history);
        let desk = Desk {
            params: &self.params,
            hands: &hands,
            stage: &self.stage,
            scene: &scene,
            meters: &self.meters,
            shape: self.params.saved.shape(),
            now: ui.input(|input| input.time),
        };
        shortcuts(ui, &desk);
        remember_scale(ui.ctx(), &self.params);
        ui.painter().rect_filled(ui.max_rect(), 0.0, theme::BACKGROUND);
        let mut window = ui.max_rect();
        if self.stage.transport.is_in_charge() {
            let (bar, below) = window.split_top_bottom_at_y(window.top() + transport_bar::HEIGHT);
            let bar = bar.shrink2(egui::vec2(12.0, 0.0));
            ui.scope_builder(egui::UiBuilder::new().max_rect(bar), |ui| {
                transport_bar::show(ui, &self.stage.transport);
            });
            window = below;
        }
        let layout = Layout::of(window);
        ui.scope_builder(egui::UiBuilder::new().max_rect(layout.map), |ui| self.map.show(ui, &desk));
        side_panel::show(ui, &desk, &layout, &mut self.map, &mut self.export);
        ui.scope_builder(egui::UiBuilder::new().max_rect(layout.grid), |ui| self.grid.show(ui, &desk));
        ui.scope_builder(egui::UiBuilder::new().max_rect(layout.status), |ui| {
            self.status.show(ui, &desk, self.api);
        });
        hands.close_frame(desk.now);
    }
}

/// Keeps how large everything is shown, which the menu sets and the toolkit's own keys (Ctrl and plus, minus
/// or 0), within what a project can hold.
fn remember_scale(egui: &egui::Context, params: &BeatfieldParams) {
    let (size, scale) = (params.saved.window_size(), (egui.zoom_factor() * 100.0).round() as u32);
    if scale != size.scale {
        params.saved.remember_window_size(WindowSize { scale, ..size });
        let kept = params.saved.window_size();
        if kept.scale != scale {
            egui.set_zoom_factor(kept.zoom());
        }
    }
}

/// Keys that work wherever the keyboard is.
fn shortcuts(ui: &egui::Ui, desk: &Desk<'_>) {
    // Redo first: undo's keys are a part of its keys.
    if ui.input_mut(|input| input.consume_shortcut(&REDO)) {
        desk.hands.redo();
    } else if ui.input_mut(|input| input.consume_shortcut(&UNDO)) {
        desk.hands.undo();
    }
}
