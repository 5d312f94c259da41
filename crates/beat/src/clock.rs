//! Whether a block goes on where the last one ended, or the host has jumped.

use crate::transport::{LoopRange, Transport};

/// Hosts round positions; this is more than any known host's rounding (Ardour: 1/1920 beat).
const ROUNDING_BEATS: f64 = 1.0 / 960.0;

/// How a block relates to the one before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Continuity {
    /// It goes on: what was decided stays decided.
    Linear,
    /// The host jumped back to the start of its loop and may have landed just behind it.
    LoopStart(f64),
    /// Play began, or the position jumped.
    Jump,
}

/// The last segment of the song that was played without a jump. No beat is counted across blocks: a
/// position is only predicted, to be compared with the one that the host gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlayedSegment {
    /// Its first beat.
    pub(crate) beats: f64,
    /// Where it ended at the tempo that the host gave.
    pub(crate) end: f64,
    /// The length of its whole block in samples: the tempo may have changed anywhere in it, also before
    /// the wrap that this segment began with.
    pub(crate) frames: u32,
    pub(crate) tempo: f64,
    pub(crate) sample_rate: f64,
    /// The range that the host repeated meanwhile.
    pub(crate) loop_range: Option<LoopRange>,
    /// The start of the loop, where this segment began with a wrap that the host had not announced.
    pub(crate) inferred_wrap: Option<f64>,
}

/// How far a position may lie off for `transport`, in beats.
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
    let (old_end, new_end) = (last.end, last.end + seconds * (transport.tempo - last.tempo) / 60.0);
    let longest_sample = transport.beats_per_sample().max(last.tempo / (60.0 * last.sample_rate));
    let margin = ROUNDING_BEATS.max(longest_sample);
    let (low, high) = (old_end.min(new_end) - margin, old_end.max(new_end) + margin);
    let low = last.inferred_wrap.map_or(low, |start| low.min(start - margin));
    if (low..=high).contains(&transport.beats) {
        return Continuity::Linear;
    }
    // A host that carries the part of a sample by which it passed the end lands that far behind the start.
    let landing = margin + longest_sample;
    match transport.loop_range {
        Some(LoopRange { start, end })
            if (start - margin..=start + landing).contains(&transport.beats)
                && last.beats < end + margin
                && high >= end - margin =>
        {
            Continuity::LoopStart(start)
        }
        _ => Continuity::Jump,
    }
}
