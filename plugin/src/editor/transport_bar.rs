//! The transport bar of the standalone program: play, stop, tempo, loop, and the space bar.

use egui::{Button, DragValue, Key, Modifiers, Vec2};

use super::theme;
use crate::own_transport::{OwnTransport, TEMPOS};

/// The height of the bar, in points.
pub(super) const HEIGHT: f32 = 34.0;
/// The play button, equally wide with either label.
const PLAY: Vec2 = Vec2::new(64.0, 24.0);
/// Lengths of loops in bars; 0 is none.
const LOOPS: [(u32, &str); 5] = [(0, "no loop"), (1, "1 bar"), (2, "2"), (4, "4"), (8, "8")];

/// The space bar starts and stops.
pub(super) fn follow_space(ui: &egui::Ui, own: &OwnTransport) {
    if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Space)) {
        own.play(!own.is_playing());
    }
}

/// Shows the bar, for a song whose bars have so many `bar_beats`.
pub(super) fn show(ui: &mut egui::Ui, own: &OwnTransport, bar_beats: f64) {
    ui.horizontal_centered(|ui| {
        let playing = own.is_playing();
        let (name, fill, ink) = match playing {
            true => ("stop", theme::SOUNDING, theme::BACKGROUND),
            false => ("play", theme::LINE, theme::TEXT),
        };
        let button = Button::new(egui::RichText::new(name).color(ink)).fill(fill).min_size(PLAY);
        if ui.add(button).on_hover_text("Space bar").clicked() {
            own.play(!playing);
        }
        if ui.button("to the start").clicked() {
            own.rewind();
        }
        let mut tempo = own.tempo();
        let field = DragValue::new(&mut tempo).range(TEMPOS).speed(0.2).max_decimals(2).suffix(" bpm");
        if ui.add(field).on_hover_text("Tempo: drag it or type it").changed() {
            own.set_tempo(tempo);
        }
        ui.colored_label(theme::TEXT_QUIET, "loop");
        for (bars, name) in LOOPS {
            if ui.selectable_label(own.loop_bars() == bars, name).clicked() {
                own.set_loop_bars(bars);
            }
        }
        ui.label(egui::RichText::new(place(own.beats(), bar_beats)).font(theme::numbers()));
    });
}

/// Bar, beat and sixteenth, counted from 1.
fn place(beats: f64, bar_beats: f64) -> String {
    let beats = beats.max(0.0) + 1e-9;
    let bar = (beats / bar_beats).floor();
    let within = beats - bar * bar_beats;
    format!("{}.{}.{}", bar + 1.0, within.floor() + 1.0, (within.fract() * 4.0).floor() + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_from_one() {
        assert_eq!(place(0.0, 4.0), "1.1.1");
        assert_eq!(place(7.75, 4.0), "2.4.4");
        assert_eq!(place(7.75, 3.0), "3.2.4");
        assert_eq!(place(1e9, 4.0), "250000001.1.1");
    }
}
