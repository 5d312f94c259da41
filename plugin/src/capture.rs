//! What was played, on its way back to the window: the capture queue.
//!
//! The audio thread's end puts events into a lock-free queue of fixed size and never waits, allocates or
//! frees; where nobody empties it, the oldest go and are counted. The decode thread's end winds them onto
//! the [`Tape`]. The two ends are two types from one call.

mod tape;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use beat::{NoteEvent, NoteKind, Transport};
use crossbeam_queue::ArrayQueue;

pub use tape::{TAPE_BARS, Tape};

/// Events that find room: over a second of the busiest beat at the fastest tempo.
const ROOM: usize = 4_096;
/// A song that goes on nearer than this to where it was expected has not jumped: hosts round.
const SEAM_BEATS: f64 = 1.0 / 32.0;

/// What the audio thread tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Played {
    /// The song goes on elsewhere: it starts, seeks, loops, or its bars change.
    Seam(Seam),
    /// The song has come this far without a note.
    Until(f64),
    /// A note starts.
    On { beats: f64, channel: u8, note: u8, velocity: u8 },
    /// A note ends.
    Off { beats: f64, channel: u8, note: u8 },
}

/// Where the song goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seam {
    /// The song position from here on.
    pub(crate) beats: f64,
    /// How far into its bar that is.
    pub(crate) into_bar: f64,
    /// The length of that bar.
    pub(crate) bar_beats: f64,
}

/// The audio thread's end.
pub struct CaptureInput {
    queue: Arc<ArrayQueue<Played>>,
    lost: Arc<AtomicU32>,
    /// Where the song is expected next, and the length of its bars; none at rest.
    expected: Option<(f64, f64)>,
    /// Of the block under way.
    beats: f64,
    beats_per_sample: f64,
}

/// The decode thread's end.
pub struct CaptureOutput {
    queue: Arc<ArrayQueue<Played>>,
    lost: Arc<AtomicU32>,
}

/// Makes both ends of a queue.
pub fn capture_queue() -> (CaptureInput, CaptureOutput) {
    let queue = Arc::new(ArrayQueue::new(ROOM));
    let lost = Arc::new(AtomicU32::new(0));
    let input = CaptureInput {
        queue: queue.clone(),
        lost: lost.clone(),
        expected: None,
        beats: 0.0,
        beats_per_sample: 0.0,
    };
    (input, CaptureOutput { queue, lost })
}

impl CaptureInput {
    /// A block begins.
    pub(crate) fn begin(&mut self, transport: &Transport) {
        self.beats = transport.beats;
        self.beats_per_sample = if transport.rolls() { transport.beats_per_sample() } else { 0.0 };
        if !transport.rolls() {
            if let Some((end, _)) = self.expected.take() {
                self.put(Played::Until(end));
            }
            return;
        }
        let (start, bar_beats) = transport.bar.map_or((0.0, 4.0), |bar| (bar.start, bar.beats));
        let bar_beats = if (0.25..=1_024.0).contains(&bar_beats) { bar_beats } else { 4.0 };
        let goes_on = self
            .expected
            .is_some_and(|(beats, bar)| (transport.beats - beats).abs() < SEAM_BEATS && bar == bar_beats);
        if !goes_on {
            if let Some((end, _)) = self.expected {
                self.put(Played::Until(end));
            }
            let into_bar = (transport.beats - start).rem_euclid(bar_beats);
            self.put(Played::Seam(Seam { beats: transport.beats, into_bar, bar_beats }));
        }
        let end = transport.beats + f64::from(transport.frames) * self.beats_per_sample;
        self.expected = Some((end, bar_beats));
    }

    /// A note was played in the block under way.
    pub(crate) fn play(&mut self, event: &NoteEvent) {
        let beats = self.beats + f64::from(event.sample) * self.beats_per_sample;
        let (channel, note) = (event.channel, event.note);
        self.put(match event.kind {
            NoteKind::On { velocity } => Played::On { beats, channel, note, velocity },
            NoteKind::Off => Played::Off { beats, channel, note },
        });
    }

    fn put(&self, played: Played) {
        if self.queue.force_push(played).is_some() {
            // Relaxed: the number stands for itself.
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl CaptureOutput {
    /// Winds everything that has come onto the tape.
    pub(crate) fn wind_onto(&self, tape: &mut Tape) {
        while let Some(played) = self.queue.pop() {
            tape.wind(played);
        }
        tape.set_lost(self.lost.load(Ordering::Relaxed));
    }

    /// Whether anything has come.
    pub(crate) fn has_news(&self) -> bool {
        !self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of an eighth of a beat from here on.
    fn block(beats: f64, playing: bool) -> Transport {
        let (tempo, sample_rate, frames) = (120.0, 48_000.0, 3_000);
        Transport { playing, beats, tempo, sample_rate, frames, loop_range: None, bar: None }
    }

    fn hit(sample: u32, kind: NoteKind) -> NoteEvent {
        NoteEvent { sample, channel: 9, note: 36, kind }
    }

    #[test]
    fn a_loop_is_one_song_on_the_tape() {
        let (mut input, output) = capture_queue();
        let mut tape = Tape::default();
        for round in 0..3 {
            for step in 0..32 {
                input.begin(&block(8.0 + f64::from(step) / 8.0, true));
                if step % 8 == 0 {
                    input.play(&hit(0, NoteKind::On { velocity: 90 + round }));
                    input.play(&hit(1_500, NoteKind::Off));
                }
            }
            output.wind_onto(&mut tape);
        }
        input.begin(&block(12.0, false));
        output.wind_onto(&mut tape);
        let (notes, beats) = tape.last_bars(TAPE_BARS);
        assert_eq!(beats, 12.0);
        let starts: Vec<f64> = notes.iter().map(|note| note.beats).collect();
        assert_eq!(starts, (0..12).map(f64::from).collect::<Vec<_>>());
        assert_eq!((notes[4].velocity, notes[4].length_beats), (91, 0.0625));
    }

    #[test]
    fn where_nobody_winds_the_oldest_go_and_are_counted() {
        let (mut input, output) = capture_queue();
        input.begin(&block(0.0, true));
        (0..ROOM + 9).for_each(|_| input.play(&hit(0, NoteKind::Off)));
        let mut tape = Tape::default();
        output.wind_onto(&mut tape);
        assert_eq!(tape.lost(), 10, "the seam and nine notes");
        assert!(!output.has_news());
    }
}
