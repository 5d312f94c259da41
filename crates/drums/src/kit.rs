//! The kit: hits in, stereo out. Runs on the audio thread.

use beat::INSTRUMENTS;
use libm::tanhf;

use crate::layer::VoiceTrigger;
use crate::recipes::RECIPES;
use crate::source::CHUNK;
use crate::voice::{PreparedDrum, Voice, loudness};

/// The lowest sample rate; lower ones count as this.
pub const SLOWEST_RATE: f32 = 8_000.0;
/// The highest.
const FASTEST_RATE: f32 = 384_000.0;
/// Voices for cymbals that ring on under their next hit.
const RINGING: usize = 2;
/// A voice for each drum, in their order, then those that ring on.
const VOICES: usize = INSTRUMENTS + RINGING;
/// The fade of a choked drum, in seconds.
const CHOKE: f32 = 0.012;
/// The time of a change of level from silence to full, in seconds.
const LEVEL_GLIDE: f32 = 0.02;

/// Fourteen drums. Fixed in size; nothing in it allocates, locks or waits.
///
/// Voices are summed in a fixed order and count whole samples, so the output does not depend on the block
/// size: `whatever_the_blocks_the_kit_sounds_the_same`.
#[derive(Clone, Debug)]
pub struct Drums {
    rate: f32,
    seed: u32,
    prepared: [PreparedDrum; INSTRUMENTS],
    /// The amplitude of each velocity.
    loudness: [f32; 128],
    voices: [Option<Voice>; VOICES],
    /// The level and its target, as amplitudes.
    level: f32,
    target: f32,
}

impl Drums {
    /// A silent kit at full level. Equal seeds give equal sound.
    pub fn new(seed: u32, rate: f64) -> Self {
        let rate = valid(rate);
        Self {
            rate,
            seed,
            prepared: prepared(rate),
            loudness: core::array::from_fn(|velocity| loudness(velocity as f32 / 127.0)),
            voices: [None; VOICES],
            level: 1.0,
            target: 1.0,
        }
    }

    /// Silences the kit and changes the sample rate.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = valid(rate);
        self.prepared = prepared(self.rate);
        self.rest();
    }

    /// Silences the kit at once.
    pub fn rest(&mut self) {
        self.voices = [None; VOICES];
        self.level = self.target;
    }

    /// Sets the level as an amplitude, 0..=1, with a glide of 20 ms. At 0 the kit is off: it ignores hits and
    /// costs nothing.
    pub fn set_level(&mut self, level: f32) {
        self.target = if level >= 0.0 { level.min(1.0) } else { 0.0 }; // 0 for NaN too
        if self.is_silent() {
            // Nothing sounds, so no glide is needed.
            self.level = self.target;
        }
    }

    /// Whether no voice sounds; [`Self::render`] then only writes silence.
    pub fn is_silent(&self) -> bool {
        self.voices.iter().all(Option::is_none)
    }

    /// Hits a drum at the next rendered sample; `velocity` is MIDI's, 1..=127. Hits differ a little, as a
    /// function of the kit's seed, the drum and `place`, which says where in the song the hit belongs: the same
    /// place sounds the same, whatever was played before. Ignores instruments that the kit lacks (14 and
    /// above).
    pub fn trigger(&mut self, instrument: usize, velocity: u8, place: i64) {
        let Some(recipe) = RECIPES.get(instrument).filter(|_| self.target > 0.0 && velocity > 0) else {
            return;
        };
        let seed = self.strike_seed(instrument, place);
        let (drums, ringing) = self.voices.split_at_mut(INSTRUMENTS);
        for (choked, voice) in drums.iter_mut().enumerate() {
            if let Some(voice) = voice.as_mut().filter(|_| recipe.chokes >> choked & 1 == 1) {
                voice.fade_out(CHOKE, self.rate);
            }
        }
        let drum = &mut drums[instrument];
        let mut before = drum.take();
        if recipe.rings_on > 0.0
            && let Some(mut voice) = before.take_if(|voice| voice.has_sounded())
        {
            voice.fade_out(recipe.rings_on, self.rate);
            before = ring_on(ringing, voice);
        }
        let velocity = velocity.min(127);
        let loudness = self.loudness[usize::from(velocity)];
        let hit = VoiceTrigger { force: f32::from(velocity) / 127.0, loudness, seed };
        *drum = Some(Voice::new(&self.prepared[instrument], &hit, before.as_ref(), self.rate));
    }

    /// Renders the next samples, left and right; of slices of different lengths the shorter one counts.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32]) {
        left.fill(0.0);
        right.fill(0.0);
        for (left, right) in left.chunks_mut(CHUNK).zip(right.chunks_mut(CHUNK)) {
            if self.is_silent() {
                self.level = self.target;
                return;
            }
            let frames = left.len().min(right.len());
            self.render_chunk(&mut left[..frames], &mut right[..frames]);
        }
    }

    fn render_chunk(&mut self, left: &mut [f32], right: &mut [f32]) {
        for place in &mut self.voices {
            let Some(voice) = place else { continue };
            voice.add_to(left, right);
            if voice.has_ended() {
                *place = None;
            }
        }
        if self.level == self.target {
            for side in [&mut *left, &mut *right] {
                if side.iter().any(|sample| sample.abs() > KNEE) {
                    side.iter_mut().for_each(|sample| *sample = limit(*sample));
                }
                side.iter_mut().for_each(|sample| *sample *= self.level);
            }
        } else {
            self.glide(left, right);
        }
        if self.level == 0.0 && self.target == 0.0 {
            self.voices = [None; VOICES];
        }
    }

    /// Limits the next samples while the level changes.
    fn glide(&mut self, left: &mut [f32], right: &mut [f32]) {
        let step = 1.0 / (LEVEL_GLIDE * self.rate);
        for (left, right) in left.iter_mut().zip(right) {
            self.level += (self.target - self.level).clamp(-step, step);
            *left = limit(*left) * self.level;
            *right = limit(*right) * self.level;
        }
    }

    /// The seed of a hit of `instrument` at `place`.
    fn strike_seed(&self, instrument: usize, place: i64) -> u32 {
        let mut bits = self.seed ^ ((place as u32) << 4 | instrument as u32).wrapping_mul(0x9e37_79b9);
        bits = (bits ^ bits >> 16).wrapping_mul(0x21f0_aaad);
        bits = (bits ^ bits >> 15).wrapping_mul(0x735a_2d97);
        bits ^ bits >> 15
    }
}

/// The nearest sample rate in range; of what is no number the slowest.
fn valid(rate: f64) -> f32 {
    if rate.is_nan() { SLOWEST_RATE } else { (rate as f32).clamp(SLOWEST_RATE, FASTEST_RATE) }
}

fn prepared(rate: f32) -> [PreparedDrum; INSTRUMENTS] {
    core::array::from_fn(|drum| PreparedDrum::new(&RECIPES[drum], rate))
}

/// Lets `voice` ring on; where there is no room, returns the most faded voice, which ends.
fn ring_on(ringing: &mut [Option<Voice>], voice: Voice) -> Option<Voice> {
    let gain = |place: &Option<Voice>| place.as_ref().map_or(-1.0, Voice::gain);
    let place = ringing.iter_mut().min_by(|a, b| gain(a).total_cmp(&gain(b)))?;
    place.replace(voice)
}

/// Samples up to here are unchanged.
const KNEE: f32 = 0.7;
/// The largest output.
const CEILING: f32 = 0.98;

/// A soft limiter: compresses samples above the knee to below the ceiling.
fn limit(sample: f32) -> f32 {
    const ROOM: f32 = CEILING - KNEE;
    let loud = sample.abs();
    if loud <= KNEE { sample } else { (KNEE + ROOM * tanhf((loud - KNEE) / ROOM)).copysign(sample) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_is_untouched_loud_is_bent_and_nothing_is_above_the_ceiling() {
        assert_eq!(limit(-0.69), -0.69);
        let mut before = 0.0;
        for step in 0..10_000 {
            let now = limit(step as f32 / 1_000.0);
            assert!((before..=CEILING).contains(&now) && now - before <= 0.001_001, "{before} then {now}");
            assert_eq!(limit(-(step as f32) / 1_000.0), -now);
            before = now;
        }
    }
}
