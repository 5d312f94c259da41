//! The band-pass of a layer: a highpass and a lowpass of 12 dB an octave each (R. Bristow-Johnson, *Cookbook
//! formulae for audio EQ biquad filter coefficients*). In direct form I, whose output depends least on the
//! one before, so that the processor can overlap samples.

use libm::{cosf, sinf};

use crate::envelope::{Ramp, add};
use crate::recipes::Band;

/// Both filters with their state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BandFilter {
    low_edge: Biquad,
    /// `None` where the sample rate leaves hardly anything above it: inaudible, and half the work.
    high_edge: Option<Biquad>,
}

impl BandFilter {
    pub(crate) fn new(band: &Band, rate: f32) -> Self {
        const NO_RINGING: f32 = 0.707;
        const OPEN: f32 = 0.27;
        Self {
            low_edge: Biquad::highpass(band.from, band.edge, rate),
            high_edge: (band.to < OPEN * rate).then(|| Biquad::lowpass(band.to, NO_RINGING, rate)),
        }
    }

    /// Adds the filtered source with the level of a ramp, and returns the level after it.
    #[inline]
    pub(crate) fn add(&mut self, sum: &mut [f32], ramp: &Ramp, mut source: impl FnMut() -> f32) -> f32 {
        let mut low_edge = self.low_edge;
        let level = if let Some(mut high_edge) = self.high_edge {
            let level = add(sum, ramp, || high_edge.step(low_edge.step(source())));
            self.high_edge = Some(high_edge);
            level
        } else {
            add(sum, ramp, || low_edge.step(source()))
        };
        self.low_edge = low_edge;
        level
    }
}

/// A second-order filter. Of highpass and lowpass, b0 and b2 are equal: `outer`; b1 is `middle`.
#[derive(Clone, Copy, Debug)]
struct Biquad {
    outer: f32,
    middle: f32,
    a1: f32,
    a2: f32,
    /// The last two samples, in and out, the newest first.
    before: [f32; 2],
    after: [f32; 2],
}

impl Biquad {
    fn highpass(hertz: f32, quality: f32, rate: f32) -> Self {
        Self::new(hertz, quality, rate, |cosine| (0.5 * (1.0 + cosine), -1.0 - cosine))
    }

    fn lowpass(hertz: f32, quality: f32, rate: f32) -> Self {
        Self::new(hertz, quality, rate, |cosine| (0.5 * (1.0 - cosine), 1.0 - cosine))
    }

    fn new(hertz: f32, quality: f32, rate: f32, sides: fn(f32) -> (f32, f32)) -> Self {
        // A corner frequency too high for the sample rate is lowered.
        let angle = core::f32::consts::TAU * (hertz / rate).min(0.45);
        let (sine, cosine) = (sinf(angle), cosf(angle));
        let alpha = 0.5 * sine / quality;
        let whole = 1.0 / (1.0 + alpha);
        let (outer, middle) = sides(cosine);
        Self {
            outer: outer * whole,
            middle: middle * whole,
            a1: -2.0 * cosine * whole,
            a2: (1.0 - alpha) * whole,
            before: [0.0; 2],
            after: [0.0; 2],
        }
    }

    #[inline]
    fn step(&mut self, sample: f32) -> f32 {
        let [before, long_before] = self.before;
        let [after, long_after] = self.after;
        // The newest output is used last, for the same reason as the form.
        let early = self.outer * (sample + long_before) + self.middle * before - self.a2 * long_after;
        let out = early - self.a1 * after;
        self.before = [sample, before];
        self.after = [out, after];
        out
    }
}
