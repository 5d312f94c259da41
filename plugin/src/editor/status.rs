//! The status line: what plays, or why nothing does, and how to route the notes.

use egui::{Align2, Pos2};
use nice_plug::prelude::PluginApi;

use super::theme;
use super::view_state::ViewState;

/// How long the light is on after a note, in seconds.
const GLOW: f64 = 0.12;

/// A host that has sent no block for so long does not process the plugin, in seconds.
const IDLE: f64 = 1.0;

/// The line's state from frame to frame.
#[derive(Debug, Default)]
pub(super) struct StatusState {
    notes: u64,
    lit_until: f64,
    /// The count of blocks, and when it last changed.
    blocks: u32,
    processed: f64,
}

impl StatusState {
    /// Shows the line.
    pub(super) fn show(&mut self, ui: &egui::Ui, view: &ViewState<'_>, api: PluginApi) {
        let area = ui.max_rect();
        let trouble = view.decoded.problem.is_some() || view.meters.late() > 0 || view.meters.lost() > 0;
        if view.meters.blocks() != self.blocks || view.now < self.processed {
            (self.blocks, self.processed) = (view.meters.blocks(), view.now);
        }
        let idle = view.now - self.processed > IDLE;
        let (text, colour) = match reason_for_silence(view, api, idle) {
            Some(reason) => (reason, if trouble { theme::TROUBLE } else { theme::TEXT }),
            None => (playing(view, api), theme::TEXT),
        };
        self.light(ui, view, Pos2::new(area.left() + 6.0, area.center().y));
        let notes = format!("{} notes", view.meters.notes());
        let painter = ui.painter();
        let counted = painter.text(
            area.right_center(),
            Align2::RIGHT_CENTER,
            notes,
            theme::numbers(),
            theme::TEXT_QUIET,
        );
        let left = area.left() + 18.0;
        let line = painter.layout(text.clone(), theme::small(), colour, f32::INFINITY);
        let clip = egui::Rect::from_x_y_ranges(left..=counted.left() - 10.0, area.expand(3.0).y_range());
        let top = area.center().y - line.size().y / 2.0;
        painter.with_clip_rect(clip).galley(Pos2::new(left, top), line, colour);
        let response = ui.interact(clip, ui.scope_id().with("status"), egui::Sense::hover());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
        response.on_hover_text(&text);
    }

    /// The light, on while notes are sent.
    fn light(&mut self, ui: &egui::Ui, view: &ViewState<'_>, centre: Pos2) {
        if view.meters.notes() != self.notes {
            self.notes = view.meters.notes();
            self.lit_until = view.now + GLOW;
        }
        let lit = view.now < self.lit_until;
        if lit {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(GLOW));
        }
        let painter = ui.painter();
        if lit {
            painter.circle_filled(centre, 7.0, theme::SOUNDING.gamma_multiply(0.25));
        }
        painter.circle_filled(centre, 4.0, if lit { theme::SOUNDING } else { theme::LINE });
    }
}

/// Why nothing plays, or what is wrong. `idle` says that the host processes nothing.
fn reason_for_silence(view: &ViewState<'_>, api: PluginApi, idle: bool) -> Option<String> {
    let (params, meters, decoded) = (view.params, view.meters, view.decoded);
    if let Some(problem) = &decoded.problem {
        return Some(problem.clone());
    }
    if decoded.model.is_none() || view.meters.blocks() == 0 {
        return Some("Silent: the host has not switched its audio engine on for this track yet.".into());
    }
    if idle {
        return Some("Silent: the host does not run this plugin now; switch it on, or press play.".into());
    }
    if params.bypass.value() {
        return Some("Silent: bypassed.".into());
    }
    if !params.notes_out.value() && params.kit_level.value() == 0.0 {
        return Some("Silent: notes out and the built-in kit are both off.".into());
    }
    if params.mutes.each.iter().all(|mute| mute.muted.value()) {
        return Some("Silent: every instrument is muted.".into());
    }
    if meters.late() > 0 {
        let commits = counted(meters.late(), "commit");
        return Some(format!("{commits} of a bounce kept the old beat: the machine was too busy."));
    }
    if meters.lost() > 0 {
        let hits = counted(meters.lost(), "hit");
        return Some(format!("{hits} given up: the host took no more notes."));
    }
    if view.playhead().is_none() {
        return Some(match view.shared.transport.is_in_charge() {
            true => "Press play, or the space bar.".into(),
            false => format!("Press play in the host. {}", routing(api)),
        });
    }
    let audible = (0..beat::INSTRUMENTS).any(|instrument| {
        view.mutes() >> instrument & 1 == 0
            && view.take().onsets.steps().iter().any(|step| step >> instrument & 1 == 1)
    });
    (!audible).then(|| match view.take().onsets.hits() {
        0 if view.shape.locks.patterns().1.hits() > 0 => {
            "Silent: this place of the map plays nothing but what you hold off; move on, or let go of locks."
                .into()
        }
        0 => "Silent: this place of the map plays nothing; move on, or turn the density up.".into(),
        _ => "Silent: what this beat hits is muted.".into(),
    })
}

/// How to route the notes to another instrument.
fn routing(api: PluginApi) -> &'static str {
    match api {
        PluginApi::Vst3 => "Notes: choose this track as the MIDI input (\"MIDI From\") of a drum track.",
        _ => "Notes: route this track's MIDI output to a drum track.",
    }
}

/// A number of things, in the plural where needed.
fn counted(number: u32, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

fn playing(view: &ViewState<'_>, api: PluginApi) -> String {
    let map = view.decoded.model.as_deref().and_then(nets::Model::map);
    let [x, y] = view.sounding_place().unwrap_or_else(|| view.place());
    let region = map.and_then(|map| map.region(x, y)).unwrap_or("-");
    let take = view.bank().take_index(view.cycle()) + 1;
    let mode = if view.meters.offline() { "rendering" } else { "playing" };
    let where_from = match view.params.scene_in_effect() {
        Some(scene) if view.params.saved.scenes().get(scene).is_some() => {
            format!(" · scene {}", ["A", "B", "C", "D"][scene])
        }
        _ if view.params.orbit.value() => " · on the orbit".to_owned(),
        _ => String::new(),
    };
    // With the kit off, silence means that the notes are not routed.
    let silent_kit = match view.params.kit_level.value() == 0.0 && !view.shared.transport.is_in_charge() {
        true => format!(" · the built-in kit is off. {}", routing(api)),
        false => String::new(),
    };
    let settings = view.bank().settings();
    let carries = view.shape.continuation_at([settings.x, settings.y]).is_some() && settings.orbit_bars == 0;
    let part = if carries {
        format!("carried on, bars {} and {} of {}", 2 * take - 1, 2 * take, 2 * beat::BANK_TAKES)
    } else if settings.phrase {
        format!("bars {} and {} of a phrase of {}", 2 * take - 1, 2 * take, 2 * beat::BANK_TAKES)
    } else {
        format!("take {take} of {}", view.bank().period())
    };
    format!("{mode} · {region}{where_from} · {part}{silent_kit}")
}
