//! Every colour and font of the window.

use egui::{Color32, FontFamily, FontId, TextStyle, Visuals};

pub(super) const BACKGROUND: Color32 = Color32::from_rgb(14, 16, 20);
pub(super) const PANEL: Color32 = Color32::from_rgb(21, 24, 30);
pub(super) const LINE: Color32 = Color32::from_rgb(46, 51, 63);
pub(super) const CELL: Color32 = Color32::from_rgb(29, 33, 41);
pub(super) const CELL_ON_BEAT: Color32 = Color32::from_rgb(38, 43, 54);
pub(super) const TEXT: Color32 = Color32::from_rgb(220, 225, 235);
pub(super) const TEXT_QUIET: Color32 = Color32::from_rgb(142, 150, 168);
/// What plays now.
pub(super) const SOUNDING: Color32 = Color32::from_rgb(255, 176, 64);
/// Onsets and values.
pub(super) const ONSET: Color32 = Color32::from_rgb(122, 172, 214);
/// What plays from the next commit.
pub(super) const COMING: Color32 = Color32::from_rgb(110, 222, 190);
/// Locks.
pub(super) const LOCK: Color32 = Color32::from_rgb(236, 238, 244);
pub(super) const TROUBLE: Color32 = Color32::from_rgb(240, 110, 96);

pub(super) const ROUNDING: f32 = 6.0;

/// A mix with a `share` (0..=1) of `over`.
pub(super) fn mix(under: Color32, over: Color32, share: f32) -> Color32 {
    let of = |under: u8, over: u8| (f32::from(under) + (f32::from(over) - f32::from(under)) * share) as u8;
    Color32::from_rgb(of(under.r(), over.r()), of(under.g(), over.g()), of(under.b(), over.b()))
}

pub(super) fn apply(egui: &egui::Context) {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = BACKGROUND;
    visuals.window_fill = PANEL;
    visuals.extreme_bg_color = BACKGROUND;
    visuals.override_text_color = Some(TEXT);
    visuals.selection.bg_fill = mix(PANEL, ONSET, 0.45);
    visuals.widgets.inactive.weak_bg_fill = CELL_ON_BEAT;
    visuals.widgets.inactive.bg_fill = CELL_ON_BEAT;
    visuals.widgets.hovered.weak_bg_fill = LINE;
    egui.set_visuals(visuals);
    egui.all_styles_mut(|style| {
        style.text_styles.insert(TextStyle::Body, FontId::new(13.0, FontFamily::Proportional));
        style.text_styles.insert(TextStyle::Button, FontId::new(13.0, FontFamily::Proportional));
        style.text_styles.insert(TextStyle::Small, FontId::new(12.0, FontFamily::Proportional));
        style.text_styles.insert(TextStyle::Monospace, FontId::new(13.0, FontFamily::Monospace));
        style.interaction.selectable_labels = false;
        style.spacing.button_padding = egui::Vec2::new(7.0, 3.0);
    });
}

pub(super) fn small() -> FontId {
    FontId::new(12.0, FontFamily::Proportional)
}

pub(super) fn tiny() -> FontId {
    FontId::new(10.0, FontFamily::Proportional)
}

/// The font, reduced to fit into a row of this height.
pub(super) fn within(font: FontId, row: f32) -> FontId {
    FontId { size: font.size.min(row - 1.0).max(4.0), ..font }
}

pub(super) fn numbers() -> FontId {
    FontId::new(13.0, FontFamily::Monospace)
}
