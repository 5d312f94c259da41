//! The way out: save the beat as a MIDI file, or drag it into the host.

use std::path::{Path, PathBuf};
use std::time::Duration;

use drag::{Drag, DragError, Outcome};
use egui::{Button, Sense};

use super::theme;
use super::view_state::Desk;
use crate::export::{self, Beat, Extent};

/// What can be chosen, and what it is called.
const EXTENTS: [(Extent, &str, &str); 4] = [
    (Extent::Pattern, "pattern", "The two bars that sound"),
    (Extent::Bars(8), "8 bars", "The first eight bars of the song, as they will play"),
    (Extent::Bars(32), "32 bars", "The first 32 bars of the song, as they will play"),
    (Extent::Played, "played", "The last 64 bars as they were played, hands and all"),
];
/// How often a drag under way is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the strip remembers from frame to frame.
pub(super) struct ExportState {
    extent: Extent,
    drag: Option<Drag>,
    saved: Option<PathBuf>,
    said: Option<String>,
    /// Where files are saved; nowhere on a machine without a home.
    folder: Option<PathBuf>,
    take_up: TakeUp,
}

/// Takes up a file to drag it out of the window.
type TakeUp = Box<dyn FnMut(&Path) -> Result<Drag, DragError> + Send>;

impl Default for ExportState {
    fn default() -> Self {
        Self::new(export::folder(), Box::new(Drag::start))
    }
}

impl ExportState {
    /// Saves to a folder, and drags as `take_up` does.
    pub(super) fn new(folder: Option<PathBuf>, take_up: TakeUp) -> Self {
        Self { extent: Extent::Pattern, drag: None, saved: None, said: None, folder, take_up }
    }

    /// Shows what can be written down.
    pub(super) fn show_choice(&mut self, ui: &mut egui::Ui) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            ui.label(egui::RichText::new("MIDI").font(theme::small()).color(theme::TEXT_QUIET));
            for (extent, name, hint) in EXTENTS {
                if ui.selectable_label(self.extent == extent, name).on_hover_text(hint).clicked() {
                    self.extent = extent;
                }
            }
        });
    }

    /// Shows where it can go, and what became of it.
    pub(super) fn show_ways_out(&mut self, ui: &mut egui::Ui, desk: &Desk<'_>) {
        ui.vertical(|ui| {
            ui.horizontal(|ui| {
                let save = ui.button("save .mid").on_hover_text("Into the folder Beatfield of your music");
                if save.clicked() {
                    self.save(desk);
                }
                if drag::POSSIBLE {
                    // Clicks too, or a press alone would begin the drag.
                    let handle = ui.add(Button::new("drag .mid").sense(Sense::click_and_drag()));
                    let handle = handle.on_hover_text("Drag it onto a track of your DAW");
                    if handle.drag_started() {
                        self.begin_drag(desk);
                    } else if handle.clicked() {
                        self.said = Some("Hold it and drag it onto a track of your DAW.".into());
                    }
                }
                if self.saved.is_some() && ui.button("show").on_hover_text("In your file browser").clicked() {
                    self.reveal();
                }
            });
            self.follow_drag(ui);
            if let Some(said) = &self.said {
                ui.colored_label(theme::TEXT_QUIET, egui::RichText::new(said).font(theme::small()));
            }
        });
    }

    /// Writes the file and remembers where it is.
    fn save(&mut self, desk: &Desk<'_>) -> Option<PathBuf> {
        let saved = match &self.folder {
            Some(folder) => export::save(&beat(desk, self.extent), folder, &name(desk, self.extent)),
            None => Err(export::ExportError::Homeless),
        };
        self.said = Some(match &saved {
            Ok(path) => format!("Saved {}", path.display()),
            Err(error) => error.to_string(),
        });
        self.saved = saved.ok();
        self.saved.clone()
    }

    fn begin_drag(&mut self, desk: &Desk<'_>) {
        // Another one, still fetched by a slow program, is given up.
        self.drag = None;
        let Some(path) = self.save(desk) else { return };
        match (self.take_up)(&path) {
            Ok(drag) => self.drag = Some(drag),
            Err(error) => self.said = Some(error.to_string()),
        }
    }

    fn follow_drag(&mut self, ui: &egui::Ui) {
        let Some(drag) = &mut self.drag else { return };
        ui.ctx().request_repaint_after(LOOK_EVERY);
        let Some(outcome) = drag.outcome() else { return };
        self.drag = None;
        self.said = Some(match outcome {
            Ok(Outcome::Dropped) => "Dropped.".into(),
            Ok(Outcome::Nowhere) => "Nobody there takes files; it stays saved in your music folder.".into(),
            Err(error) => error.to_string(),
        });
    }

    fn reveal(&mut self) {
        let Some(path) = &self.saved else { return };
        if let Err(error) = export::reveal(path) {
            self.said = Some(format!("No file browser answers ({error}); it is {}", path.display()));
        }
    }
}

fn beat(desk: &Desk<'_>, extent: Extent) -> Beat {
    let (playback, meter) = (desk.params.playback(), desk.meters.meter());
    match extent {
        Extent::Pattern => Beat::of_pattern(desk.bank(), desk.cycle(), &playback, meter),
        Extent::Bars(bars) => Beat::of_bars(desk.bank(), bars, &playback, meter),
        Extent::Played => Beat::of_tape(&desk.stage.tape(), meter),
    }
}

/// What the file is called: where on the map it is from, what it holds, and how fast it is.
fn name(desk: &Desk<'_>, extent: Extent) -> String {
    let [x, y] = desk.sounding_place().unwrap_or_else(|| desk.place());
    let map = desk.scene.model.as_deref().and_then(nets::Model::map);
    let region = map.and_then(|map| map.region(x, y)).unwrap_or("beat");
    let what = EXTENTS.iter().find(|(other, ..)| *other == extent).map_or("", |(_, name, _)| name);
    format!("{region} {what} {:.0} bpm", desk.meters.meter().tempo)
}
