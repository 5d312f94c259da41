//! The window: the map, the panel and the pattern grid. Runs on the host's main thread.
//!
//! Every part is a function of a `Ui` and the `ViewState` of one frame: it paints what is there, and passes
//! what the player did to `Actions`. This file gathers the view state.

mod actions;
#[cfg(target_os = "linux")]
mod frame_poll;
mod knob;
mod layout;
pub mod map;
mod midi_file;
mod pattern_grid;
mod side_panel;
mod sized_editor;
mod status;
#[cfg(test)]
mod tests;
mod theme;
mod transport_bar;
mod undo;
mod view_state;
mod window_threads;

use std::sync::{Arc, Weak};

use actions::{Actions, OpenGestures};
use egui::{Event, Key, KeyboardShortcut, Modifiers, Popup};
use keys::{KeyForwarder, KeyNeeds, TypedKey};
use layout::WindowLayout;
use map::MapState;
use midi_file::ExportState;
use nice_plug::context::gui::GuiContext;
use nice_plug_egui::baseview::{HandlerError, WindowSize as NewSize};
use nice_plug_egui::{Frame, KeyCapture, NiceEguiApp};
use pattern_grid::GridState;
pub use sized_editor::SizedEditor;
use status::StatusState;
use undo::UndoHistory;
use view_state::ViewState;
use window_threads::WindowThreads;

use crate::decode::Decoding;
use crate::params::BeatfieldParams;
use crate::saved::WindowSize;
use crate::shared::{Meters, SharedState};

const UNDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Z);
const REDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);

/// Makes the editor of an instance.
pub fn create(
    params: Arc<BeatfieldParams>,
    meters: Arc<Meters>,
    shared: Arc<SharedState>,
    decoding: Arc<Decoding>,
) -> Option<SizedEditor> {
    SizedEditor::new(params, meters, shared, Some(decoding))
}

/// The window of one instance.
pub struct Window {
    params: Arc<BeatfieldParams>,
    meters: Arc<Meters>,
    shared: Arc<SharedState>,
    /// The gestures of the open window.
    gestures: Weak<OpenGestures>,
    history: UndoHistory,
    /// The number of states loaded when the history began.
    loads: u32,
    map: MapState,
    grid: GridState,
    status: StatusState,
    export: ExportState,
    keys: KeyForwarder,
    /// Whether the open window has been drawn.
    drawn: bool,
    threads: WindowThreads,
}

impl NiceEguiApp for Window {
    fn build(
        &mut self,
        egui: egui::Context,
        context: GuiContext,
        frame: &mut Frame,
    ) -> Result<(), HandlerError> {
        self.open(&egui, context);
        self.keys = KeyForwarder::new(frame.baseview_window());
        self.drawn = false;
        self.threads.opens();
        // Not a rectangle: painting over the whole window costs a machine without a graphics card a lot.
        let [r, g, b, a] = theme::BACKGROUND.to_normalized_gamma_f32();
        frame.set_clear_color(egui::Rgba::from_rgba_premultiplied(r, g, b, a));
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut Frame) {
        if !std::mem::replace(&mut self.drawn, true) {
            self.threads.note_started();
            #[cfg(target_os = "linux")]
            frame_poll::FramePoll::keep_in(ui.ctx(), frame.baseview_window().waker());
        }
        let before = self.key_needs(ui.ctx());
        let typed: Vec<_> = ui.input(|input| input.events.iter().filter_map(typed).collect());
        self.show(ui);
        let after = self.key_needs(ui.ctx());
        frame.set_key_capture(key_capture(after));
        if !self.shared.transport.is_in_charge() {
            // A key may open a text or close one: then it is the window's.
            self.keys.forward(before.max(after), &typed);
        }
    }

    fn resized(&mut self, new: NewSize) {
        // The toolkit's points are before scaling.
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
    /// The closed window of an instance.
    pub fn new(params: Arc<BeatfieldParams>, meters: Arc<Meters>, shared: Arc<SharedState>) -> Self {
        Self {
            params,
            meters,
            shared,
            gestures: Weak::new(),
            history: UndoHistory::default(),
            loads: 0,
            map: MapState::default(),
            grid: GridState::default(),
            status: StatusState::default(),
            export: ExportState::default(),
            keys: KeyForwarder::default(),
            drawn: false,
            threads: WindowThreads::default(),
        }
    }

    /// Opens the window: all state of an earlier opening is reset, except the undo history.
    pub fn open(&mut self, egui: &egui::Context, context: GuiContext) {
        theme::apply(egui);
        self.map = MapState::default();
        self.grid = GridState::default();
        self.history.end_all();
        self.gestures = OpenGestures::keep_in(egui, context, self.params.clone(), self.meters.clone());
    }

    /// Shows one frame.
    pub fn show(&mut self, ui: &mut egui::Ui) {
        let Some(gestures) = self.gestures.upgrade() else { return };
        let loads = self.params.saved.bank_loads();
        if std::mem::replace(&mut self.loads, loads) != loads {
            // What was done before is of another project.
            self.history = UndoHistory::default();
            gestures.repeat_loaded_values();
        }
        if self.key_needs(ui.ctx()) != KeyNeeds::Text {
            if self.shared.transport.is_in_charge() {
                transport_bar::follow_space(ui, &self.shared.transport);
            }
            ui.input_mut(|input| input.events.retain(|event| !is_space(event)));
        }
        let decoded = self.shared.decoded();
        let actions = Actions::new(&gestures, &self.params, &mut self.history);
        let view = ViewState {
            params: &self.params,
            actions: &actions,
            shared: &self.shared,
            decoded: &decoded,
            meters: &self.meters,
            shape: self.params.saved.shape(),
            now: ui.input(|input| input.time),
        };
        shortcuts(ui, &view);
        remember_scale(ui.ctx(), &self.params);
        let mut window = ui.max_rect();
        if self.shared.transport.is_in_charge() {
            let (bar, below) = window.split_top_bottom_at_y(window.top() + transport_bar::HEIGHT);
            let bar = bar.shrink2(egui::vec2(12.0, 0.0));
            ui.scope_builder(egui::UiBuilder::new().max_rect(bar), |ui| {
                transport_bar::show(ui, &self.shared.transport, self.meters.meter().bar_beats());
            });
            window = below;
        }
        let layout = WindowLayout::of(window);
        ui.scope_builder(egui::UiBuilder::new().max_rect(layout.map), |ui| self.map.show(ui, &view));
        side_panel::show(ui, &view, &layout, &mut self.map, &mut self.export);
        ui.scope_builder(egui::UiBuilder::new().max_rect(layout.grid), |ui| self.grid.show(ui, &view));
        ui.scope_builder(egui::UiBuilder::new().max_rect(layout.status), |ui| {
            self.status.show(ui, &view);
        });
        actions.close_frame(view.now);
    }
}

impl Window {
    /// The keys that the window needs.
    fn key_needs(&self, egui: &egui::Context) -> KeyNeeds {
        if egui.text_edit_focused() {
            KeyNeeds::Text
        } else if egui.memory(|memory| memory.focused().is_some())
            || Popup::is_any_open(egui)
            || self.map.is_drawing()
        {
            KeyNeeds::Control
        } else {
            KeyNeeds::Shortcuts
        }
    }
}

/// Space presses whatever button has the focus; here it is the host's, which starts and stops the song with it.
fn is_space(event: &Event) -> bool {
    match event {
        Event::Key { key, .. } => *key == Key::Space,
        Event::Text(text) => text == " ",
        _ => false,
    }
}

/// A key as [`KeyForwarder`] takes it; shortcuts with Ctrl stay in the window.
fn typed(event: &Event) -> Option<TypedKey> {
    match event {
        Event::Key { key, pressed, modifiers, .. } if !modifiers.command => Some((key.name(), *pressed)),
        _ => None,
    }
}

/// What the toolkit keeps from the host; it listens to this on macOS alone.
fn key_capture(needs: KeyNeeds) -> KeyCapture {
    let control = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Enter", "Escape", "Tab"];
    match needs {
        KeyNeeds::Text => KeyCapture::CaptureAll,
        KeyNeeds::Control => {
            KeyCapture::CaptureKeys(control.iter().filter_map(|name| name.parse().ok()).collect())
        }
        KeyNeeds::Shortcuts => KeyCapture::IgnoreAll,
    }
}

/// Saves the scale, which the menu and the toolkit's keys (Ctrl and plus, minus or 0) set, and clamps it to
/// its range.
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

/// Keys that work whatever has the focus.
fn shortcuts(ui: &egui::Ui, view: &ViewState<'_>) {
    // Redo first: its keys include those of undo.
    if ui.input_mut(|input| input.consume_shortcut(&REDO)) {
        view.actions.redo();
    } else if ui.input_mut(|input| input.consume_shortcut(&UNDO)) {
        view.actions.undo();
    }
}
