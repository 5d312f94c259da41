//! The sound sources of layers: tone, white noise, and six square waves.

use libm::sqrtf;

use crate::envelope::fall;
use crate::recipes::{SQUARES, Source};

/// The number of samples computed at once.
pub(crate) const CHUNK: usize = 64;
/// Scales an i32 to -1..1.
const TO_UNIT: f32 = 1.0 / 2_147_483_648.0;

/// The range of a phase: one period.
const TURN: f32 = 4_294_967_296.0;

/// A source at a sample rate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PreparedSource {
    /// With the factor a sample of the glide.
    Tone {
        from: f32,
        to: f32,
        glide: f32,
        drive: f32,
        fall: f32,
    },
    /// With the amplitude.
    Noise(f32),
    Metal([f32; SQUARES]),
}

impl PreparedSource {
    pub(crate) fn new(source: &Source, rate: f32) -> Self {
        match *source {
            Source::Tone { from, to, glide, drive } => {
                Self::Tone { from, to, glide, drive, fall: fall(glide, rate) }
            }
            Source::Noise => Self::Noise(sqrtf(rate / 48_000.0) * TO_UNIT),
            Source::Metal(hertz) => Self::Metal(hertz),
        }
    }
}

/// A source with its state.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Generator {
    Tone(Tone),
    Noise(Noise),
    Metal(Metal),
}

impl Generator {
    /// `pitch` multiplies every frequency; `force` (0..=1) scales the depth of a tone's glide.
    pub(crate) fn new(source: &PreparedSource, pitch: f32, force: f32, seed: u32, rate: f32) -> Self {
        match *source {
            PreparedSource::Tone { from, to, glide, drive, fall } => {
                const SOFTEST: f32 = 0.6;
                let turns = |hertz: f32| (hertz * pitch / rate).min(0.45) * TURN;
                let rest = turns(to);
                let above = (turns(from) - rest) * (SOFTEST + (1.0 - SOFTEST) * force);
                // To a millionth of the glide.
                let falling = (2.0 * glide * rate) as u32;
                Self::Tone(Tone { phase: 0, rest, above, fall, falling, drive })
            }
            PreparedSource::Noise(scale) => Self::Noise(Noise { state: seed, scale }),
            PreparedSource::Metal(hertz) => Self::Metal(Metal::new(hertz, pitch, rate)),
        }
    }
}

/// A sine with a pitch glide and soft saturation. Its phase starts at 0, so that it starts without a click.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tone {
    /// A period is the whole range of the integer.
    phase: u32,
    /// The phase increment a sample at the end of the glide.
    rest: f32,
    /// The current addition to it.
    above: f32,
    fall: f32,
    /// Samples left of the glide. It ends, as a number that decays for ever would become subnormal, and slow.
    falling: u32,
    drive: f32,
}

impl Tone {
    /// Writes the next samples, at most [`CHUNK`]: first the phases, which depend on each other, then their
    /// sines, which the compiler vectorises.
    pub(crate) fn write(&mut self, samples: &mut [f32]) {
        let mut phases = [0; CHUNK];
        let phases = &mut phases[..samples.len()];
        let (falling, resting) = phases.split_at_mut((self.falling as usize).min(samples.len()));
        self.falling -= falling.len() as u32;
        for phase in falling {
            *phase = self.phase;
            self.phase = self.phase.wrapping_add((self.rest + self.above) as u32);
            self.above *= self.fall;
        }
        let step = (self.rest + self.above) as u32;
        for phase in resting {
            *phase = self.phase;
            self.phase = self.phase.wrapping_add(step);
        }
        for (sample, phase) in samples.iter_mut().zip(phases) {
            let sine = sine(*phase);
            // A cubic soft clipper with slope 0 at 1: odd harmonics, never above 1.
            let bent = sine * (1.5 - 0.5 * sine * sine);
            *sample = sine + self.drive * (bent - sine);
        }
    }
}

/// The sine of a phase, with an error of -76 dB.
#[inline]
fn sine(phase: u32) -> f32 {
    // Half a period back, so that the signed number is centred; hence the minus below.
    let centred = (phase ^ 1 << 31).cast_signed() as f32 * (1.0 / TURN);
    let quarter = 0.25 - (centred.abs() - 0.25).abs();
    let x = quarter * core::f32::consts::TAU;
    let square = x * x;
    let series = 1.0 - square * (1.0 / 6.0 - square * (1.0 / 120.0 - square * (1.0 / 5_040.0)));
    -(x * series).copysign(centred)
}

/// White noise, with the same power density at every sample rate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise {
    state: u32,
    scale: f32,
}

impl Noise {
    #[inline]
    pub(crate) fn step(&mut self) -> f32 {
        // The linear congruential generator of *Numerical Recipes*; its weak low bits do not matter here.
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.state.cast_signed() as f32 * self.scale
    }
}

/// Six square waves without common harmonics, as in the cymbals of analogue drum machines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metal {
    phases: [u32; SQUARES],
    steps: [u32; SQUARES],
    /// The number of square waves, and the amplitude of each.
    squares: i32,
    gain: f32,
}

impl Metal {
    /// A frequency of 0 leaves a square wave out.
    fn new(hertz: [f32; SQUARES], pitch: f32, rate: f32) -> Self {
        let sounding = hertz.iter().filter(|hertz| **hertz > 0.0).count().max(1);
        Self {
            // All start in their upper half, for an immediate attack, and a little apart.
            phases: core::array::from_fn(|square| (square as u32) << 27),
            steps: hertz.map(|hertz| ((hertz * pitch / rate).min(0.45) * TURN) as u32),
            squares: sounding as i32,
            gain: 1.0 / sounding as f32,
        }
    }

    #[inline]
    pub(crate) fn step(&mut self) -> f32 {
        let mut low = 0;
        for (phase, step) in self.phases.iter_mut().zip(self.steps) {
            *phase = phase.wrapping_add(step);
            // The upper half of a phase is the lower half of the wave; one left out stays in its upper half.
            low += phase.cast_signed() >> 31;
        }
        (self.squares + 2 * low) as f32 * self.gain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sine_is_a_sine() {
        for step in 0..=1000_u32 {
            let turns = step as f32 / 1000.0;
            let exact = libm::sinf(turns * core::f32::consts::TAU);
            let ours = sine((f64::from(step) / 1000.0 * f64::from(TURN)) as u64 as u32);
            assert!((ours - exact).abs() < 2e-4, "at {turns}: {ours} instead of {exact}");
        }
    }
}
