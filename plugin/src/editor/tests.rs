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
use nice_plug::prelude::{Param, ParamSetter, PluginApi, PluginState};

use super::Window;
use super::midi_file::ExportState;
use crate::params::BeatfieldParams;
use crate::shared::{Meters, Stage};

/// An open window with a host around it and a model of dice on its stage.
struct Studio {
    params: Arc<BeatfieldParams>,
    host: Arc<TestHost>,
    stage: Arc<Stage>,
    meters: Arc<Meters>,
    /// Where beats are saved, which goes with the studio.
    folder: PathBuf,
    /// The files that a hand has taken up.
    dragged: Arc<Mutex<Vec<PathBuf>>>,
    harness: Harness<'static>,
}

impl Drop for Studio {
    fn drop(&mut self) {
        // Most studios save nothing, and then there is no such folder.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// The model of all studios, and the bank that it makes of a fresh instance's settings.
static MODEL: OnceLock<(Arc<Model>, beat::Bank)> = OnceLock::new();

impl Studio {
    fn open() -> Self {
        Self::of_size([960.0, 800.0])
    }

    fn of_size(size: [f32; 2]) -> Self {
        let params = Arc::new(BeatfieldParams::default());
        let (stage, meters) = (Arc::new(Stage::default()), Arc::new(Meters::default()));
        let (model, bank) = MODEL.get_or_init(|| {
            let model = Arc::new(Model::synthetic(7));
            let decoder = nets::BankDecoder::new(&model).expect("a synthetic model has a map");
            (model, decoder.decode(&params.settings(), 1))
        });
        stage.show(|scene| {
            scene.model = Some(model.clone());
            scene.model_number = 1;
            scene.add(1, *bank, 0);
        });
        let host = Arc::new(TestHost::default());
        let mut window = Window::new(params.clone(), meters.clone(), stage.clone());
        static STUDIOS: AtomicU32 = AtomicU32::new(0);
        let number = STUDIOS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("beatfield studio {} {number}", std::process::id()));
        let dragged = Arc::new(Mutex::new(Vec::new()));
        let taken = dragged.clone();
        let take_up = move |file: &std::path::Path| {
            taken.lock().expect("no test has failed here").push(file.to_owned());
            Err(DragError::NoDisplay("a test has no screen".into()))
        };
        window.export = ExportState::new(Some(folder.clone()), Box::new(take_up));
        let (context, mut opened) = (TestHost::context(&host), false);
        let harness =
            Harness::builder().with_size(size).with_step_dt(0.05).with_max_steps(60).build_ui(move |ui| {
                if !std::mem::replace(&mut opened, true) {
                    window.open(ui.ctx(), context.clone());
                }
                window.show(ui);
            });
        Self { params, host, stage, meters, folder, dragged, harness }
    }

    /// Sets a parameter, as a host's automation does.
    fn set<P: Param>(&mut self, param: impl Fn(&BeatfieldParams) -> &P, value: P::Plain) {
        let ears = TestHost::ears(&self.host);
        let (setter, param) = (ParamSetter::new(&ears), param(&self.params));
        setter.begin_set_parameter(param);
        setter.set_parameter(param, value);
        setter.end_set_parameter(param);
        self.host.take();
        self.harness.run();
    }

    /// Whether something in the window says this.
    fn says(&self, part: &str) -> bool {
        self.harness.query_all_by_label_contains(part).next().is_some()
    }

    /// Where the widget of this name lies.
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

    /// Strikes a key.
    fn strike(&mut self, key: egui::Key, modifiers: egui::Modifiers) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run();
    }

    /// Lets enough time pass that what follows is another edit.
    fn wait(&mut self) {
        self.harness.run_steps(30);
    }

    /// Presses at the first place, moves over the others and lets go at the last.
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
    let studio = Studio::open();
    for label in ["Map", "Temperature", "Density", "Swing", "Variation", "Gate", "Velocity", "Seed"] {
        assert!(studio.harness.query_by_label(label).is_some(), "{label}");
    }
    for label in ["Pattern", "undo", "redo", "scene A", "scene D", "orbit", "draw", "fly to a genre"] {
        assert!(studio.harness.query_by_label(label).is_some(), "{label}");
    }
    for name in beat::DEFAULT_INSTRUMENT_NAMES {
        for part in ["mute", "solo", "density of", "note of"] {
            assert!(studio.harness.query_by_label(&format!("{part} {name}")).is_some(), "{part} {name}");
        }
    }
}

#[test]
fn an_idle_window_asks_for_no_frame() {
    let mut studio = Studio::open();
    studio.click("scene A");
    studio.wait();
    let delay = studio.harness.output().viewport_output.values().map(|output| output.repaint_delay).min();
    assert_eq!(delay, Some(std::time::Duration::MAX));
    assert!(!studio.meters.rolling());
    assert!(studio.stage.scene().model.is_some());
}

/// What a host sees of a gesture, with the parameter's name.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Begin(String),
    Set(String, f32),
    End(String),
}

#[derive(Default)]
struct TestHost {
    seen: Mutex<Vec<Seen>>,
    gone: AtomicBool,
}

impl TestHost {
    fn context(host: &Arc<Self>) -> GuiContext {
        GuiContext::new(Arc::new(Self::ears(host)))
    }

    fn ears(host: &Arc<Self>) -> Ears {
        Ears(host.clone())
    }

    /// From now on every call panics, as the framework's do once the instance is gone.
    fn goes(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// What was seen since this was last asked.
    fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The gestures since this was last asked, by parameter, in the order of their ends; every one must be
    /// begun once, set in between, and ended once.
    fn gestures(&self) -> Vec<String> {
        let (mut open, mut done) = (Vec::new(), Vec::new());
        for seen in self.take() {
            match seen {
                Seen::Begin(name) => {
                    assert!(!open.contains(&name), "{name} was begun twice");
                    open.push(name);
                }
                Seen::Set(name, _) => assert!(open.contains(&name), "{name} was set outside a gesture"),
                Seen::End(name) => {
                    let at = open.iter().position(|other| *other == name);
                    open.remove(at.unwrap_or_else(|| panic!("{name} ended without a beginning")));
                    done.push(name);
                }
            }
        }
        assert_eq!(open, Vec::<String>::new(), "gestures were left open");
        done
    }

    fn note(&self, seen: Seen) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }
}

/// The host as the window calls it.
struct Ears(Arc<TestHost>);

#[allow(unsafe_code, reason = "the framework's interface of a host is unsafe")]
impl GuiContextInner for Ears {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Clap
    }

    unsafe fn raw_begin_set_parameter(&self, param: ParamPtr) {
        // SAFETY: the tests keep the parameters alive as long as the window.
        self.0.note(Seen::Begin(unsafe { param.name() }.to_owned()));
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        // SAFETY: as above.
        unsafe {
            param._internal_set_normalized_value(normalized);
            self.0.note(Seen::Set(param.name().to_owned(), normalized));
        }
    }

    unsafe fn raw_end_set_parameter(&self, param: ParamPtr) {
        assert!(!self.0.gone.load(Ordering::Relaxed), "the instance is gone");
        // SAFETY: as above.
        self.0.note(Seen::End(unsafe { param.name() }.to_owned()));
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
