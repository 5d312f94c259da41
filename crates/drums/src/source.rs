//! What a layer is made of: a tone, noise, or the clangour of six squares.

use libm::sqrtf;

use crate::envelope::fall;
use crate::recipes::{SQUARES, Source};

/// Samples that are computed at once.
pub(crate) const CHUNK: usize = 64;
/// Makes a fraction of whole numbers.
const TO_UNIT: f32 = 1.0 / 2_147_483_648.0;

/// The range of a phase.
const TURN: f32 = 4_294_967_296.0;

/// A source with its state.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Generator {
    Tone(Tone),
    Noise(Noise),
    Metal(Metal),
}

impl Generator {
    /// `pitch` multiplies every frequency, `force` (0..=1) says how far a tone's pitch is thrown up.
    pub(crate) fn new(source: &Source, pitch: f32, force: f32, seed: u32, rate: f32) -> Self {
        match *source {
            Source::Tone { from, to, glide, drive } => {
                Self::Tone(Tone::new(from * pitch, to * pitch, glide, drive, force, rate))
            }
            Source::Noise => Self::Noise(Noise { state: seed, scale: sqrtf(rate / 48_000.0) * TO_UNIT }),
            Source::Metal(hertz) => Self::Metal(Metal::new(hertz, pitch, rate)),
        }
    }
}

/// A sine whose pitch falls, bent by a soft drive. Its phase begins at 0, so it begins without a click.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tone {
    /// A turn is the whole range.
    phase: u32,
    /// What the phase gains a sample where the pitch has come to rest.
    rest: f32,
    /// What is added to that now.
    above: f32,
    fall: f32,
    /// Samples until nobody hears that the pitch still falls. A number that shrank on and on would become
    /// subnormal, and slow.
    falling: u32,
    drive: f32,
}

impl Tone {
    fn new(from: f32, to: f32, glide: f32, drive: f32, force: f32, rate: f32) -> Self {
        const SOFTEST: f32 = 0.6;
        let turns = |hertz: f32| (hertz / rate).min(0.45) * TURN;
        let rest = turns(to);
        let above = (turns(from) - rest) * (SOFTEST + (1.0 - SOFTEST) * force);
        // To a millionth of the way.
        let falling = (2.0 * glide * rate) as u32;
        Self { phase: 0, rest, above, fall: fall(glide, rate), falling, drive }
    }

    /// Writes the next samples, at most [`CHUNK`]: first the phases, one from the other, then their sines,
    /// which the compiler takes several at a time.
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
            // A cubic that meets 1 with a level slope: odd harmonics, never above 1.
            let bent = sine * (1.5 - 0.5 * sine * sine);
            *sample = sine + self.drive * (bent - sine);
        }
    }
}

/// The sine of a phase whose whole range is a turn, to 76 dB.
#[inline]
fn sine(phase: u32) -> f32 {
    // Half a turn back, so that the signed number is centred; a sine is odd, hence the minus below.
    let centred = (phase ^ 1 << 31).cast_signed() as f32 * (1.0 / TURN);
    let quarter = 0.25 - (centred.abs() - 0.25).abs();
    let x = quarter * core::f32::consts::TAU;
    let square = x * x;
    let series = 1.0 - square * (1.0 / 6.0 - square * (1.0 / 120.0 - square * (1.0 / 5_040.0)));
    -(x * series).copysign(centred)
}

/// White noise, as loud a hertz at every sample rate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise {
    state: u32,
    scale: f32,
}

impl Noise {
    #[inline]
    pub(crate) fn step(&mut self) -> f32 {
        // Numerical Recipes' generator; as a fraction its weak low bits do not count.
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.state.cast_signed() as f32 * self.scale
    }
}

/// Six squares that share no harmonics, as in the cymbals of the analogue drum machines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metal {
    phases: [u32; SQUARES],
    steps: [u32; SQUARES],
    /// The squares that sound, and how loud each is.
    squares: i32,
    gain: f32,
}

impl Metal {
    /// A frequency of 0 leaves a square out.
    fn new(hertz: [f32; SQUARES], pitch: f32, rate: f32) -> Self {
        let sounding = hertz.iter().filter(|hertz| **hertz > 0.0).count().max(1);
        Self {
            // All begin in their upper half, so that the stroke is heard at once, and a little apart.
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
            // The upper half of a phase is the lower half of the square; one left out stays in its first.
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
