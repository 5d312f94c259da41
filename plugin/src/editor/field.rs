//! The corpus as a soft field: a picture that is drawn once for each model.

use egui::{Color32, ColorImage, TextureHandle, TextureOptions};
use nets::LatentMap;

use super::theme;
use crate::display::Scene;

/// Pixels of a side; the window scales it.
const SIDE: usize = 320;
/// How far a point's light reaches, in pixels.
const REACH: i32 = 3;

/// The picture of the model that plays.
#[derive(Default)]
pub(super) struct Field {
    drawn_for: u32,
    texture: Option<TextureHandle>,
}

impl Field {
    /// Draws the picture anew where the model has changed.
    pub(super) fn follow(&mut self, egui: &egui::Context, scene: &Scene) {
        if self.drawn_for == scene.model_number {
            return;
        }
        self.drawn_for = scene.model_number;
        self.texture = scene
            .model
            .as_deref()
            .and_then(nets::Model::map)
            .map(|map| egui.load_texture("field", picture(map), TextureOptions::LINEAR));
    }

    pub(super) fn paint(&self, painter: &egui::Painter, rect: egui::Rect) {
        if let Some(texture) = &self.texture {
            let whole = egui::Rect::from_min_max(egui::Pos2::ZERO, egui::pos2(1.0, 1.0));
            painter.image(texture.id(), rect, whole, Color32::WHITE);
        }
    }
}

/// Every point adds light of its genre's hue; where many lie, the picture is bright.
fn picture(map: &LatentMap) -> ColorImage {
    let mut light = vec![[0.0_f32; 3]; SIDE * SIDE];
    for (point, &genre) in map.points().iter().zip(map.genres()) {
        let hue = theme::genre(genre);
        let (x, y) = (point[0] * (SIDE - 1) as f32, (1.0 - point[1]) * (SIDE - 1) as f32);
        for row in y as i32 - REACH..=y as i32 + REACH {
            for column in x as i32 - REACH..=x as i32 + REACH {
                if !(0..SIDE as i32).contains(&row) || !(0..SIDE as i32).contains(&column) {
                    continue;
                }
                let distance = (column as f32 - x).powi(2) + (row as f32 - y).powi(2);
                let amount = (-distance / 3.0).exp();
                let pixel = &mut light[row as usize * SIDE + column as usize];
                for (channel, colour) in pixel.iter_mut().zip([hue.r(), hue.g(), hue.b()]) {
                    *channel += amount * f32::from(colour) / 255.0;
                }
            }
        }
    }
    // The brightness that nine of ten lit pixels stay under keeps the picture calm whatever the corpus.
    let mut sums: Vec<f32> = light.iter().map(|pixel| pixel.iter().sum()).filter(|sum| *sum > 0.0).collect();
    sums.sort_by(f32::total_cmp);
    let bright = sums.get(sums.len() * 9 / 10).copied().unwrap_or(1.0).max(1e-3);
    let pixels = light.iter().map(|pixel| {
        let lit = |channel: f32, base: u8| {
            (f32::from(base) + 150.0 * (1.0 - (-2.0 * channel / bright).exp())) as u8
        };
        let base = theme::PANEL;
        Color32::from_rgb(lit(pixel[0], base.r()), lit(pixel[1], base.g()), lit(pixel[2], base.b()))
    });
    ColorImage::new([SIDE, SIDE], pixels.collect())
}
