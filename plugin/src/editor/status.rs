//! The status line: what plays, or why nothing does, and how to route the notes.

use std::path::Path;
use std::sync::OnceLock;

use egui::{Align2, Pos2};

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
    pub(super) fn show(&mut self, ui: &egui::Ui, view: &ViewState<'_>) {
        let area = ui.max_rect();
        let trouble = view.decoded.problem.is_some() || view.meters.late() > 0 || view.meters.lost() > 0;
        if view.meters.blocks() != self.blocks || view.now < self.processed {
            (self.blocks, self.processed) = (view.meters.blocks(), view.now);
        }
        let idle = view.now - self.processed > IDLE;
        let (text, colour) = match reason_for_silence(view, idle) {
            Some(reason) => (reason, if trouble { theme::TROUBLE } else { theme::TEXT }),
            None => (playing(view), theme::TEXT),
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
        // While the song rolls, the frame of the next step puts it out.
        if lit && !view.meters.rolling() {
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
fn reason_for_silence(view: &ViewState<'_>, idle: bool) -> Option<String> {
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
            false => format!("Press play in the host. {}", routing()),
        });
    }
    let audible = (0..beat::INSTRUMENTS).any(|instrument| {
        view.mutes() >> instrument & 1 == 0
            && view.take().onsets.steps().iter().any(|step| step >> instrument & 1 == 1)
    });
    (!audible).then(|| match view.take().onsets.hits() {
        0 if view.edits().locks.patterns().1.hits() > 0 => {
            "Silent: this place of the map plays nothing but what you hold off; move on, or let go of locks."
                .into()
        }
        0 => "Silent: this place of the map plays nothing; move on, or turn the density up.".into(),
        _ => "Silent: what this beat hits is muted.".into(),
    })
}

/// How to route the notes to another instrument, in the words of this host.
fn routing() -> &'static str {
    static ROUTING: OnceLock<&str> = OnceLock::new();
    ROUTING.get_or_init(|| {
        // The framework drops the name that a host gives of itself, so its program has to tell.
        let program = std::env::current_exe().ok();
        let name = program.as_deref().and_then(Path::file_stem).map(|name| name.to_string_lossy());
        routing_in(&name.unwrap_or_default())
    })
}

/// The same for the host of this program name. What `docs/hosts.md` says of each, in a sentence.
fn routing_in(program: &str) -> &'static str {
    let program = program.to_lowercase();
    let is = |names: &[&str]| names.iter().any(|name| program.starts_with(name));
    if program == "live" || is(&["ableton live"]) {
        "Notes: choose this track under \"MIDI From\" of a drum track, and Beatfield in the chooser below it."
    } else if is(&["bitwig"]) {
        "Notes: put a drum instrument behind Beatfield in this chain, or choose this track as another's note input."
    } else if is(&["reaper"]) {
        "Notes: put a drum instrument behind Beatfield in this FX chain, or send this track's MIDI to another."
    } else if is(&["ardour"]) {
        "Notes: connect this track's MIDI output to the input of a MIDI track."
    } else if is(&["qtractor"]) {
        "Notes: put a drum instrument behind Beatfield in this chain."
    } else if ["fl", "fl64"].contains(&program.as_str()) {
        "Notes: give this wrapper a MIDI output port, and a drum plugin's wrapper the same input port."
    } else {
        "Notes: route this track's MIDI output to a drum track."
    }
}

/// A number of things, in the plural where needed.
fn counted(number: u32, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

fn playing(view: &ViewState<'_>) -> String {
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
        true => format!(" · the built-in kit is off. {}", routing()),
        false => String::new(),
    };
    let settings = view.bank().settings();
    let carries =
        view.edits().continuation_at([settings.x, settings.y]).is_some() && settings.orbit_bars == 0;
    let part = if carries {
        format!("carried on, bars {} and {} of {}", 2 * take - 1, 2 * take, 2 * nets::TAKES)
    } else if settings.phrase {
        format!("bars {} and {} of a phrase of {}", 2 * take - 1, 2 * take, 2 * nets::TAKES)
    } else {
        format!("take {take} of {}", view.bank().period())
    };
    let as_saved = match view.decoded.of_another_build {
        true => " · as saved by another Beatfield, until you change what shapes the beat",
        false => "",
    };
    format!("{mode} · {region}{where_from} · {part}{as_saved}{silent_kit}")
}

#[cfg(test)]
mod tests {
    use super::routing_in;

    /// Live's "MIDI From" was shown in every VST3 host.
    #[test]
    fn routing_is_told_in_the_words_of_the_host_where_it_is_known() {
        for (program, words) in [
            ("Ableton Live 12 Suite", "\"MIDI From\""),
            ("Live", "\"MIDI From\""),
            ("BitwigPluginHost-X64-SSE41", "note input"),
            ("reaper", "FX chain"),
            ("REAPER", "FX chain"),
            ("ardour-7.3.0", "connect this track's MIDI output"),
            ("qtractor", "in this chain"),
            ("FL64", "output port"),
            ("FL", "output port"),
            ("flatpak", "route this track's MIDI output"),
            ("Cubase14", "route this track's MIDI output"),
            ("", "route this track's MIDI output"),
        ] {
            let sentence = routing_in(program);
            assert!(sentence.starts_with("Notes: ") && sentence.contains(words), "{program}: {sentence}");
        }
    }
}
