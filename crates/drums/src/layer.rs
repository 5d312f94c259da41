//! One sounding layer of a drum.

use libm::powf;

use crate::band::BandFilter;
use crate::envelope::{Envelope, Ramp, add};
use crate::recipes::{EnvelopeTimes, LayerRecipe};
use crate::source::{CHUNK, Generator, PreparedSource};

/// One hit of a drum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VoiceTrigger {
    /// Its velocity, 0..=1.
    pub(crate) force: f32,
    /// The amplitude of that velocity.
    pub(crate) loudness: f32,
    /// The seed of its random variation.
    pub(crate) seed: u32,
}

impl VoiceTrigger {
    /// A random number within -1..=1, a function of the seed and `which`.
    pub(crate) fn random(&self, which: u32) -> f32 {
        let mut bits = self.seed ^ which.wrapping_mul(0x9e37_79b9);
        bits = (bits ^ bits >> 16).wrapping_mul(0x7feb_352d);
        bits = (bits ^ bits >> 15).wrapping_mul(0x846c_a68b);
        ((bits ^ bits >> 16) >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

/// What all hits of a layer have in common at a sample rate. It is computed when the rate is set: sines and
/// exponentials for every layer of every hit would cost the audio thread as much as the sound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PreparedLayer {
    recipe: &'static LayerRecipe,
    source: PreparedSource,
    band: BandFilter,
}

impl PreparedLayer {
    pub(crate) fn new(recipe: &'static LayerRecipe, rate: f32) -> Self {
        let (source, band) = (PreparedSource::new(&recipe.source, rate), BandFilter::new(&recipe.band, rate));
        Self { recipe, source, band }
    }
}

/// A layer with its state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VoiceLayer {
    generator: Generator,
    band: BandFilter,
    envelope: Envelope,
}

impl VoiceLayer {
    /// Layer number `which` of a drum of this loudness.
    pub(crate) fn new(
        prepared: &PreparedLayer,
        hit: &VoiceTrigger,
        loudness: f32,
        which: u32,
        rate: f32,
    ) -> Self {
        // Small random differences between hits, as a drummer's.
        const DETUNE: f32 = 0.004;
        const SOFTEST_DECAY: f32 = 0.75;
        let recipe = prepared.recipe;
        let pitch = 1.0 + DETUNE * hit.random(which);
        let decay = recipe.shape.decay * (SOFTEST_DECAY + (1.0 - SOFTEST_DECAY) * hit.force);
        let hardness = if recipe.hardness == 0.0 { 1.0 } else { powf(hit.force, recipe.hardness) };
        let level = loudness * recipe.level * hardness;
        let seed = hit.seed ^ which.wrapping_mul(0x85eb_ca6b);
        Self {
            generator: Generator::new(&prepared.source, pitch, hit.force, seed, rate),
            band: prepared.band,
            envelope: Envelope::new(&EnvelopeTimes { decay, ..recipe.shape }, level, rate),
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.envelope.has_ended()
    }

    /// Adds the next samples.
    pub(crate) fn add_to(&mut self, sum: &mut [f32]) {
        let delayed = self.envelope.pass_delay(sum.len());
        let mut sum = &mut sum[delayed..];
        while !sum.is_empty() {
            let ramp = self.envelope.ramp(sum.len());
            if ramp.samples == 0 {
                break;
            }
            let (now, later) = sum.split_at_mut(ramp.samples);
            let end_level = self.add_ramp(now, &ramp);
            self.envelope.set_level(end_level);
            sum = later;
        }
    }

    /// Adds a ramp and returns the level after it. One loop for each kind of source; noise runs in a copy, so
    /// that its state stays in a register.
    fn add_ramp(&mut self, sum: &mut [f32], ramp: &Ramp) -> f32 {
        match (self.generator, &mut self.band) {
            (Generator::Tone(mut tone), _) => {
                let mut samples = [0.0; CHUNK];
                let samples = &mut samples[..sum.len()];
                tone.write(samples);
                self.generator = Generator::Tone(tone);
                let mut samples = samples.iter();
                add(sum, ramp, || samples.next().copied().unwrap_or(0.0))
            }
            (Generator::Noise(mut noise), band) => {
                let level = band.add(sum, ramp, || noise.step());
                self.generator = Generator::Noise(noise);
                level
            }
            (Generator::Metal(mut metal), band) => {
                let level = band.add(sum, ramp, || metal.step());
                self.generator = Generator::Metal(metal);
                level
            }
        }
    }
}
