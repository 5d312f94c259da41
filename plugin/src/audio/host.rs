//! The host's transport in the sequencer's words.

use beat::{HostBar, LoopRange, Transport};
use nice_plug::prelude::Transport as HostTransport;

/// What a host that gives no tempo is taken to play at.
const DEFAULT_TEMPO: f64 = 120.0;

/// The transport of one block. A host without a song position counts as stopped.
pub(super) fn transport(host: &HostTransport, frames: u32, sample_rate: f64) -> Transport {
    let beats = host.pos_beats();
    Transport {
        playing: host.playing && beats.is_some(),
        beats: beats.unwrap_or(0.0),
        tempo: host.tempo.unwrap_or(DEFAULT_TEMPO),
        sample_rate,
        frames,
        loop_range: host.loop_range_beats().map(|(start, end)| LoopRange { start, end }),
        bar: bar(host),
    }
}

/// The host's tempo and time signature, as far as it tells them, for the window.
pub(super) fn meter(host: &HostTransport) -> (Option<f64>, Option<(u8, u8)>) {
    let whole = |number: Option<i32>| number.and_then(|number| u8::try_from(number).ok());
    let signature = whole(host.time_sig_numerator).zip(whole(host.time_sig_denominator));
    (host.tempo, signature)
}

fn bar(host: &HostTransport) -> Option<HostBar> {
    let (upper, lower) = (host.time_sig_numerator?, host.time_sig_denominator.filter(|lower| *lower > 0)?);
    let (start, beats) = (host.bar_start_pos_beats()?, f64::from(upper) * 4.0 / f64::from(lower));
    // VST3 has no bar numbers. The framework's stand-in counts from the position and may change within a
    // bar once the meter has changed; counted from the bar's start it stays.
    let number = host.bar_number.map_or((start / beats).round() as i64, i64::from);
    Some(HostBar { start, number, beats })
}
