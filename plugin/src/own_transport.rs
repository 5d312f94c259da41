//! The transport of the standalone program: play, stop, tempo, loop.
//!
//! The framework's standalone wrapper always plays. So the window sets [`OwnTransport`], and the audio thread
//! advances its `SongPosition` by it. Unused under a host.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use beat::{HostBar, LoopRange, Transport};

use crate::export::SongMeter;

/// The range of tempos, in quarter notes a minute.
pub const TEMPOS: std::ops::RangeInclusive<f64> = 20.0..=400.0;

/// What the player has set, and the song position. Atomics between the window and the audio thread; relaxed,
/// as none orders another.
#[derive(Debug)]
pub struct OwnTransport {
    in_charge: AtomicBool,
    playing: AtomicBool,
    rewind: AtomicBool,
    /// Bars from the song's beginning that repeat; 0 for none.
    loop_bars: AtomicU32,
    /// The bits of a f64.
    tempo: AtomicU64,
    /// The bits of a f64: the song position in beats.
    beats: AtomicU64,
}

impl Default for OwnTransport {
    fn default() -> Self {
        const USUAL_TEMPO: f64 = 120.0;
        Self {
            in_charge: AtomicBool::default(),
            playing: AtomicBool::default(),
            rewind: AtomicBool::default(),
            loop_bars: AtomicU32::default(),
            tempo: AtomicU64::new(USUAL_TEMPO.to_bits()),
            beats: AtomicU64::default(),
        }
    }
}

impl OwnTransport {
    /// Whether there is no host and this transport counts.
    pub fn is_in_charge(&self) -> bool {
        self.in_charge.load(Ordering::Relaxed)
    }

    pub(crate) fn take_charge(&self, charge: bool) {
        self.in_charge.store(charge, Ordering::Relaxed);
    }

    /// Whether the song plays.
    pub fn is_playing(&self) -> bool {
        self.playing.load(Ordering::Relaxed)
    }

    /// Starts or stops at the current position.
    pub fn play(&self, playing: bool) {
        self.playing.store(playing, Ordering::Relaxed);
    }

    /// Moves to the song's start.
    pub fn rewind(&self) {
        self.rewind.store(true, Ordering::Relaxed);
    }

    /// Quarter notes a minute.
    pub fn tempo(&self) -> f64 {
        f64::from_bits(self.tempo.load(Ordering::Relaxed))
    }

    /// Sets the tempo, clamped to [`TEMPOS`].
    pub fn set_tempo(&self, tempo: f64) {
        if tempo.is_finite() {
            let tempo = tempo.clamp(*TEMPOS.start(), *TEMPOS.end());
            self.tempo.store(tempo.to_bits(), Ordering::Relaxed);
        }
    }

    /// Bars from the song's beginning that repeat; 0 for none.
    pub fn loop_bars(&self) -> u32 {
        self.loop_bars.load(Ordering::Relaxed)
    }

    /// Sets the bars from the song's beginning that repeat; 0 for none.
    pub fn set_loop_bars(&self, bars: u32) {
        self.loop_bars.store(bars, Ordering::Relaxed);
    }

    /// The song position, in quarter notes.
    pub fn beats(&self) -> f64 {
        f64::from_bits(self.beats.load(Ordering::Relaxed))
    }
}

/// The song position, advanced by the audio thread alone.
#[derive(Debug, Default)]
pub(crate) struct SongPosition {
    beats: f64,
}

impl SongPosition {
    /// Returns the transport of the next block, and advances past it.
    ///
    /// `signature` is the time signature of the song: beats of a bar and the note value of a beat.
    pub(crate) fn next(
        &mut self,
        own: &OwnTransport,
        signature: (u8, u8),
        frames: u32,
        sample_rate: f64,
    ) -> Transport {
        let bar_beats = SongMeter { time_signature: signature, ..SongMeter::default() }.bar_beats();
        if own.rewind.swap(false, Ordering::Relaxed) {
            self.beats = 0.0;
        }
        let (playing, tempo) = (own.is_playing(), own.tempo());
        let loop_end = f64::from(own.loop_bars()) * bar_beats;
        let loop_range = (loop_end > 0.0).then_some(LoopRange { start: 0.0, end: loop_end });
        if loop_end > 0.0 && self.beats >= loop_end {
            // The loop was made shorter while the song was past its new end.
            self.beats %= loop_end;
        }
        let beats = self.beats;
        let number = (beats / bar_beats).floor();
        let bar = Some(HostBar { start: number * bar_beats, number: number as i64, beats: bar_beats });
        if playing {
            self.beats += f64::from(frames) * tempo / (60.0 * sample_rate);
            if loop_end > 0.0 && self.beats >= loop_end {
                self.beats %= loop_end;
            }
        }
        own.beats.store(self.beats.to_bits(), Ordering::Relaxed);
        Transport { playing, beats, tempo, sample_rate, frames, loop_range, bar, compound: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;
    const FOUR_FOUR: (u8, u8) = (4, 4);

    #[test]
    fn the_song_stands_until_play_and_stops_where_it_is() {
        let (own, mut song) = (OwnTransport::default(), SongPosition::default());
        assert!(!song.next(&own, FOUR_FOUR, 480, RATE).playing);
        own.play(true);
        assert_eq!(song.next(&own, FOUR_FOUR, 24_000, RATE).beats, 0.0);
        own.set_tempo(60.0);
        assert_eq!(song.next(&own, FOUR_FOUR, 24_000, RATE).beats, 1.0);
        own.play(false);
        let stopped = song.next(&own, FOUR_FOUR, 24_000, RATE);
        assert_eq!((stopped.playing, stopped.beats, own.beats()), (false, 1.5, 1.5));
        own.rewind();
        assert_eq!(song.next(&own, FOUR_FOUR, 24_000, RATE).beats, 0.0);
    }

    #[test]
    fn a_loop_comes_round_to_the_sample_and_may_be_made_shorter() {
        let (own, mut song) = (OwnTransport::default(), SongPosition::default());
        own.play(true);
        own.set_loop_bars(2);
        let starts: Vec<f64> = (0..10).map(|_| song.next(&own, FOUR_FOUR, 36_000, RATE).beats).collect();
        assert_eq!(starts, [0.0, 1.5, 3.0, 4.5, 6.0, 7.5, 1.0, 2.5, 4.0, 5.5]);
        own.set_loop_bars(1);
        assert_eq!(song.next(&own, FOUR_FOUR, 36_000, RATE).beats, 3.0);
        own.set_loop_bars(0);
        own.set_tempo(f64::NAN);
        assert_eq!(own.tempo(), 120.0);
    }

    #[test]
    fn bars_are_those_of_the_signature() {
        let (own, mut song) = (OwnTransport::default(), SongPosition::default());
        own.play(true);
        own.set_loop_bars(1);
        let starts: Vec<f64> = (0..4).map(|_| song.next(&own, (3, 4), 36_000, RATE).beats).collect();
        assert_eq!(starts, [0.0, 1.5, 0.0, 1.5]);
        assert_eq!(song.next(&own, (3, 4), 36_000, RATE).bar.map(|bar| bar.beats), Some(3.0));
    }
}
