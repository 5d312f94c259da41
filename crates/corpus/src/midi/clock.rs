//! The position of a tick in sixteenths.

use crate::grid::SIXTEENTHS_PER_QUARTER;

/// Microseconds of a beat where the file says nothing: 120 beats a minute.
const DEFAULT_TEMPO: u32 = 500_000;

/// What a tick is, as the header says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Timing {
    /// So many ticks to the beat, 1 or more.
    Beats(u16),
    /// So many ticks to the second (SMPTE time), more than 0.
    Seconds(f64),
}

/// The position of a tick in sixteenths.
pub(super) enum Clock {
    /// Ticks divide the beat: tempo does not matter.
    Beats { ticks_per_beat: f64 },
    /// Ticks divide the second: the tempo says how long a beat is.
    Seconds { ticks_per_second: f64, segments: Vec<TempoSegment> },
}

/// From `tick` on, where `beats` beats have passed, a beat lasts `seconds`.
pub(super) struct TempoSegment {
    tick: u64,
    beats: f64,
    seconds: f64,
}

impl Clock {
    /// The clock of a file, `tempos` being (tick, microseconds of a beat, 1 or more) in the order of time.
    pub(super) fn new(timing: Timing, tempos: &[(u64, u32)]) -> Self {
        match timing {
            Timing::Beats(ticks) => Self::Beats { ticks_per_beat: f64::from(ticks) },
            Timing::Seconds(ticks_per_second) => {
                Self::Seconds { ticks_per_second, segments: segments(tempos, ticks_per_second) }
            }
        }
    }

    /// Where tick `tick` lies, in sixteenths from the start: finite, 0 or more.
    pub(super) fn step(&self, tick: u64) -> f64 {
        let beats = match self {
            Self::Beats { ticks_per_beat } => tick as f64 / ticks_per_beat,
            Self::Seconds { ticks_per_second, segments } => {
                let after = segments.partition_point(|segment| segment.tick <= tick);
                let segment = &segments[after - 1]; // the first one begins at tick 0
                segment.beats + (tick - segment.tick) as f64 / ticks_per_second / segment.seconds
            }
        };
        beats * SIXTEENTHS_PER_QUARTER as f64
    }
}

fn segments(tempos: &[(u64, u32)], ticks_per_second: f64) -> Vec<TempoSegment> {
    let seconds = |micros: u32| f64::from(micros) / 1e6;
    let mut last = TempoSegment { tick: 0, beats: 0.0, seconds: seconds(DEFAULT_TEMPO) };
    let mut segments = Vec::with_capacity(tempos.len() + 1);
    for &(tick, micros) in tempos {
        let beats = last.beats + (tick - last.tick) as f64 / ticks_per_second / last.seconds;
        segments.push(last);
        last = TempoSegment { tick, beats, seconds: seconds(micros) };
    }
    segments.push(last);
    segments
}
