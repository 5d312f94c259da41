//! The picture of the map: the corpus as points coloured by genre over a blurred glow, and dark where the
//! model plays nothing. The decode thread paints it once for each model, when the window requests it.

use egui::{Color32, ColorImage};
use nets::LatentMap;

/// Pixels of a side of the picture.
const SIDE: usize = 1024;
/// Pixels of a side of the glow.
const GLOW: usize = 128;
/// Standard deviation of the glow's Gaussian blur, in its pixels.
const BLUR: f32 = 3.0;
/// Genres with a smaller share of all patterns have no glow.
const MIN_SHARE: f32 = 0.004;
/// The share of the average density that is added before densities are compared.
const DAMPING: f32 = 0.7;
/// The sum of genre weights that gives full colour.
const FULL_WEIGHT: f32 = 0.6;
/// Factor on the saturation of mixed colours.
const SATURATION: f32 = 3.0;
/// The background light.
const GROUND: [f32; 3] = [0.040, 0.048, 0.065];
/// Places a side at which it is computed whether anything plays.
pub const HITS_SIDE: usize = 48;

/// The picture. One opaque layer: each layer costs a machine without a graphics card a third of a frame.
pub struct MapPicture {
    /// The corpus, dark where nothing plays.
    pub image: ColorImage,
}

/// The colour of a genre; hues of neighbours in the list are far apart.
pub fn genre_colour(index: u8) -> Color32 {
    let hue = f32::from(index) * 0.618_034 % 1.0;
    egui::ecolor::Hsva::new(hue, 0.68, 0.95, 1.0).into()
}

impl MapPicture {
    /// Paints a map; `hits` are the numbers of hits at [`HITS_SIDE`]^2 places, in rows from the bottom.
    pub fn paint(map: &LatentMap, hits: &[u32]) -> Self {
        let (mut image, silence) = (field(map), silence(hits));
        for (index, pixel) in image.pixels.iter_mut().enumerate() {
            let share = |at: usize| (at as f32 + 0.5) / SIDE as f32;
            let light = 1.0 - interpolate(&silence, HITS_SIDE, share(index % SIDE), share(index / SIDE));
            let [r, g, b, _] = pixel.to_array().map(|channel| (f32::from(channel) * light).round() as u8);
            *pixel = Color32::from_rgb(r, g, b);
        }
        Self { image }
    }
}

/// A point for every pattern in its genre's colour, over the glow.
fn field(map: &LatentMap) -> ColorImage {
    let weights = weights(map.genres());
    let glow = Glow::of(map);
    let mut light = vec![[0.0_f32; 3]; SIDE * SIDE];
    for (row, line) in light.chunks_mut(SIDE).enumerate() {
        for (column, pixel) in line.iter_mut().enumerate() {
            *pixel = glow.at(column as f32 / SIDE as f32, row as f32 / SIDE as f32);
        }
    }
    for (point, &genre) in map.points().iter().zip(map.genres()) {
        let strength = 0.18 + 0.24 * weights[usize::from(genre)].min(3.0);
        dot(&mut light, *point, genre_colour(genre), strength);
    }
    let pixels = light.iter().map(|[r, g, b]| Color32::from_rgb(shade(*r), shade(*g), shade(*b)));
    ColorImage::new([SIDE, SIDE], pixels.collect())
}

/// Adds a point of five pixels: full in the middle, weaker on the four sides.
fn dot(light: &mut [[f32; 3]], [x, y]: [f32; 2], colour: Color32, strength: f32) {
    let at = |share: f32| ((share * SIDE as f32) as i32).min(SIDE as i32 - 1);
    let (column, row) = (at(x), at(1.0 - y));
    for (right, down, part) in [(0, 0, 1.0), (1, 0, 0.45), (-1, 0, 0.45), (0, 1, 0.45), (0, -1, 0.45)] {
        let (column, row) = (column + right, row + down);
        if (0..SIDE as i32).contains(&column) && (0..SIDE as i32).contains(&row) {
            let pixel = &mut light[row as usize * SIDE + column as usize];
            for (sum, channel) in pixel.iter_mut().zip([colour.r(), colour.g(), colour.b()]) {
                *sum += strength * part * f32::from(channel) / 255.0;
            }
        }
    }
}

/// Maps light (0 and up) to a byte, exponentially.
fn shade(light: f32) -> u8 {
    (255.0 * (1.0 - (-light).exp())) as u8
}

/// Weights by genre: rare genres are brighter, so that common ones do not hide them.
fn weights(genres: &[u8]) -> Vec<f32> {
    let mut counts = vec![0_u32; 256];
    genres.iter().for_each(|genre| counts[usize::from(*genre)] += 1);
    let present = counts.iter().filter(|count| **count > 0).count().max(1);
    let mean = genres.len() as f32 / present as f32;
    counts.iter().map(|count| (mean / (*count).max(1) as f32).clamp(0.05, 16.0).sqrt()).collect()
}

/// The glow: in each pixel the colours of the genres that are denser there than on average, more saturated
/// the more they stand out, and brighter where there are more patterns.
struct Glow([Vec<f32>; 3]);

impl Glow {
    fn of(map: &LatentMap) -> Self {
        let pixel = |share: f32| ((share * GLOW as f32) as usize).min(GLOW - 1);
        let mut layers = vec![Vec::new(); 256];
        let mut everything = vec![0.0_f32; GLOW * GLOW];
        for (point, &genre) in map.points().iter().zip(map.genres()) {
            let at = pixel(1.0 - point[1]) * GLOW + pixel(point[0]);
            everything[at] += 1.0;
            layers[usize::from(genre)].push(at);
        }
        let (everything, points) = (blurred(&everything), map.points().len().max(1) as f32);
        let mut hue = [0, 1, 2].map(|_| vec![0.0_f32; GLOW * GLOW]);
        let mut weight = vec![1e-3_f32; GLOW * GLOW];
        for (genre, places) in layers.iter().enumerate() {
            let share = places.len() as f32 / points;
            if share < MIN_SHARE {
                continue;
            }
            let mut layer = vec![0.0_f32; GLOW * GLOW];
            places.iter().for_each(|at| layer[*at] += 1.0);
            let layer = blurred(&layer);
            // The average is added on both sides, so that a single pattern has no effect.
            let damped = DAMPING * points / (GLOW * GLOW) as f32;
            let colour = genre_colour(genre as u8);
            let channels = [colour.r(), colour.g(), colour.b()].map(|channel| f32::from(channel) / 255.0);
            for at in 0..GLOW * GLOW {
                let lift = (layer[at] + damped * share) / ((everything[at] + damped) * share);
                let stands_out = lift.ln().max(0.0).powi(3);
                weight[at] += stands_out;
                (0..3).for_each(|channel| hue[channel][at] += stands_out * channels[channel]);
            }
        }
        let brightest = everything.iter().copied().fold(1e-6, f32::max);
        for at in 0..GLOW * GLOW {
            let mixed = [0, 1, 2].map(|channel| hue[channel][at] / weight[at]);
            let grey = mixed.iter().sum::<f32>() / 3.0;
            let clear = (weight[at] / FULL_WEIGHT).min(1.0).sqrt();
            let dense = (everything[at] / brightest).sqrt();
            for channel in 0..3 {
                // Mixed colours are greyish; more saturation keeps them distinct.
                let pure = (grey + (mixed[channel] - grey) * SATURATION).clamp(0.0, 1.0);
                hue[channel][at] = GROUND[channel] + pure * clear * (0.02 + 0.26 * dense);
            }
        }
        // Blurred again: the comparison of densities leaves hard edges.
        let inside = blurred(&vec![1.0; GLOW * GLOW]);
        Self(hue.map(|layer| blurred(&layer).iter().zip(&inside).map(|(sum, share)| sum / share).collect()))
    }

    /// The light at a point, 0..=1 from the left and from the top.
    fn at(&self, x: f32, y: f32) -> [f32; 3] {
        [0, 1, 2].map(|channel| interpolate(&self.0[channel], GLOW, x, y))
    }
}

/// The value of a layer of `side` squared, interpolated bilinearly.
fn interpolate(layer: &[f32], side: usize, x: f32, y: f32) -> f32 {
    let place = |share: f32| (share * side as f32 - 0.5).clamp(0.0, (side - 1) as f32 - 1e-3);
    let (x, y) = (place(x), place(y));
    let (column, row) = (x as usize, y as usize);
    let (right, down) = (x - column as f32, y - row as f32);
    let at = |row: usize, column: usize| layer[row * side + column];
    let above = at(row, column) * (1.0 - right) + at(row, column + 1) * right;
    let below = at(row + 1, column) * (1.0 - right) + at(row + 1, column + 1) * right;
    above * (1.0 - down) + below * down
}

/// How dark places are where the likeliest pattern is empty.
const SILENCE: f32 = 0.745;

/// [`SILENCE`] where the likeliest pattern is empty, else 0, in rows from the top.
fn silence(hits: &[u32]) -> Vec<f32> {
    let mut pixels = vec![0.0; HITS_SIDE * HITS_SIDE];
    for (index, _) in hits.iter().enumerate().filter(|(_, hits)| **hits == 0) {
        let (row, column) = (index / HITS_SIDE, index % HITS_SIDE);
        if let Some(pixel) = pixels.get_mut((HITS_SIDE - 1).saturating_sub(row) * HITS_SIDE + column) {
            *pixel = SILENCE;
        }
    }
    pixels
}

/// A Gaussian blur: rows, then columns.
fn blurred(layer: &[f32]) -> Vec<f32> {
    let radius = (BLUR * 3.0) as isize;
    let kernel: Vec<f32> =
        (-radius..=radius).map(|at| (-(at * at) as f32 / (2.0 * BLUR * BLUR)).exp()).collect();
    let total: f32 = kernel.iter().sum();
    let pass = |layer: &[f32], stride: usize| -> Vec<f32> {
        let mut out = vec![0.0; layer.len()];
        for (index, value) in layer.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            let place = (index / stride % GLOW) as isize;
            for (weight, offset) in kernel.iter().zip(-radius..) {
                if (0..GLOW as isize).contains(&(place + offset)) {
                    out[index.wrapping_add_signed(offset * stride as isize)] += value * weight / total;
                }
            }
        }
        out
    };
    pass(&pass(layer, 1), GLOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blur_spreads_light_evenly_and_loses_none_inside() {
        let mut layer = vec![0.0; GLOW * GLOW];
        layer[64 * GLOW + 64] = 1.0;
        let soft = blurred(&layer);
        assert!((soft.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert!((soft[64 * GLOW + 60] - soft[60 * GLOW + 64]).abs() < 1e-6);
        assert!(soft[64 * GLOW + 64] > soft[64 * GLOW + 67]);
    }

    #[test]
    fn points_shine_in_their_place_and_silence_is_dark() {
        let model = nets::Model::synthetic(7);
        let map = model.map().expect("a synthetic model has a map");
        let mut hits = vec![5; HITS_SIDE * HITS_SIDE];
        hits[0] = 0;
        let picture = MapPicture::paint(map, &hits);
        let brightness =
            |colour: Color32| u32::from(colour.r()) + u32::from(colour.g()) + u32::from(colour.b());
        let [x, y] = map.points()[0];
        let at = |share: f32| ((share * SIDE as f32) as usize).min(SIDE - 1);
        let lit = picture.image.pixels[at(1.0 - y) * SIDE + at(x)];
        let mean = picture.image.pixels.iter().copied().map(brightness).sum::<u32>() / (SIDE * SIDE) as u32;
        assert!(brightness(lit) > mean);
        let light = field(map);
        let corners = [0, (SIDE - 1) * SIDE].map(|at| (picture.image.pixels[at], light.pixels[at]));
        assert_eq!(corners[0].0, corners[0].1, "the top left plays");
        assert!(brightness(corners[1].0) * 2 < brightness(corners[1].1), "the bottom left is silent");
        assert!(picture.image.pixels.iter().all(|pixel| pixel.is_opaque()));
    }
}
