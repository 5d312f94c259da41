//! One sounding drum: the layers of its recipe, panning, and fades.

use core::f32::consts::{FRAC_PI_4, SQRT_2};

use libm::{cosf, powf, sinf};

use crate::envelope::fall;
use crate::layer::{PreparedLayer, VoiceLayer, VoiceTrigger};
use crate::recipes::{DrumRecipe, LAYERS};
use crate::source::CHUNK;

/// The fade of a hit replaced by the next, by 60 dB, in seconds.
const REST: f32 = 0.008;
/// Below this the fade ends.
const INAUDIBLE: f32 = 1e-5;

/// What all hits of a drum have in common at a sample rate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PreparedDrum {
    layers: [Option<PreparedLayer>; LAYERS],
    level: f32,
    left: f32,
    right: f32,
    rest_fall: f32,
}

impl PreparedDrum {
    pub(crate) fn new(recipe: &'static DrumRecipe, rate: f32) -> Self {
        let mut layers = [None; LAYERS];
        for (layer, recipe) in layers.iter_mut().zip(recipe.layers) {
            *layer = Some(PreparedLayer::new(recipe, rate));
        }
        // Equal-power panning; the middle is 1 on both sides.
        let angle = (recipe.pan + 1.0) * FRAC_PI_4;
        let (left, right) = (cosf(angle) * SQRT_2, sinf(angle) * SQRT_2);
        Self { layers, level: recipe.level, left, right, rest_fall: fall(REST, rate) }
    }
}

/// The amplitude of a velocity of 0..=1. It grows faster than velocity, as on a drum.
pub(crate) fn loudness(force: f32) -> f32 {
    powf(force, 1.4)
}

/// A drum that sounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice {
    layers: [Option<VoiceLayer>; LAYERS],
    left: f32,
    right: f32,
    /// 1 while it rings freely; fades to 0 when choked.
    gain: f32,
    /// The loss of gain a sample while it fades.
    loss: f32,
    /// The fading offset from the hit that this one replaced, so that it ends without a click.
    rest: f32,
    rest_fall: f32,
    /// The last sample, before panning.
    last: f32,
}

impl Voice {
    /// A hit that replaces `before`, the drum's last hit, where that still sounds.
    pub(crate) fn new(drum: &PreparedDrum, hit: &VoiceTrigger, before: Option<&Self>, rate: f32) -> Self {
        const UNEVEN: f32 = 0.03;
        let loudness = drum.level * hit.loudness * (1.0 + UNEVEN * hit.random(u32::MAX));
        let mut layers = [None; LAYERS];
        for (which, (layer, prepared)) in layers.iter_mut().zip(drum.layers.iter().flatten()).enumerate() {
            *layer = Some(VoiceLayer::new(prepared, hit, loudness, which as u32, rate));
        }
        let rest = before.map_or(0.0, |before| before.last);
        Self {
            layers,
            left: drum.left,
            right: drum.right,
            gain: 1.0,
            loss: 0.0,
            rest,
            rest_fall: drum.rest_fall,
            last: rest,
        }
    }

    /// Whether its last sample was not silent.
    pub(crate) fn has_sounded(&self) -> bool {
        self.last != 0.0
    }

    /// Fades it out within `seconds`, or sooner where it fades already.
    pub(crate) fn fade_out(&mut self, seconds: f32, rate: f32) {
        self.loss = self.loss.max(1.0 / (seconds * rate).max(1.0));
    }

    /// Its fade's gain, for choosing which voice to end.
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
        self.add_fades(sum);
        for ((left, right), sample) in left.iter_mut().zip(right).zip(sum) {
            *left += *sample * self.left;
            *right += *sample * self.right;
        }
    }

    /// Applies its fade, and adds that of the hit before.
    fn add_fades(&mut self, sum: &mut [f32]) {
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
