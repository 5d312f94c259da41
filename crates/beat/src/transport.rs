//! The host's transport, and whether a block continues the one before it or the host has jumped.

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
    /// Whether the beats of the host's time signature divide in three: 6/8, 9/8, 12/8.
    pub compound: bool,
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

/// Shorter bars cannot be counted from.
const SHORTEST_BAR_BEATS: f64 = 1.0 / 16.0;
/// Whether the beats of a time signature, `upper` notes of the kind `lower` a bar, divide in three: 6/8, 9/8, 12/8.
pub const fn is_compound(upper: u32, lower: u32) -> bool {
    lower == 8 && upper >= 6 && upper.is_multiple_of(3)
}

/// With a position, tempo or rate outside these ranges a block counts as stopped.
const FARTHEST_BEATS: f64 = 1e8;
const TEMPO_RANGE: core::ops::RangeInclusive<f64> = 0.1..=10_000.0;
const RATE_RANGE: core::ops::RangeInclusive<f64> = 1_000.0..=1_536_000.0;

impl Transport {
    /// Whether the host plays and its numbers are in range.
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
    /// Whether the range is valid and longer than `beats`, the rounding of positions.
    pub(crate) fn is_longer_than(&self, beats: f64) -> bool {
        self.start.abs() <= FARTHEST_BEATS
            && self.end.abs() <= FARTHEST_BEATS
            && self.end - self.start > beats
    }
}

impl HostBar {
    /// Whether its numbers are in range, so that bars can be counted from it.
    pub(crate) fn is_sane(&self) -> bool {
        self.start.abs() <= FARTHEST_BEATS
            && (SHORTEST_BAR_BEATS..=1024.0).contains(&self.beats)
            && self.number.unsigned_abs() < 1 << 40
    }
}

/// Hosts round positions; this is more than any known host's rounding (Ardour: 1/1920 beat).
const ROUNDING_BEATS: f64 = 1.0 / 960.0;

/// How a block continues the one before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Continuity {
    /// It continues: decided steps stay decided.
    Linear,
    /// The host jumped back to the start of its loop, or just past it.
    LoopStart(f64),
    /// The host reported a loop, but rolled past its end within the block before.
    PastLoop(LoopRange),
    /// Play began, or the position jumped.
    Jump,
}

/// The last segment that was played without a jump. The next position is predicted from it only to be
/// compared with the one that the host reports: no beat is counted across blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlayedSegment {
    /// Its first beat.
    pub(crate) beats: f64,
    /// Its end, at the tempo that the host reported.
    pub(crate) end: f64,
    /// The length of its whole block in samples: the tempo may have changed anywhere in it, also before
    /// the wrap that this segment began with.
    pub(crate) frames: u32,
    pub(crate) tempo: f64,
    pub(crate) sample_rate: f64,
    /// The range that the host repeated meanwhile.
    pub(crate) loop_range: Option<LoopRange>,
    /// The start of the loop, where this segment began with an inferred wrap.
    pub(crate) inferred_wrap: Option<f64>,
    /// Its block's end without any wrap.
    pub(crate) straight_end: f64,
}

/// The tolerance of positions, in beats.
pub(crate) fn margin(transport: &Transport) -> f64 {
    ROUNDING_BEATS.max(transport.beats_per_sample())
}

/// Compares the position of `transport` with the end of `last`, predicted with the old tempo and with the
/// new one, since the host may have changed it anywhere in between.
pub(crate) fn continuity(last: Option<&PlayedSegment>, transport: &Transport) -> Continuity {
    let Some(last) = last else { return Continuity::Jump };
    if last.sample_rate != transport.sample_rate {
        return Continuity::Jump;
    }
    let seconds = f64::from(last.frames) / last.sample_rate;
    let faster = seconds * (transport.tempo - last.tempo) / 60.0;
    let (old_end, new_end) = (last.end, last.end + faster);
    let longest_sample = transport.beats_per_sample().max(last.tempo / (60.0 * last.sample_rate));
    let margin = ROUNDING_BEATS.max(longest_sample);
    let (low, high) = (old_end.min(new_end) - margin, old_end.max(new_end) + margin);
    let low = last.inferred_wrap.map_or(low, |start| low.min(start - margin));
    if (low..=high).contains(&transport.beats) {
        return Continuity::Linear;
    }
    // A host that carries over the fraction of a sample by which it passed the end lands that far past the
    // start.
    let landing = margin + longest_sample;
    match transport.loop_range {
        Some(LoopRange { start, end })
            if (start - margin..=start + landing).contains(&transport.beats)
                && last.beats < end + margin
                && high >= end - margin =>
        {
            Continuity::LoopStart(start)
        }
        Some(range) if last.inferred_wrap.is_some() && last.loop_range == Some(range) => {
            let (low, high) = (faster.min(0.0) - margin, faster.max(0.0) + margin);
            match (low..=high).contains(&(transport.beats - last.straight_end)) {
                true => Continuity::PastLoop(range),
                false => Continuity::Jump,
            }
        }
        _ => Continuity::Jump,
    }
}
