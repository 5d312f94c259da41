//! The part of the spectrum that a layer keeps: a highpass and a lowpass of 12 dB an octave each (R.
//! Bristow-Johnson, *Cookbook formulae for audio EQ biquad filter coefficients*), in transposed direct
//! form II, whose chain of dependent operations is the shortest.

use libm::{cosf, sinf};

/// What is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Band {
    /// The lowest frequency, in Hz.
    pub(crate) from: f32,
    /// The highest frequency, in Hz.
    pub(crate) to: f32,
    /// How much the lower edge rings: 0.7 not at all, 2 clearly.
    pub(crate) edge: f32,
}

/// Both filters with their state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BandFilter {
    low_edge: Biquad,
    high_edge: Biquad,
}

impl BandFilter {
    pub(crate) fn new(band: &Band, rate: f32) -> Self {
        const NO_RINGING: f32 = 0.707;
        Self {
            low_edge: Biquad::highpass(band.from, band.edge, rate),
            high_edge: Biquad::lowpass(band.to, NO_RINGING, rate),
        }
    }

    #[inline]
    pub(crate) fn step(&mut self, sample: f32) -> f32 {
        let above = self.low_edge.step(sample);
        self.high_edge.step(above)
    }
}

/// A filter of second order; for both kinds here, the outer coefficients are equal.
#[derive(Clone, Copy, Debug)]
struct Biquad {
    outer: f32,
    middle: f32,
    a1: f32,
    a2: f32,
    first: f32,
    second: f32,
}

impl Biquad {
    fn highpass(hertz: f32, quality: f32, rate: f32) -> Self {
        Self::new(hertz, quality, rate, |cosine| (0.5 * (1.0 + cosine), -1.0 - cosine))
    }

    fn lowpass(hertz: f32, quality: f32, rate: f32) -> Self {
        Self::new(hertz, quality, rate, |cosine| (0.5 * (1.0 - cosine), 1.0 - cosine))
    }

    fn new(hertz: f32, quality: f32, rate: f32, sides: fn(f32) -> (f32, f32)) -> Self {
        // A corner that the rate cannot hold moves to where it can.
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
            first: 0.0,
            second: 0.0,
        }
    }

    #[inline]
    fn step(&mut self, sample: f32) -> f32 {
        let edge = self.outer * sample;
        let out = edge + self.first;
        self.first = self.middle * sample + self.second - self.a1 * out;
        self.second = edge - self.a2 * out;
        out
    }
}
