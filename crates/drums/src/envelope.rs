//! The envelope of a layer: delay, attack, hold, exponential decay.

use libm::expf;

use crate::recipes::EnvelopeTimes;

/// ln(1/1000). A decay time is the time to fall by 60 dB.
const LN_THOUSANDTH: f32 = -6.907_755;
/// The length of the decay in decay times: a layer ends at -72 dB.
const DECAYS: f32 = 1.2;

/// The state of an envelope. Counts whole samples, so that the result does not depend on the block size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    delay: u32,
    attack: u32,
    hold: u32,
    /// Samples left of the decay.
    decay: u32,
    rise: f32,
    fall: f32,
    /// The current amplitude.
    level: f32,
}

/// A run of samples in one stage of the envelope: each multiplies the level by `factor` and adds `rise`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ramp {
    pub(crate) samples: usize,
    pub(crate) factor: f32,
    pub(crate) rise: f32,
    /// The level of its first sample.
    pub(crate) level: f32,
}

/// The factor a sample of a decay by 60 dB in `seconds`.
pub(crate) fn fall(seconds: f32, rate: f32) -> f32 {
    expf(LN_THOUSANDTH / (seconds * rate).max(1.0))
}

impl Envelope {
    /// An envelope with the peak amplitude `full`.
    pub(crate) fn new(shape: &EnvelopeTimes, full: f32, rate: f32) -> Self {
        let samples = |seconds: f32| (seconds * rate) as u32;
        let attack = samples(shape.attack);
        Self {
            delay: samples(shape.delay),
            attack,
            hold: samples(shape.hold),
            decay: samples(shape.decay * DECAYS),
            fall: fall(shape.decay, rate),
            rise: full / attack.max(1) as f32,
            level: if attack > 0 { 0.0 } else { full },
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.delay + self.attack + self.hold + self.decay == 0
    }

    /// Passes the samples of the delay, at most this many, and returns their number.
    pub(crate) fn pass_delay(&mut self, samples: usize) -> usize {
        let passed = (self.delay as usize).min(samples);
        self.delay -= passed as u32;
        passed
    }

    /// Passes the next ramp, of at most this many samples; [`Self::set_level`] sets the level after it. Empty
    /// where it has ended.
    pub(crate) fn ramp(&mut self, samples: usize) -> Ramp {
        let level = self.level;
        let (left, factor, rise) = if self.attack > 0 {
            (&mut self.attack, 1.0, self.rise)
        } else if self.hold > 0 {
            (&mut self.hold, 1.0, 0.0)
        } else {
            (&mut self.decay, self.fall, 0.0)
        };
        let taken = (*left as usize).min(samples);
        *left -= taken as u32;
        Ramp { samples: taken, factor, rise, level }
    }

    /// Sets the level after the last ramp.
    pub(crate) fn set_level(&mut self, level: f32) {
        self.level = level;
    }
}

/// Adds the source with the level of a ramp, and returns the level after it.
#[inline]
pub(crate) fn add(sum: &mut [f32], ramp: &Ramp, mut source: impl FnMut() -> f32) -> f32 {
    let Ramp { factor, rise, mut level, .. } = *ramp;
    for sum in sum {
        *sum += source() * level;
        level = level * factor + rise;
    }
    level
}
