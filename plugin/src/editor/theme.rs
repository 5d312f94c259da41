//! Every colour and measure of the window.

use egui::{Color32, FontFamily, FontId, TextStyle, Visuals};

pub(super) const BACKGROUND: Color32 = Color32::from_rgb(16, 18, 23);
pub(super) const PANEL: Color32 = Color32::from_rgb(23, 26, 33);
pub(super) const LINE: Color32 = Color32::from_rgb(44, 49, 61);
pub(super) const CELL: Color32 = Color32::from_rgb(34, 38, 48);
pub(super) const CELL_ON_BEAT: Color32 = Color32::from_rgb(41, 46, 58);
pub(super) const TEXT: Color32 = Color32::from_rgb(214, 219, 230);
pub(super) const TEXT_QUIET: Color32 = Color32::from_rgb(130, 138, 155);
/// What sounds now.
pub(super) const SOUNDING: Color32 = Color32::from_rgb(255, 176, 64);
/// What is set and comes.
pub(super) const ONSET: Color32 = Color32::from_rgb(122, 172, 214);
pub(super) const TROUBLE: Color32 = Color32::from_rgb(240, 110, 96);

pub(super) const ROUNDING: f32 = 6.0;

/// The muted hue of a genre; neighbours in the list lie far apart on the wheel.
pub(super) fn genre(index: u8) -> Color32 {
    let hue = f32::from(index) * 0.618_034 % 1.0;
    egui::ecolor::Hsva::new(hue, 0.6, 0.9, 1.0).into()
}

/// `share` (0..=1) of `over` on `under`.
pub(super) fn mix(under: Color32, over: Color32, share: f32) -> Color32 {
    let of = |under: u8, over: u8| (f32::from(under) + (f32::from(over) - f32::from(under)) * share) as u8;
    Color32::from_rgb(of(under.r(), over.r()), of(under.g(), over.g()), of(under.b(), over.b()))
}

pub(super) fn apply(egui: &egui::Context) {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = BACKGROUND;
    visuals.override_text_color = Some(TEXT);
    egui.set_visuals(visuals);
    egui.all_styles_mut(|style| {
        style.text_styles.insert(TextStyle::Body, FontId::new(14.0, FontFamily::Proportional));
        style.text_styles.insert(TextStyle::Small, FontId::new(12.0, FontFamily::Proportional));
        style.text_styles.insert(TextStyle::Monospace, FontId::new(13.0, FontFamily::Monospace));
        style.interaction.selectable_labels = false;
    });
}

pub(super) fn small() -> FontId {
    FontId::new(12.0, FontFamily::Proportional)
}

pub(super) fn numbers() -> FontId {
    FontId::new(13.0, FontFamily::Monospace)
}
