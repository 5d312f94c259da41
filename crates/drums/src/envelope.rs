//! How loud a layer is over time: it rises, holds, and decays to nothing.

use libm::{expf, logf};

/// A layer ends here: 74 dB under its beginning.
const SILENCE: f32 = 2e-4;
/// What a decay time means: the time to fall to this, 60 dB under the beginning.
const THOUSANDTH: f32 = 0.001;

/// The shape of a layer, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Before it begins.
    pub(crate) delay: f32,
    /// From nothing to full; 0 begins at full.
    pub(crate) attack: f32,
    /// At full.
    pub(crate) hold: f32,
    /// From full to a thousandth (60 dB).
    pub(crate) decay: f32,
}

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
    level: f32,
}

/// The factor by which something falls in one sample that falls to a thousandth in `seconds`.
pub(crate) fn fall(seconds: f32, rate: f32) -> f32 {
    expf(logf(THOUSANDTH) / (seconds * rate).max(1.0))
}

impl Envelope {
    pub(crate) fn new(shape: &Shape, rate: f32) -> Self {
        let samples = |seconds: f32| (seconds * rate) as u32;
        let attack = samples(shape.attack);
        Self {
            delay: samples(shape.delay),
            attack,
            hold: samples(shape.hold),
            ring: samples(shape.decay * logf(SILENCE) / logf(THOUSANDTH)),
            rise: 1.0 / attack.max(1) as f32,
            fall: fall(shape.decay, rate),
            level: if attack > 0 { 0.0 } else { 1.0 },
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

    /// How many samples come until it has ended, its delay apart.
    pub(crate) fn left(&self) -> usize {
        (self.attack + self.hold + self.ring) as usize
    }

    /// The level of the next sample, within [`Self::left`].
    #[inline]
    pub(crate) fn step(&mut self) -> f32 {
        if self.attack > 0 {
            self.attack -= 1;
            self.level = (self.level + self.rise).min(1.0);
            return self.level;
        }
        let level = self.level;
        if self.hold > 0 {
            self.hold -= 1;
        } else {
            self.ring -= 1;
            self.level *= self.fall;
        }
        level
    }
}
