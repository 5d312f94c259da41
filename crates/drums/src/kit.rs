//! The kit as it is played: hits in, stereo out. Runs on the audio thread.

use beat::INSTRUMENTS;
use libm::tanhf;

use crate::layer::Strike;
use crate::recipes::RECIPES;
use crate::source::CHUNK;
use crate::voice::Voice;

/// The slowest sample rate that the kit plays at; slower ones are taken for it.
pub const SLOWEST_RATE: f32 = 8_000.0;
/// The fastest.
const FASTEST_RATE: f32 = 384_000.0;
/// Cymbals that ring on under their next hit.
const RINGING: usize = 2;
/// One voice a drum, in their order, then those that ring on.
const VOICES: usize = INSTRUMENTS + RINGING;
/// How fast a choked drum ends, in seconds.
const CHOKE: f32 = 0.012;
/// How long the level takes from silence to full, in seconds.
const LEVEL_GLIDE: f32 = 0.02;

/// Fourteen drums. Fixed in size; nothing in it allocates, locks or waits.
///
/// Voices sound in a fixed order and count whole samples, so what it plays does not depend on how it is
/// cut into blocks: `whatever_the_blocks_the_kit_sounds_the_same`.
#[derive(Clone, Debug)]
pub struct Drums {
    rate: f32,
    seed: u32,
    voices: [Option<Voice>; VOICES],
    /// Hits of each drum since the last rest: no two are alike.
    hits: [u32; INSTRUMENTS],
    /// Where the level is, and where it goes, as amplitudes.
    level: f32,
    target: f32,
}

impl Drums {
    /// A silent kit at full level. Equal seeds play alike.
    pub fn new(seed: u32, rate: f64) -> Self {
        let rate = (rate as f32).clamp(SLOWEST_RATE, FASTEST_RATE);
        Self { rate, seed, voices: [None; VOICES], hits: [0; INSTRUMENTS], level: 1.0, target: 1.0 }
    }

    /// Plays at another sample rate from here on, at rest.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = (rate as f32).clamp(SLOWEST_RATE, FASTEST_RATE);
        self.rest();
    }

    /// Silence at once, and the hits are counted anew.
    pub fn rest(&mut self) {
        self.voices = [None; VOICES];
        self.hits = [0; INSTRUMENTS];
        self.level = self.target;
    }

    /// Sets the level as an amplitude, 0..=1; the sound follows within a fiftieth of a second. At 0 the
    /// kit is off: it takes no hits and costs nothing.
    pub fn set_level(&mut self, level: f32) {
        self.target = if level >= 0.0 { level.min(1.0) } else { 0.0 }; // 0 for NaN too
        if self.is_silent() {
            // Nothing sounds that could jump.
            self.level = self.target;
        }
    }

    /// Whether nothing sounds: [`Self::render`] then writes silence and computes nothing.
    pub fn is_silent(&self) -> bool {
        self.voices.iter().all(Option::is_none)
    }

    /// Strikes a drum at the sample that is rendered next; `velocity` is MIDI's, 1..=127. An instrument
    /// that the kit lacks (14 and above) is not heard.
    pub fn strike(&mut self, instrument: usize, velocity: u8) {
        let Some(recipe) = RECIPES.get(instrument).filter(|_| self.target > 0.0 && velocity > 0) else {
            return;
        };
        let seed = self.strike_seed(instrument);
        let (drums, ringing) = self.voices.split_at_mut(INSTRUMENTS);
        for (choked, voice) in drums.iter_mut().enumerate() {
            if let Some(voice) = voice.as_mut().filter(|_| recipe.chokes >> choked & 1 == 1) {
                voice.make_way(CHOKE, self.rate);
            }
        }
        let drum = &mut drums[instrument];
        let mut before = drum.take();
        if recipe.rings_on > 0.0
            && let Some(mut voice) = before.take_if(|voice| voice.has_sounded())
        {
            voice.make_way(recipe.rings_on, self.rate);
            before = ring_on(ringing, voice);
        }
        let hit = Strike { force: f32::from(velocity.min(127)) / 127.0, seed };
        *drum = Some(Voice::new(recipe, &hit, before.as_ref(), self.rate));
    }

    /// Writes the next samples, left and right; of slices of different lengths the shorter one counts.
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
        let step = 1.0 / (LEVEL_GLIDE * self.rate);
        for (left, right) in left.iter_mut().zip(right) {
            self.level += (self.target - self.level).clamp(-step, step);
            *left = limit(*left) * self.level;
            *right = limit(*right) * self.level;
        }
        if self.level == 0.0 && self.target == 0.0 {
            self.voices = [None; VOICES];
        }
    }

    /// What the small differences of the next hit of `instrument` are drawn from.
    fn strike_seed(&mut self, instrument: usize) -> u32 {
        let hits = self.hits[instrument];
        self.hits[instrument] = hits.wrapping_add(1);
        let mut bits = self.seed ^ (hits << 4 | instrument as u32).wrapping_mul(0x9e37_79b9);
        bits = (bits ^ bits >> 16).wrapping_mul(0x21f0_aaad);
        bits = (bits ^ bits >> 15).wrapping_mul(0x735a_2d97);
        bits ^ bits >> 15
    }
}

/// Lets `voice` ring on; where there is no room, the one that has faded most ends and is handed back.
fn ring_on(ringing: &mut [Option<Voice>], voice: Voice) -> Option<Voice> {
    let gain = |place: &Option<Voice>| place.as_ref().map_or(-1.0, Voice::gain);
    let place = ringing.iter_mut().min_by(|a, b| gain(a).total_cmp(&gain(b)))?;
    place.replace(voice)
}

/// Up to here a sample leaves as it came.
const KNEE: f32 = 0.7;
/// No sample leaves louder.
const CEILING: f32 = 0.98;

/// Bends what is above the knee, so that nothing is above the ceiling.
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
