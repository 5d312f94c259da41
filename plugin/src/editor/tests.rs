//! The window under test: clicks, drags and keys in, host gestures and an accessibility tree out. No GPU.

mod grid;
mod looks;
mod map;
mod panel;
mod status;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use drag::DragError;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use nets::Model;
use nice_plug::context::gui::{GuiContext, GuiContextInner};
use nice_plug::params::internals::ParamPtr;
use nice_plug::prelude::{Param, ParamSetter, Params, PluginApi, PluginState};

use super::Window;
use super::midi_file::ExportState;
use crate::params::BeatfieldParams;
use crate::shared::{Meters, SharedState};

/// An open window in a test host, with the synthetic model.
struct TestWindow {
    params: Arc<BeatfieldParams>,
    host: Arc<TestHost>,
    shared: Arc<SharedState>,
    meters: Arc<Meters>,
    /// Where beats are saved; removed with the window.
    folder: PathBuf,
    /// The files that were dragged.
    dragged: Arc<Mutex<Vec<PathBuf>>>,
    harness: Harness<'static>,
}

impl Drop for TestWindow {
    fn drop(&mut self) {
        // Most tests save nothing, and then there is no such folder.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// The model of all tests, and its bank of a fresh instance's settings.
static MODEL: OnceLock<(Arc<Model>, beat::Bank)> = OnceLock::new();

impl TestWindow {
    fn open() -> Self {
        Self::of_size([960.0, 800.0])
    }

    fn of_size(size: [f32; 2]) -> Self {
        let params = Arc::new(BeatfieldParams::default());
        let (shared, meters) = (Arc::new(SharedState::default()), Arc::new(Meters::default()));
        meters.count_block();
        let (model, bank) = MODEL.get_or_init(|| {
            let model = Arc::new(Model::synthetic(7));
            let decoder = nets::BankDecoder::new(&model).expect("a synthetic model has a map");
            (model, decoder.decode(&params.settings(), 1))
        });
        shared.show(|decoded| {
            decoded.model = Some(model.clone());
            decoded.model_number = 1;
            decoded.add(1, bank.clone(), 0);
        });
        let host = Arc::new(TestHost::default());
        let mut inner = Window::new(params.clone(), meters.clone(), shared.clone());
        static WINDOWS: AtomicU32 = AtomicU32::new(0);
        let number = WINDOWS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("beatfield window {} {number}", std::process::id()));
        let dragged = Arc::new(Mutex::new(Vec::new()));
        let taken = dragged.clone();
        let start_drag = move |file: &std::path::Path| {
            taken.lock().expect("no test has failed here").push(file.to_owned());
            Err(DragError::NoDisplay("a test has no screen".into()))
        };
        inner.export = ExportState::new(Some(folder.clone()), Box::new(start_drag));
        let (context, mut opened) = (TestHost::context(&host), false);
        let harness =
            Harness::builder().with_size(size).with_step_dt(0.05).with_max_steps(60).build_ui(move |ui| {
                if !std::mem::replace(&mut opened, true) {
                    inner.open(ui.ctx(), context.clone());
                }
                inner.show(ui);
            });
        Self { params, host, shared, meters, folder, dragged, harness }
    }

    /// Sets a parameter as a host's automation does.
    fn set<P: Param>(&mut self, param: impl Fn(&BeatfieldParams) -> &P, value: P::Plain) {
        let host_context = TestHost::host_context(&self.host);
        let (setter, param) = (ParamSetter::new(&host_context), param(&self.params));
        setter.begin_set_parameter(param);
        setter.set_parameter(param, value);
        setter.end_set_parameter(param);
        self.host.take();
        self.harness.run();
    }

    /// Sets all parameters as the framework does for a loaded state: the window and the host are not told.
    #[allow(unsafe_code, reason = "the framework lets hosts alone set a parameter")]
    fn set_silently(&self, values: &BeatfieldParams) {
        for ((_, param, _), (_, value, _)) in self.params.param_map().into_iter().zip(values.param_map()) {
            // SAFETY: both live through the call.
            unsafe { param._internal_set_normalized_value(value.unmodulated_normalized_value()) };
        }
    }

    /// Whether the window contains this text.
    fn says(&self, part: &str) -> bool {
        self.harness.query_all_by_label_contains(part).next().is_some()
    }

    /// The rectangle of the widget of this name.
    fn rect(&self, label: &str) -> egui::Rect {
        self.harness.get_by_label(label).rect()
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.run();
    }

    /// A click at a point of the screen.
    fn click_at(&mut self, pos: egui::Pos2) {
        self.drag(&[pos]);
    }

    /// Presses a key.
    fn press(&mut self, key: egui::Key, modifiers: egui::Modifiers) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run();
    }

    /// Waits until the next change is another edit.
    fn wait(&mut self) {
        self.harness.run_steps(30);
    }

    /// Presses at the first place, moves over the others and releases at the last.
    fn drag(&mut self, places: &[egui::Pos2]) {
        let Some((first, last)) = places.first().zip(places.last()) else { return };
        self.harness.hover_at(*first);
        self.harness.drag_at(*first);
        for place in places {
            self.harness.hover_at(*place);
        }
        self.harness.drop_at(*last);
        self.harness.run();
    }
}

#[test]
fn every_part_has_a_name_for_those_who_cannot_see_it() {
    let window = TestWindow::open();
    for label in ["Map", "Temperature", "Density", "Swing", "Variation", "Gate", "Velocity", "Seed"] {
        assert!(window.harness.query_by_label(label).is_some(), "{label}");
    }
    for label in ["Pattern", "undo", "redo", "scene A", "scene D", "orbit", "draw", "fly to a genre"] {
        assert!(window.harness.query_by_label(label).is_some(), "{label}");
    }
    for name in beat::DEFAULT_INSTRUMENT_NAMES {
        for part in ["mute", "solo", "density of", "note of"] {
            assert!(window.harness.query_by_label(&format!("{part} {name}")).is_some(), "{part} {name}");
        }
    }
}

/// Undo was dead for the rest of the session.
#[test]
fn a_window_that_closed_during_a_drag_still_undoes_it_when_it_opens_again() {
    let params = Arc::new(BeatfieldParams::default());
    let mut window = Window::new(params.clone(), Arc::default(), Arc::default());
    let host = Arc::default();
    for _ in 0..2 {
        let egui = egui::Context::default();
        window.open(&egui, TestHost::context(&host));
        let gestures = window.gestures.upgrade().expect("an open window");
        let actions = super::actions::Actions::new(&gestures, &params, &mut window.history);
        actions.close_frame(0.0);
        let (can_undo, _) = actions.can();
        if can_undo {
            actions.undo();
            assert!((params.gate.value() - 0.5).abs() < 1e-3);
            return;
        }
        actions.edit(&params.gate, super::actions::Gesture::Begin(1.0));
        actions.close_frame(1.0);
        assert_eq!(params.gate.value(), 1.0);
    }
    panic!("nothing can be undone");
}

#[test]
fn an_idle_window_asks_for_no_frame() {
    let mut window = TestWindow::open();
    window.click("scene A");
    window.wait();
    let delay = window.harness.output().viewport_output.values().map(|output| output.repaint_delay).min();
    assert_eq!(delay, Some(std::time::Duration::MAX));
    assert!(!window.meters.rolling());
    assert!(window.shared.decoded().model.is_some());
}

/// A call of the host for a gesture, with the parameter's name.
#[derive(Clone, Debug, PartialEq)]
enum HostCall {
    Begin(String),
    Set(String, f32),
    End(String),
}

#[derive(Default)]
struct TestHost {
    calls: Mutex<Vec<HostCall>>,
    gone: AtomicBool,
    /// No block comes, so that the framework sets no parameter.
    rests: AtomicBool,
}

impl TestHost {
    fn context(host: &Arc<Self>) -> GuiContext {
        GuiContext::new(Arc::new(Self::host_context(host)))
    }

    fn host_context(host: &Arc<Self>) -> HostContext {
        HostContext(host.clone())
    }

    /// From now on every call panics, as the framework's do once the instance is dropped.
    fn goes(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// From now on it sends no blocks.
    fn rest(&self) {
        self.rests.store(true, Ordering::Relaxed);
    }

    /// The calls since the last query.
    fn take(&self) -> Vec<HostCall> {
        std::mem::take(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The gestures since the last query, by parameter, in the order of their ends; each must be begun once,
    /// set in between, and ended once.
    fn gestures(&self) -> Vec<String> {
        let (mut open, mut done) = (Vec::new(), Vec::new());
        for call in self.take() {
            match call {
                HostCall::Begin(name) => {
                    assert!(!open.contains(&name), "{name} was begun twice");
                    open.push(name);
                }
                HostCall::Set(name, _) => assert!(open.contains(&name), "{name} was set outside a gesture"),
                HostCall::End(name) => {
                    let at = open.iter().position(|other| *other == name);
                    open.remove(at.unwrap_or_else(|| panic!("{name} ended without a beginning")));
                    done.push(name);
                }
            }
        }
        assert_eq!(open, Vec::<String>::new(), "gestures were left open");
        done
    }

    fn note(&self, call: HostCall) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}

/// The host, as the window calls it.
struct HostContext(Arc<TestHost>);

#[allow(unsafe_code, reason = "the framework's interface of a host is unsafe")]
impl GuiContextInner for HostContext {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Clap
    }

    unsafe fn raw_begin_set_parameter(&self, param: ParamPtr) {
        // SAFETY: the tests keep the parameters alive as long as the window.
        self.0.note(HostCall::Begin(unsafe { param.name() }.to_owned()));
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        // SAFETY: as above.
        unsafe {
            if !self.0.rests.load(Ordering::Relaxed) {
                param._internal_set_normalized_value(normalized);
            }
            self.0.note(HostCall::Set(param.name().to_owned(), normalized));
        }
    }

    unsafe fn raw_end_set_parameter(&self, param: ParamPtr) {
        assert!(!self.0.gone.load(Ordering::Relaxed), "the instance is gone");
        // SAFETY: as above.
        self.0.note(HostCall::End(unsafe { param.name() }.to_owned()));
    }

    fn get_state(&self) -> PluginState {
        PluginState {
            version: String::new(),
            params: std::collections::BTreeMap::new(),
            fields: std::collections::BTreeMap::new(),
        }
    }

    fn set_state(&self, _state: PluginState) {}

    fn request_restart(&self) {}
}
