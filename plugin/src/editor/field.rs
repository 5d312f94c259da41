//! The corpus as a soft field: a picture that is drawn once for each model.

use egui::{Color32, ColorImage, TextureHandle, TextureOptions};
use nets::LatentMap;

use super::theme;
use crate::display::Scene;

/// Pixels of a side; the window scales it up smoothly.
const SIDE: usize = 128;
/// How far a point's light reaches, in pixels (the deviation of a Gaussian).
const REACH: f32 = 3.5;
/// How many genres have a hue of their own; rarer ones stay grey.
const HUES: usize = 32;

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

/// Shows at each place the genre that is denser there than anywhere else on average, the clearer the
/// more it stands out, and brighter where more patterns lie.
fn picture(map: &LatentMap) -> ColorImage {
    let mut everything = vec![0.0_f32; SIDE * SIDE];
    let mut hues = vec![Blend::default(); SIDE * SIDE];
    let mut layers = vec![Vec::new(); HUES];
    for (point, &genre) in map.points().iter().zip(map.genres()) {
        let pixel = |share: f32| ((share * SIDE as f32) as usize).min(SIDE - 1);
        let at = pixel(1.0 - point[1]) * SIDE + pixel(point[0]);
        everything[at] += 1.0;
        if let Some(layer) = layers.get_mut(usize::from(genre)) {
            layer.push(at);
        }
    }
    let everything = blurred(&everything);
    let points = map.points().len().max(1) as f32;
    for (genre, places) in layers.iter().enumerate().filter(|(_, places)| !places.is_empty()) {
        let mut layer = vec![0.0; SIDE * SIDE];
        for &at in places {
            layer[at] += 1.0;
        }
        let layer = blurred(&layer);
        let expected = places.len() as f32 / points;
        let hue = theme::genre(genre as u8);
        for (at, blend) in hues.iter_mut().enumerate() {
            // A little of the expected density is added on both sides, so that one stray pattern of a
            // rare genre colours nothing.
            let damped = points / (SIDE * SIDE) as f32 + 0.5;
            let lift = (layer[at] + damped * expected) / ((everything[at] + damped) * expected);
            blend.add(lift, hue);
        }
    }
    let brightest = everything.iter().copied().fold(1e-6, f32::max);
    let pixels = hues.iter().zip(&everything).map(|(blend, density)| {
        let lit = (density / brightest).sqrt();
        theme::mix(theme::PANEL, blend.colour(), 0.2 + 0.4 * lit)
    });
    ColorImage::new([SIDE, SIDE], pixels.collect())
}

/// The hues of the genres that stand out at one place.
#[derive(Clone, Default)]
struct Blend {
    hue: [f32; 3],
    weight: f32,
    highest: f32,
}

impl Blend {
    /// A genre that is `lift` times as dense here as on average; the cube lets the clearest one lead
    /// without a hard border to the next.
    fn add(&mut self, lift: f32, hue: Color32) {
        let weight = (lift - 1.0).max(0.0).powi(3);
        for (sum, channel) in self.hue.iter_mut().zip([hue.r(), hue.g(), hue.b()]) {
            *sum += weight * f32::from(channel);
        }
        self.weight += weight;
        self.highest = self.highest.max(lift);
    }

    fn colour(&self) -> Color32 {
        if self.weight <= 0.0 {
            return theme::LINE;
        }
        let [red, green, blue] = self.hue.map(|sum| (sum / self.weight) as u8);
        let clear = ((self.highest - 1.0) / 3.0).clamp(0.0, 1.0).sqrt();
        theme::mix(theme::LINE, Color32::from_rgb(red, green, blue), clear)
    }
}

/// A Gaussian blur, rows first, then columns.
fn blurred(layer: &[f32]) -> Vec<f32> {
    let radius = (REACH * 3.0) as isize;
    let kernel: Vec<f32> =
        (-radius..=radius).map(|at| (-(at * at) as f32 / (2.0 * REACH * REACH)).exp()).collect();
    let total: f32 = kernel.iter().sum();
    let pass = |layer: &[f32], stride: usize| -> Vec<f32> {
        let mut out = vec![0.0; layer.len()];
        for (index, value) in layer.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            let place = (index / stride % SIDE) as isize;
            for (weight, offset) in kernel.iter().zip(-radius..) {
                if (0..SIDE as isize).contains(&(place + offset)) {
                    out[index.wrapping_add_signed(offset * stride as isize)] += value * weight / total;
                }
            }
        }
        out
    };
    pass(&pass(layer, 1), SIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blur_spreads_light_evenly_and_loses_none_inside() {
        let mut layer = vec![0.0; SIDE * SIDE];
        layer[64 * SIDE + 64] = 1.0;
        let soft = blurred(&layer);
        assert!((soft.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert_eq!(soft[64 * SIDE + 60], soft[60 * SIDE + 64]);
        assert!(soft[64 * SIDE + 64] > soft[64 * SIDE + 67]);
    }
}
