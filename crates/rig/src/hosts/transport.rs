//! The host's transport: the song position at every sample, without drift.
//!
//! A position is computed from an anchor (the last jump or tempo change) and the whole number of samples
//! since then, never by adding up blocks.

use std::ops::Range;

/// The song position as the host reports it to the plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// Whether the transport rolls.
    pub rolling: bool,
    /// Quarter notes since bar 1; negative in a pre-roll.
    pub beats: f64,
    /// Seconds since bar 1, at the current tempo.
    pub seconds: f64,
    /// Samples since bar 1, at the current tempo.
    pub samples: i64,
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Numerator and denominator, for example (4, 4).
    pub time_signature: (u16, u16),
    /// The start of this bar, in quarter notes.
    pub bar_start: f64,
    /// The number of this bar, from 0.
    pub bar_number: i32,
    /// The loop, in quarter notes, where one is switched on.
    pub loop_range: Option<Range<f64>>,
}

impl Default for Position {
    fn default() -> Self {
        HostTransport::new(48_000.0, 120.0).position()
    }
}

/// The transport of a host.
#[derive(Clone, Debug)]
pub struct HostTransport {
    rate: f64,
    tempo: f64,
    rolling: bool,
    anchor_beats: f64,
    samples_since_anchor: u64,
    time_signature: (u16, u16),
    signature_start: f64,
    /// The number of the bar that begins there.
    signature_bar: i32,
    loop_range: Option<Range<f64>>,
    grid: Option<f64>,
}

impl HostTransport {
    /// A stopped transport at bar 1, in 4/4, at `rate` samples a second and `tempo` beats a minute.
    pub fn new(rate: f64, tempo: f64) -> Self {
        Self {
            rate,
            tempo,
            rolling: false,
            anchor_beats: 0.0,
            samples_since_anchor: 0,
            time_signature: (4, 4),
            signature_start: 0.0,
            signature_bar: 0,
            loop_range: None,
            grid: None,
        }
    }

    /// Starts to roll from the current position.
    pub fn play(&mut self) {
        self.anchor();
        self.rolling = true;
    }

    /// Stops at the current position.
    pub fn stop(&mut self) {
        self.anchor();
        self.rolling = false;
    }

    /// Jumps to `beats` quarter notes; negative is a pre-roll.
    pub fn seek(&mut self, beats: f64) {
        self.anchor_beats = beats;
        self.samples_since_anchor = 0;
    }

    /// Changes the tempo from here on, in quarter notes a minute.
    pub fn set_tempo(&mut self, tempo: f64) {
        self.anchor();
        self.tempo = tempo;
    }

    /// Switches a loop on (in quarter notes) or off.
    pub fn set_loop(&mut self, range: Option<Range<f64>>) {
        self.loop_range = range;
    }

    /// Changes the time signature from here on; the current position becomes the start of a bar.
    pub fn set_time_signature(&mut self, beats: u16, unit: u16) {
        let bars = (self.beats() - self.signature_start) / self.bar_beats();
        // A bar that is cut short counts too.
        self.signature_bar += (bars - 1e-6).ceil() as i32;
        self.time_signature = (beats, unit);
        self.signature_start = self.beats();
    }

    /// Rounds the reported position to a grid of this many beats, as some hosts do (Ardour: 1/1920).
    pub fn set_grid(&mut self, beats: Option<f64>) {
        self.grid = beats;
    }

    /// Samples a second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// The exact position in quarter notes.
    pub fn beats(&self) -> f64 {
        self.anchor_beats + self.samples_since_anchor as f64 * self.tempo / (60.0 * self.rate)
    }

    /// The position as reported to the plugin.
    pub fn position(&self) -> Position {
        let exact = self.beats();
        let beats = self.grid.map_or(exact, |grid| (exact / grid).round() * grid);
        let seconds = exact * 60.0 / self.tempo;
        let bar_beats = self.bar_beats();
        let bar = ((beats - self.signature_start) / bar_beats).floor();
        Position {
            rolling: self.rolling,
            beats,
            seconds,
            samples: (seconds * self.rate).round() as i64,
            tempo: self.tempo,
            time_signature: self.time_signature,
            bar_start: self.signature_start + bar * bar_beats,
            bar_number: self.signature_bar + bar as i32,
            loop_range: self.loop_range.clone(),
        }
    }

    /// After how many samples the song reaches the end of the loop, if it rolls towards it: the first
    /// sample whose position is at the end or past it.
    pub fn samples_to_wrap(&self) -> Option<u64> {
        let range = self.loop_range.as_ref().filter(|range| self.rolling && self.beats() < range.end)?;
        let samples = (range.end - self.beats()) * 60.0 * self.rate / self.tempo;
        // Up to a millionth of a sample is a rounding error.
        Some((samples - 1e-6).ceil().max(1.0) as u64)
    }

    /// Moves on by `samples`; a stopped transport stays.
    pub fn advance(&mut self, samples: u32) {
        if self.rolling {
            self.samples_since_anchor += u64::from(samples);
        }
    }

    /// Jumps from the end of the loop to its start, keeping the part of a sample by which the position
    /// exceeded the end.
    pub(crate) fn wrap(&mut self) {
        if let Some(range) = self.loop_range.clone() {
            let overshoot = (self.beats() - range.end).max(0.0);
            self.seek(range.start + overshoot);
        }
    }

    fn bar_beats(&self) -> f64 {
        f64::from(self.time_signature.0) * 4.0 / f64::from(self.time_signature.1)
    }

    fn anchor(&mut self) {
        self.anchor_beats = self.beats();
        self.samples_since_anchor = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_odd_blocks_does_not_drift() {
        let mut transport = HostTransport::new(44_100.0, 93.7);
        transport.play();
        let mut samples = 0_u64;
        for block in (1..=8191).cycle().step_by(37).take(38_000) {
            transport.advance(block);
            samples += u64::from(block);
        }
        assert_eq!(transport.beats(), samples as f64 * 93.7 / (60.0 * 44_100.0));
    }

    #[test]
    fn a_loop_wraps_at_the_first_sample_past_its_end() {
        let mut transport = HostTransport::new(48_000.0, 120.0);
        transport.set_loop(Some(0.0..1.0));
        transport.play();
        transport.advance(23_000);
        assert_eq!(transport.samples_to_wrap(), Some(1000));
        transport.advance(1000);
        transport.wrap();
        assert_eq!(transport.beats(), 0.0);
    }

    #[test]
    fn a_new_time_signature_starts_a_bar_and_a_stop_keeps_the_position() {
        let mut transport = HostTransport::new(48_000.0, 120.0);
        transport.play();
        transport.advance(4 * 24_000);
        transport.set_time_signature(7, 8);
        transport.advance(4 * 24_000);
        transport.stop();
        transport.advance(12_345);
        let position = transport.position();
        assert_eq!((position.beats, position.bar_start, position.bar_number), (8.0, 7.5, 2));
    }
}
