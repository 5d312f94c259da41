//! Song time without rounding: beats in units of 2^-96.
//!
//! Any position that a host can report as an `f64` is exact; the end of a block of 8192 samples is off by
//! less than 2^-83 beats.

use std::ops::{Add, Mul, Neg, Sub};

/// A song position, or a distance in the song, in beats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Beats(i128);

/// Binary places.
const PLACES: u32 = 96;

/// Positions closer than this are a tie, which may be decided either way, because the sequencer computes in
/// `f64`. 0.004 samples at 10 BPM and 384 kHz, far less elsewhere. Which sample is nearest is decided more
/// narrowly: see [`LEAN`].
pub const TIE: Beats = Beats(1 << (PLACES - 29));

/// A position half-way between two samples belongs to the later one, and so does one this much before it
/// (1e-9 beats): more than a host takes away that rounds to 2^-31 beats.
pub const LEAN: Beats = Beats((1 << PLACES) / 1_000_000_000);

/// What the sequencer's own `f64` may hide of that.
pub const NOISE: Beats = Beats(1 << (PLACES - 32));

impl Beats {
    /// The start of the song.
    pub const ZERO: Self = Self(0);
    /// A sixteenth note.
    pub const SIXTEENTH: Self = Self(1 << (PLACES - 2));

    /// Exactly `beats`, which must lie within 2^30 beats.
    pub fn new(beats: f64) -> Self {
        let half = f64::from(1u32 << 24) * f64::from(1u32 << 24);
        let scaled = beats * half;
        let whole = scaled.trunc();
        Self(((whole as i128) << 48) + ((scaled - whole) * half) as i128)
    }

    /// `over / under` beats.
    pub fn ratio(over: i64, under: i64) -> Self {
        Self((i128::from(over) << PLACES) / i128::from(under))
    }

    /// The nearest `f64`.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 2f64.powi(PLACES as i32)
    }

    /// Beats per sample at this tempo (beats per minute) and rate (samples per second).
    pub fn per_sample(tempo: f64, rate: u32) -> Self {
        Self(Self::new(tempo).0 / (60 * i128::from(rate)))
    }

    /// Half of it.
    pub fn half(self) -> Self {
        self.part(2)
    }

    /// It divided by `parts`.
    pub fn part(self, parts: i64) -> Self {
        Self(self.0 / i128::from(parts))
    }

    /// The nearest multiple of `1 / under` beats.
    pub fn rounded_to(self, under: i64) -> Self {
        let fine = self.0 >> 32; // room for the product
        let count = (2 * fine * i128::from(under) + (1 << (PLACES - 32))).div_euclid(1 << (PLACES - 31));
        let (whole, rest) = (count.div_euclid(i128::from(under)), count.rem_euclid(i128::from(under)));
        Self((whole << PLACES) + (rest << PLACES) / i128::from(under))
    }

    /// How many whole `unit`s lie in it, rounded down.
    pub fn whole(self, unit: Self) -> i64 {
        self.0.div_euclid(unit.0) as i64
    }

    /// How many whole `unit`s cover it, rounded up.
    pub fn covering(self, unit: Self) -> i64 {
        -((-self).whole(unit))
    }

    /// The whole number of `unit`s nearest to it; half a unit rounds up.
    pub fn nearest(self, unit: Self) -> i64 {
        (2 * self.0 + unit.0).div_euclid(2 * unit.0) as i64
    }

    /// How many `unit`s it is, as a figure to print.
    pub fn over(self, unit: Self) -> f64 {
        self.0 as f64 / unit.0 as f64
    }

    /// Its distance from zero.
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }
}

impl Add for Beats {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Beats {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Beats {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<i64> for Beats {
    type Output = Self;
    fn mul(self, times: i64) -> Self {
        Self(self.0 * i128::from(times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_survive_the_way_there_and_back() {
        for beats in [0.0, 0.25, -1.0 / 3.0, 93.7, 1e5 + 1e-9, -7.75] {
            assert_eq!(Beats::new(beats).to_f64(), beats);
        }
        assert_eq!(Beats::ratio(1, 4), Beats::SIXTEENTH);
    }

    #[test]
    fn a_step_at_120_bpm_lasts_6000_samples_at_48_khz() {
        let sample = Beats::per_sample(120.0, 48_000);
        assert_eq!((Beats::SIXTEENTH + sample.half().half()).nearest(sample), 6000);
        assert_eq!(Beats::new(0.3).rounded_to(1920).to_f64(), 576.0 / 1920.0);
        assert_eq!(Beats::new(-0.3).rounded_to(4).to_f64(), -0.25);
    }
}
