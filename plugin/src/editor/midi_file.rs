//! The way out: save the beat as a MIDI file, or drag it into the host.

use std::path::{Path, PathBuf};
use std::time::Duration;

use drag::{Drag, DragError, DragOutcome};
use egui::{Button, Sense};

use super::theme;
use super::view_state::ViewState;
use crate::export::{self, ExportRange, ExportedBeat};

/// What can be chosen, and what it is called.
const RANGES: [(ExportRange, &str, &str); 4] = [
    (ExportRange::Pattern, "pattern", "The two bars that sound"),
    (ExportRange::Bars(8), "8 bars", "The first eight bars of the song, as they will play"),
    (ExportRange::Bars(32), "32 bars", "The first 32 bars of the song, as they will play"),
    (ExportRange::Played, "played", "The last 64 bars as they were played, hands and all"),
];
/// How often a drag under way is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// What the strip remembers from frame to frame.
pub(super) struct ExportState {
    range: ExportRange,
    drag: Option<Drag>,
    saved: Option<PathBuf>,
    message: Option<String>,
    /// Where files are saved; nowhere on a machine without a home.
    folder: Option<PathBuf>,
    start_drag: StartDrag,
}

/// Takes up a file to drag it out of the window.
type StartDrag = Box<dyn FnMut(&Path) -> Result<Drag, DragError> + Send>;

impl Default for ExportState {
    fn default() -> Self {
        Self::new(export::folder(), Box::new(Drag::start))
    }
}

impl ExportState {
    /// Saves to a folder, and drags as `start_drag` does.
    pub(super) fn new(folder: Option<PathBuf>, start_drag: StartDrag) -> Self {
        Self { range: ExportRange::Pattern, drag: None, saved: None, message: None, folder, start_drag }
    }

    /// Shows what can be written down.
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

    /// Shows where it can go, and what became of it.
    pub(super) fn show_buttons(&mut self, ui: &mut egui::Ui, view: &ViewState<'_>) {
        ui.vertical(|ui| {
            ui.horizontal(|ui| {
                let save = ui.button("save .mid").on_hover_text("Into the folder Beatfield of your music");
                if save.clicked() {
                    self.save(view);
                }
                if drag::POSSIBLE {
                    // Clicks too, or a press alone would begin the drag.
                    let handle = ui.add(Button::new("drag .mid").sense(Sense::click_and_drag()));
                    let handle = handle.on_hover_text("Drag it onto a track of your DAW");
                    if handle.drag_started() {
                        self.begin_drag(view);
                    } else if handle.clicked() {
                        self.message = Some("Hold it and drag it onto a track of your DAW.".into());
                    }
                }
                if self.saved.is_some() && ui.button("show").on_hover_text("In your file browser").clicked() {
                    self.reveal();
                }
            });
            self.follow_drag(ui);
            if let Some(message) = &self.message {
                ui.colored_label(theme::TEXT_QUIET, egui::RichText::new(message).font(theme::small()));
            }
        });
    }

    /// Writes the file and remembers where it is.
    fn save(&mut self, view: &ViewState<'_>) -> Option<PathBuf> {
        let saved = match &self.folder {
            Some(folder) => export::save(&beat(view, self.range), folder, &name(view, self.range)),
            None => Err(export::ExportError::NoFolder),
        };
        self.message = Some(match &saved {
            Ok(path) => format!("Saved {}", path.display()),
            Err(error) => error.to_string(),
        });
        self.saved = saved.ok();
        self.saved.clone()
    }

    fn begin_drag(&mut self, view: &ViewState<'_>) {
        // Another one, still fetched by a slow program, is given up.
        self.drag = None;
        let Some(path) = self.save(view) else { return };
        match (self.start_drag)(&path) {
            Ok(drag) => self.drag = Some(drag),
            Err(error) => self.message = Some(error.to_string()),
        }
    }

    fn follow_drag(&mut self, ui: &egui::Ui) {
        let Some(drag) = &mut self.drag else { return };
        ui.ctx().request_repaint_after(POLL_INTERVAL);
        let Some(outcome) = drag.outcome() else { return };
        self.drag = None;
        self.message = Some(match outcome {
            Ok(DragOutcome::Dropped) => "Dropped.".into(),
            Ok(DragOutcome::Nowhere) => {
                "Nobody there takes files; it stays saved in your music folder.".into()
            }
            Err(error) => error.to_string(),
        });
    }

    fn reveal(&mut self) {
        let Some(path) = &self.saved else { return };
        if let Err(error) = export::reveal(path) {
            self.message = Some(format!("No file browser answers ({error}); it is {}", path.display()));
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

/// What the file is called: where on the map it is from, what it holds, and how fast it is.
fn name(view: &ViewState<'_>, range: ExportRange) -> String {
    let [x, y] = view.sounding_place().unwrap_or_else(|| view.place());
    let map = view.decoded.model.as_deref().and_then(nets::Model::map);
    let region = map.and_then(|map| map.region(x, y)).unwrap_or("beat");
    let what = RANGES.iter().find(|(other, ..)| *other == range).map_or("", |(_, name, _)| name);
    format!("{region} {what} {:.0} bpm", view.meters.meter().tempo)
}
