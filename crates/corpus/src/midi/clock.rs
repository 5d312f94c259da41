//! From ticks to sixteenths, for files that count in beats and for files that count in seconds.

use beat::STEPS_PER_BEAT;
use midly::Timing;

/// Microseconds of a beat where the file says nothing: 120 beats a minute.
const DEFAULT_TEMPO: u32 = 500_000;

/// The position of a tick in sixteenths.
pub(super) enum Clock {
    /// Ticks divide the beat: tempo does not matter.
    Beats { ticks_per_beat: f64 },
    /// Ticks divide the second (SMPTE time): the tempo says how long a beat is.
    Seconds { ticks_per_second: f64, segments: Vec<TempoSegment> },
}

/// From `tick` on, where `beats` beats have passed, a beat lasts `seconds`.
pub(super) struct TempoSegment {
    tick: u64,
    beats: f64,
    seconds: f64,
}

impl Clock {
    /// The clock of a file, `tempi` being (tick, microseconds of a beat) in the order of time; `None`
    /// where a beat or second has no ticks.
    pub(super) fn new(timing: Timing, tempi: &[(u64, u32)]) -> Option<Self> {
        match timing {
            Timing::Metrical(ticks) => {
                let ticks_per_beat = f64::from(ticks.as_int());
                (ticks_per_beat > 0.0).then_some(Self::Beats { ticks_per_beat })
            }
            Timing::Timecode(fps, subframes) => {
                let ticks_per_second = f64::from(fps.as_f32()) * f64::from(subframes);
                let segments = segments(tempi, ticks_per_second);
                (ticks_per_second > 0.0).then_some(Self::Seconds { ticks_per_second, segments })
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
        beats * STEPS_PER_BEAT as f64
    }
}

fn segments(tempi: &[(u64, u32)], ticks_per_second: f64) -> Vec<TempoSegment> {
    // A tempo of 0 would stop time; it is taken as the fastest there is.
    let seconds = |micros: u32| f64::from(micros.max(1)) / 1e6;
    let mut last = TempoSegment { tick: 0, beats: 0.0, seconds: seconds(DEFAULT_TEMPO) };
    let mut segments = Vec::with_capacity(tempi.len() + 1);
    for &(tick, micros) in tempi {
        let beats = last.beats + (tick - last.tick) as f64 / ticks_per_second / last.seconds;
        segments.push(last);
        last = TempoSegment { tick, beats, seconds: seconds(micros) };
    }
    segments.push(last);
    segments
}
