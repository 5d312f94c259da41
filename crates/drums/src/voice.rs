//! One sounding drum: the layers of its recipe, its place between left and right, and how it ends.

use core::f32::consts::{FRAC_PI_4, SQRT_2};

use libm::{cosf, powf, sinf};

use crate::envelope::fall;
use crate::layer::{Strike, VoiceLayer};
use crate::recipes::{DrumRecipe, LAYERS};
use crate::source::CHUNK;

/// How long the rest of an ended hit takes to a thousandth, in seconds.
const REST: f32 = 0.008;
/// Below this nothing is heard.
const INAUDIBLE: f32 = 1e-5;

/// A drum that sounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice {
    layers: [Option<VoiceLayer>; LAYERS],
    left: f32,
    right: f32,
    /// 1 while it rings freely; a voice that makes way falls to 0.
    gain: f32,
    /// What it loses a sample while it makes way.
    loss: f32,
    /// What is left of the sound that this hit has ended, so that it ends without a click.
    rest: f32,
    rest_fall: f32,
    /// The last sample, before it was placed between left and right.
    last: f32,
}

impl Voice {
    /// A hit on a drum whose last hit, where it still sounds, is `before`; the new one takes its place.
    pub(crate) fn new(recipe: &DrumRecipe, hit: &Strike, before: Option<&Self>, rate: f32) -> Self {
        // Twice the force is a good deal more than twice as loud, as on a drum.
        const FORCE_TO_LOUDNESS: f32 = 1.4;
        const UNEVEN: f32 = 0.03;
        let loudness =
            recipe.level * powf(hit.force, FORCE_TO_LOUDNESS) * (1.0 + UNEVEN * hit.random(u32::MAX));
        let mut layers = [None; LAYERS];
        for (which, (layer, recipe)) in layers.iter_mut().zip(recipe.layers).enumerate() {
            *layer = Some(VoiceLayer::new(recipe, hit, loudness, which as u32, rate));
        }
        // Equal power; the middle is 1 on both sides.
        let angle = (recipe.pan + 1.0) * FRAC_PI_4;
        let rest = before.map_or(0.0, |before| before.last);
        Self {
            layers,
            left: cosf(angle) * SQRT_2,
            right: sinf(angle) * SQRT_2,
            gain: 1.0,
            loss: 0.0,
            rest,
            rest_fall: fall(REST, rate),
            last: rest,
        }
    }

    /// Whether any of it has been heard.
    pub(crate) fn has_sounded(&self) -> bool {
        self.last != 0.0
    }

    /// Lets it fade out within `seconds`, or sooner where it does already.
    pub(crate) fn make_way(&mut self, seconds: f32, rate: f32) {
        self.loss = self.loss.max(1.0 / (seconds * rate).max(1.0));
    }

    /// How loud it may still be, for choosing which voice to give up.
    pub(crate) fn gain(&self) -> f32 {
        self.gain
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.rest == 0.0 && (self.gain <= 0.0 || self.layers.iter().all(Option::is_none))
    }

    /// Adds the next samples, at most [`CHUNK`].
    pub(crate) fn add_to(&mut self, left: &mut [f32], right: &mut [f32]) {
        let mut sum = [0.0; CHUNK];
        let sum = &mut sum[..left.len()];
        for slot in &mut self.layers {
            let Some(layer) = slot else { continue };
            layer.add_to(sum);
            if layer.has_ended() {
                *slot = None;
            }
        }
        self.shape(sum);
        for ((left, right), sample) in left.iter_mut().zip(right).zip(sum) {
            *left += *sample * self.left;
            *right += *sample * self.right;
        }
    }

    /// Making way, and what is left of the hit before.
    fn shape(&mut self, sum: &mut [f32]) {
        if self.loss > 0.0 {
            for sample in sum.iter_mut() {
                *sample *= self.gain;
                self.gain = (self.gain - self.loss).max(0.0);
            }
        }
        if self.rest != 0.0 {
            for sample in sum.iter_mut() {
                *sample += self.rest;
                let rest = self.rest * self.rest_fall;
                self.rest = if rest.abs() > INAUDIBLE { rest } else { 0.0 };
            }
        }
        self.last = sum.last().copied().unwrap_or(self.last);
    }
}
