//! One sounding layer of a drum.

use libm::powf;

use crate::band::BandFilter;
use crate::envelope::{Envelope, Shape};
use crate::recipe::LayerRecipe;
use crate::source::Generator;

/// Samples that are computed at once.
pub(crate) const CHUNK: usize = 64;

/// What one hit is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    /// How hard, 0..=1.
    pub(crate) force: f32,
    /// What this hit's small differences are drawn from.
    pub(crate) dice: u32,
}

impl Hit {
    /// A number within -1..=1 that belongs to this hit; another for each `which`.
    pub(crate) fn chance(&self, which: u32) -> f32 {
        let mut bits = self.dice ^ which.wrapping_mul(0x9e37_79b9);
        bits = (bits ^ bits >> 16).wrapping_mul(0x7feb_352d);
        bits = (bits ^ bits >> 15).wrapping_mul(0x846c_a68b);
        ((bits ^ bits >> 16) >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

/// A layer with its state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer {
    generator: Generator,
    band: BandFilter,
    envelope: Envelope,
    level: f32,
}

impl Layer {
    pub(crate) fn new(recipe: &LayerRecipe, hit: &Hit, which: u32, rate: f32) -> Self {
        // No two strokes of a drummer are alike, but they are near.
        const DETUNE: f32 = 0.004;
        const SOFTEST_DECAY: f32 = 0.75;
        let pitch = 1.0 + DETUNE * hit.chance(which);
        let decay = recipe.shape.decay * (SOFTEST_DECAY + (1.0 - SOFTEST_DECAY) * hit.force);
        let dice = hit.dice ^ which.wrapping_mul(0x85eb_ca6b);
        Self {
            generator: Generator::new(&recipe.source, pitch, hit.force, dice, rate),
            band: BandFilter::new(&recipe.band, rate),
            envelope: Envelope::new(&Shape { decay, ..recipe.shape }, rate),
            level: recipe.level * powf(hit.force, recipe.hardness),
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.envelope.has_ended()
    }

    /// Adds the next samples.
    pub(crate) fn add_to(&mut self, sum: &mut [f32]) {
        let delayed = self.envelope.pass_delay(sum.len());
        let ends = sum.len().min(delayed + self.envelope.left());
        let sum = &mut sum[delayed..ends];
        let level = self.level;
        // One loop for each kind, over copies: what the loop carries stays in registers.
        match (self.generator, self.band) {
            (Generator::Tone(mut tone), _) => {
                let mut envelope = self.envelope;
                sum.iter_mut().for_each(|sum| *sum += tone.step() * envelope.step() * level);
                (self.generator, self.envelope) = (Generator::Tone(tone), envelope);
            }
            (Generator::Hiss(mut hiss), mut band) => {
                self.add_band(sum, &mut band, || hiss.step());
                self.generator = Generator::Hiss(hiss);
            }
            (Generator::Metal(mut metal), mut band) => {
                self.add_band(sum, &mut band, || metal.step());
                self.generator = Generator::Metal(metal);
            }
        }
    }

    #[inline]
    fn add_band(&mut self, sum: &mut [f32], band: &mut BandFilter, mut source: impl FnMut() -> f32) {
        let (mut filter, mut envelope, level) = (*band, self.envelope, self.level);
        for sum in sum {
            *sum += filter.step(source()) * envelope.step() * level;
        }
        (self.band, self.envelope) = (filter, envelope);
    }
}
