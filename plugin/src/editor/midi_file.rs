//! The MIDI file of the panel: what it holds, and buttons that save it, drag it into the host and show its
//! folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use drag::{Drag, DragError, DragOutcome};
use egui::{Button, Sense};

use super::theme;
use super::view_state::ViewState;
use crate::export::{self, ExportError, ExportRange, ExportedBeat};

/// What a file can hold: its name and hint on the panel.
const RANGES: [(ExportRange, &str, &str); 4] = [
    (ExportRange::Pattern, "pattern", "The two bars that sound"),
    (ExportRange::Bars(8), "8 bars", "The first eight bars of the song, as they will play"),
    (ExportRange::Bars(32), "32 bars", "The first 32 bars of the song, as they will play"),
    (ExportRange::Played, "played", "The last 64 bars as they were played, hands and all"),
];
/// How often a running drag is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The part's state from frame to frame.
pub(super) struct ExportState {
    range: ExportRange,
    drag: Option<Drag>,
    saved: Option<PathBuf>,
    message: Message,
    /// Where files are saved; `None` on a machine without a home folder.
    folder: Option<PathBuf>,
    start_drag: StartDrag,
}

/// Starts to drag a file out of the window.
type StartDrag = Box<dyn FnMut(&Path) -> Result<Drag, DragError> + Send>;

/// What became of the last button. The thread that shows a folder writes it too.
#[derive(Clone, Default)]
struct Message(Arc<Mutex<Option<String>>>);

impl Message {
    fn set(&self, text: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }

    fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Default for ExportState {
    fn default() -> Self {
        Self::new(export::folder(), Box::new(Drag::start))
    }
}

impl ExportState {
    /// Saves to a folder, and drags as `start_drag` does.
    pub(super) fn new(folder: Option<PathBuf>, start_drag: StartDrag) -> Self {
        let message = Message::default();
        Self { range: ExportRange::Pattern, drag: None, saved: None, message, folder, start_drag }
    }

    /// Shows what the file can hold.
    pub(super) fn show_choice(&mut self, ui: &mut egui::Ui) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            ui.label(egui::RichText::new("MIDI").font(theme::small()).color(theme::TEXT_QUIET));
            for (range, name, hint) in RANGES {
                if ui.selectable_label(self.range == range, name).on_hover_text(hint).clicked() {
                    self.range = range;
                }
            }
        });
    }

    /// Shows the buttons and the message.
    pub(super) fn show_buttons(&mut self, ui: &mut egui::Ui, view: &ViewState<'_>) {
        ui.vertical(|ui| {
            ui.horizontal(|ui| {
                let save = ui.button("save .mid").on_hover_text("Into the folder Beatfield of your music");
                if save.clicked() {
                    self.save(view);
                }
                if drag::POSSIBLE {
                    // Senses clicks too: else a press alone would start the drag.
                    let handle = ui.add(Button::new("drag .mid").sense(Sense::click_and_drag()));
                    let handle = handle.on_hover_text("Drag it onto a track of your DAW");
                    if handle.drag_started() {
                        self.begin_drag(view);
                    } else if handle.clicked() {
                        self.message.set("Hold it and drag it onto a track of your DAW.".into());
                    }
                }
                if self.saved.is_some() && ui.button("show").on_hover_text("In your file browser").clicked() {
                    self.show_folder(ui.ctx());
                }
            });
            self.poll_drag(ui);
            if let Some(message) = self.message.get() {
                ui.colored_label(theme::TEXT_QUIET, egui::RichText::new(message).font(theme::small()));
            }
        });
    }

    fn save(&mut self, view: &ViewState<'_>) -> Option<PathBuf> {
        let saved = match &self.folder {
            Some(folder) => export::save(&beat(view, self.range), folder, &name(view, self.range)),
            None => Err(ExportError::NoFolder),
        };
        self.message.set(match &saved {
            Ok(path) => format!("Saved {}", path.display()),
            Err(error) => error.to_string(),
        });
        self.saved = saved.ok();
        self.saved.clone()
    }

    fn begin_drag(&mut self, view: &ViewState<'_>) {
        // Ends an earlier one whose file a slow program is still fetching.
        self.drag = None;
        let Some(path) = self.save(view) else { return };
        match (self.start_drag)(&path) {
            Ok(drag) => self.drag = Some(drag),
            Err(error) => self.message.set(error.to_string()),
        }
    }

    fn poll_drag(&mut self, ui: &egui::Ui) {
        let Some(drag) = &mut self.drag else { return };
        ui.ctx().request_repaint_after(POLL_INTERVAL);
        let Some(outcome) = drag.outcome() else { return };
        self.drag = None;
        self.message.set(match outcome {
            Ok(DragOutcome::Dropped) => "Dropped.".into(),
            Ok(DragOutcome::Nowhere) => {
                "Nobody there takes files; it stays saved in your music folder.".into()
            }
            Err(error) => error.to_string(),
        });
    }

    /// Shows the saved file's folder. On a thread of its own: some file browsers return only once they close.
    fn show_folder(&self, egui: &egui::Context) {
        let Some(path) = self.saved.clone() else { return };
        let at = path.display().to_string();
        let failed = move |error: &str| format!("No file browser answers ({error}); it is {at}");
        let (egui, message, of_browser) = (egui.clone(), self.message.clone(), failed.clone());
        let show = move || {
            if let Err(error) = opener::open(path.parent().unwrap_or(&path)) {
                message.set(of_browser(&error.to_string()));
                egui.request_repaint();
            }
        };
        if let Err(error) = std::thread::Builder::new().name("beatfield show".into()).spawn(show) {
            self.message.set(failed(&error.to_string()));
        }
    }
}

fn beat(view: &ViewState<'_>, range: ExportRange) -> ExportedBeat {
    let (playback, meter) = (view.params.playback(), view.meters.meter());
    match range {
        ExportRange::Pattern => ExportedBeat::of_pattern(view.bank(), view.cycle(), &playback, meter),
        ExportRange::Bars(bars) => ExportedBeat::of_bars(view.bank(), bars, &playback, meter),
        ExportRange::Played => ExportedBeat::of_recent_notes(&view.shared.recent_notes(), meter),
    }
}

/// The file's name: the region of the map, what it holds, and the tempo.
fn name(view: &ViewState<'_>, range: ExportRange) -> String {
    let [x, y] = view.sounding_place().unwrap_or_else(|| view.place());
    let map = view.decoded.model.as_deref().and_then(nets::Model::map);
    let region = map.and_then(|map| map.region(x, y)).unwrap_or("beat");
    let what = RANGES.iter().find(|(other, ..)| *other == range).map_or("", |(_, name, _)| name);
    format!("{region} {what} {:.0} bpm", view.meters.meter().tempo)
}
