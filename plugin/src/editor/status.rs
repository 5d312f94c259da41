//! The status line: what plays, or why nothing does.

use egui::{Align2, Pos2};

use super::theme;
use crate::display::{Meters, Scene};
use crate::params::BeatfieldParams;

/// Shows the line.
pub(super) fn show(ui: &egui::Ui, params: &BeatfieldParams, meters: &Meters, scene: &Scene) {
    let area = ui.max_rect();
    let (text, colour) = match reason_for_silence(params, meters, scene) {
        Some(reason) => (reason, if scene.problem.is_some() { theme::TROUBLE } else { theme::TEXT_QUIET }),
        None => (playing(params, meters, scene), theme::TEXT),
    };
    let painter = ui.painter();
    let light = if meters.rolling() && meters.playhead().is_some() { theme::SOUNDING } else { theme::LINE };
    painter.circle_filled(Pos2::new(area.left() + 5.0, area.center().y), 4.0, light);
    painter.text(
        area.left_center() + egui::vec2(18.0, 0.0),
        Align2::LEFT_CENTER,
        text,
        theme::small(),
        colour,
    );
    let notes = format!("{} notes", meters.notes());
    painter.text(area.right_center(), Align2::RIGHT_CENTER, notes, theme::numbers(), theme::TEXT_QUIET);
}

/// Why nothing sounds, or what is wrong.
fn reason_for_silence(params: &BeatfieldParams, meters: &Meters, scene: &Scene) -> Option<String> {
    if let Some(problem) = &scene.problem {
        return Some(problem.clone());
    }
    if scene.model.is_none() {
        return Some("Silent: the host has not switched its audio engine on for this track yet.".into());
    }
    if params.bypass.value() {
        return Some("Silent: bypassed.".into());
    }
    if !params.notes_out.value() && params.kit_level.value() == 0.0 {
        return Some("Silent: notes out and the built-in kit are both off.".into());
    }
    if params.mutes.iter().all(|mute| mute.muted.value()) {
        return Some("Silent: every instrument is muted.".into());
    }
    if meters.late() > 0 {
        return Some(format!(
            "{} commits of a bounce kept the old beat: the machine was too busy.",
            meters.late()
        ));
    }
    if meters.lost() > 0 {
        return Some(format!("{} hits were given up: the host took no more notes.", meters.lost()));
    }
    (!meters.rolling()).then(|| "Press play in the host; route this track's MIDI to a drum kit.".into())
}

fn playing(params: &BeatfieldParams, meters: &Meters, scene: &Scene) -> String {
    let map = scene.model.as_deref().and_then(nets::Model::map);
    let region = map.and_then(|map| map.region(params.x.value(), params.y.value())).unwrap_or("-");
    let take = meters.playhead().map_or(1, |at| at.take + 1);
    let mode = if meters.offline() { "rendering" } else { "playing" };
    format!(
        "{mode} · region {region} · take {take} of {}",
        scene.sounding(meters.committed()).map_or(1, beat::Bank::period)
    )
}
