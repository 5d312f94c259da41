//! How loud a layer is over time: it rises, holds, and decays to nothing.

use libm::expf;

use crate::recipes::EnvelopeTimes;

/// The logarithm of a thousandth. A decay time is the time to fall to that, by 60 dB.
const LN_THOUSANDTH: f32 = -6.907_755;
/// A layer ends so many decay times after its beginning, 72 dB under it.
const RINGS: f32 = 1.2;

/// Where in its shape a layer is. Counts whole samples, so that blocks of any size meet the same corners.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    delay: u32,
    attack: u32,
    hold: u32,
    /// Samples of the decay that are left.
    ring: u32,
    rise: f32,
    fall: f32,
    /// Where it is, as an amplitude.
    level: f32,
}

/// A stretch of samples in which the level follows one law: times `factor`, plus `rise`, a sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) samples: usize,
    pub(crate) factor: f32,
    pub(crate) rise: f32,
    /// The level of its first sample.
    pub(crate) level: f32,
}

/// The factor by which something falls in one sample that falls to a thousandth in `seconds`.
pub(crate) fn fall(seconds: f32, rate: f32) -> f32 {
    expf(LN_THOUSANDTH / (seconds * rate).max(1.0))
}

impl Envelope {
    /// An envelope that comes to the amplitude `full`.
    pub(crate) fn new(shape: &EnvelopeTimes, full: f32, rate: f32) -> Self {
        let samples = |seconds: f32| (seconds * rate) as u32;
        let attack = samples(shape.attack);
        Self {
            delay: samples(shape.delay),
            attack,
            hold: samples(shape.hold),
            ring: samples(shape.decay * RINGS),
            fall: fall(shape.decay, rate),
            rise: full / attack.max(1) as f32,
            level: if attack > 0 { 0.0 } else { full },
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.delay + self.attack + self.hold + self.ring == 0
    }

    /// How many of the next samples come before it begins; they count as passed.
    pub(crate) fn pass_delay(&mut self, samples: usize) -> usize {
        let passed = (self.delay as usize).min(samples);
        self.delay -= passed as u32;
        passed
    }

    /// The next stretch, of at most this many samples; it counts as passed, but for its level, which
    /// [`Self::arrive`] is told. Empty where it has ended.
    pub(crate) fn segment(&mut self, samples: usize) -> Segment {
        let level = self.level;
        let (left, factor, rise) = if self.attack > 0 {
            (&mut self.attack, 1.0, self.rise)
        } else if self.hold > 0 {
            (&mut self.hold, 1.0, 0.0)
        } else {
            (&mut self.ring, self.fall, 0.0)
        };
        let taken = (*left as usize).min(samples);
        *left -= taken as u32;
        Segment { samples: taken, factor, rise, level }
    }

    /// The level at which the stretch before has ended.
    pub(crate) fn arrive(&mut self, level: f32) {
        self.level = level;
    }
}

/// Adds what `source` gives, as loud as the stretch has it; returns the level behind it.
#[inline]
pub(crate) fn add(sum: &mut [f32], segment: &Segment, mut source: impl FnMut() -> f32) -> f32 {
    let Segment { factor, rise, mut level, .. } = *segment;
    for sum in sum {
        *sum += source() * level;
        level = level * factor + rise;
    }
    level
}
