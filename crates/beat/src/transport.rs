//! Where the host says it is: the one input of the sequencer that is not ours.

/// Beats of one step.
pub const STEP_BEATS: f64 = 0.25;

/// The host's transport over one block of samples. Beats are quarter notes of song time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transport {
    /// Whether the song moves during this block.
    pub playing: bool,
    /// The song position of sample 0, negative in a pre-roll.
    pub beats: f64,
    /// Beats per minute.
    pub tempo: f64,
    /// Samples per second.
    pub sample_rate: f64,
    /// Samples of this block.
    pub frames: u32,
    /// The range that the host repeats, where it does and says so.
    pub loop_range: Option<LoopRange>,
    /// The bar that sample 0 lies in, where the host knows its bars.
    pub bar: Option<HostBar>,
}

/// The range that the host repeats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoopRange {
    /// The first beat of the loop.
    pub start: f64,
    /// The beat at which the host jumps back to `start`.
    pub end: f64,
}

/// A bar of the host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HostBar {
    /// The song position of its first beat.
    pub start: f64,
    /// Its number; the song's first bar is 0.
    pub number: i64,
    /// Its length: 4 in 4/4, 3.5 in 7/8.
    pub beats: f64,
}

/// A position or tempo beyond these is a broken host's: the block counts as stopped.
const FARTHEST_BEATS: f64 = 1e8;
const TEMPO_RANGE: core::ops::RangeInclusive<f64> = 0.1..=10_000.0;
const RATE_RANGE: core::ops::RangeInclusive<f64> = 1_000.0..=1_536_000.0;

impl Transport {
    /// Whether there is a song position to play at: the host plays, and every number makes sense.
    pub fn rolls(&self) -> bool {
        self.playing
            && self.beats.abs() <= FARTHEST_BEATS // false for NaN
            && TEMPO_RANGE.contains(&self.tempo)
            && RATE_RANGE.contains(&self.sample_rate)
    }

    /// How far the song moves in one sample.
    pub fn beats_per_sample(&self) -> f64 {
        self.tempo / (60.0 * self.sample_rate)
    }
}

impl LoopRange {
    /// Whether the range is long enough to be told from the rounding of positions.
    pub(crate) fn is_longer_than(&self, beats: f64) -> bool {
        self.start.abs() <= FARTHEST_BEATS
            && self.end.abs() <= FARTHEST_BEATS
            && self.end - self.start > beats
    }
}

impl HostBar {
    /// Whether bars can be counted from this one.
    pub(crate) fn is_sane(&self) -> bool {
        self.start.abs() <= FARTHEST_BEATS
            && (STEP_BEATS / 4.0..=1024.0).contains(&self.beats)
            && self.number.unsigned_abs() < 1 << 40
    }
}
