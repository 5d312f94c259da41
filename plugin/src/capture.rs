//! The capture queue: what was played, on its way from the audio thread to the window.
//!
//! [`capture_queue`] makes its two ends. Neither ever waits; the audio thread's end allocates and frees
//! nothing. Where the queue is full the newest event is dropped and counted. The decode thread drains it into
//! [`RecentNotes`], behind a lock that the audio thread never takes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use beat::{NoteEvent, NoteKind, Transport};
use rtrb::{Consumer, Producer, RingBuffer};
use score::Note;

/// Capacity in events: over a second of the densest pattern at the fastest tempo.
const CAPACITY: usize = 4_096;
/// A song position this close to the expected one is the expected one: hosts round.
const ROUNDING_BEATS: f64 = 1.0 / 32.0;

/// An event of the capture queue. Positions are song positions in beats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CaptureEvent {
    /// The song continues at another position: it starts, seeks or loops, or its bars change.
    Jump(Jump),
    /// The song has come to this position without a note.
    Until(f64),
    /// A note-on.
    On { beats: f64, channel: u8, note: u8, velocity: u8 },
    /// A note-off.
    Off { beats: f64, channel: u8, note: u8 },
}

/// Where the song continues. All values in beats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Jump {
    /// The song position.
    pub(crate) beats: f64,
    /// Its distance from the start of its bar.
    pub(crate) into_bar: f64,
    /// The length of that bar.
    pub(crate) bar_beats: f64,
}

/// The audio thread's end.
pub struct CaptureInput {
    queue: Producer<CaptureEvent>,
    lost: Arc<AtomicU32>,
    /// The song position expected next, and the length of a bar; `None` at rest and after a loss.
    expected: Option<(f64, f64)>,
    /// The song position at the start of the current block.
    beats: f64,
    beats_per_sample: f64,
}

/// The decode thread's end.
pub struct CaptureOutput {
    queue: Consumer<CaptureEvent>,
    lost: Arc<AtomicU32>,
    /// Draining panics.
    #[cfg(test)]
    pub(crate) broken: bool,
}

/// Makes both ends of a queue.
pub fn capture_queue() -> (CaptureInput, CaptureOutput) {
    let (producer, consumer) = RingBuffer::new(CAPACITY);
    let lost = Arc::new(AtomicU32::new(0));
    let input = CaptureInput {
        queue: producer,
        lost: lost.clone(),
        expected: None,
        beats: 0.0,
        beats_per_sample: 0.0,
    };
    let output = CaptureOutput {
        queue: consumer,
        lost,
        #[cfg(test)]
        broken: false,
    };
    (input, output)
}

impl CaptureInput {
    /// Starts a block.
    pub(crate) fn begin(&mut self, transport: &Transport) {
        self.beats = transport.beats;
        self.beats_per_sample = if transport.rolls() { transport.beats_per_sample() } else { 0.0 };
        if !transport.rolls() {
            if let Some((end, _)) = self.expected.take() {
                self.push(CaptureEvent::Until(end));
            }
            return;
        }
        let (start, bar_beats) = transport.bar.map_or((0.0, 4.0), |bar| (bar.start, bar.beats));
        let bar_beats = if (0.25..=1_024.0).contains(&bar_beats) { bar_beats } else { 4.0 };
        let continues = self
            .expected
            .is_some_and(|(beats, bar)| (transport.beats - beats).abs() < ROUNDING_BEATS && bar == bar_beats);
        let end = transport.beats + f64::from(transport.frames) * self.beats_per_sample;
        let before = self.expected.replace((end, bar_beats));
        if !continues {
            if let Some((end, _)) = before {
                self.push(CaptureEvent::Until(end));
            }
            let into_bar = (transport.beats - start).rem_euclid(bar_beats);
            self.push(CaptureEvent::Jump(Jump { beats: transport.beats, into_bar, bar_beats }));
        }
    }

    /// Adds a note event of the current block.
    pub(crate) fn play(&mut self, event: &NoteEvent) {
        let beats = self.beats + f64::from(event.sample) * self.beats_per_sample;
        let (channel, note) = (event.channel, event.note);
        self.push(match event.kind {
            NoteKind::On { velocity } => CaptureEvent::On { beats, channel, note, velocity },
            NoteKind::Off => CaptureEvent::Off { beats, channel, note },
        });
    }

    fn push(&mut self, event: CaptureEvent) {
        if self.queue.push(event).is_err() {
            // Relaxed: the count orders nothing else.
            self.lost.fetch_add(1, Ordering::Relaxed);
            // The next block says where the song is, in case a jump was lost.
            self.expected = None;
        }
    }
}

impl CaptureOutput {
    /// Moves everything in the queue into `recent`.
    pub(crate) fn drain_into(&mut self, recent: &mut RecentNotes) {
        #[cfg(test)]
        assert!(!self.broken, "a defect of the record");
        while let Ok(event) = self.queue.pop() {
            recent.record(event);
        }
        recent.lost = self.lost.load(Ordering::Relaxed);
    }

    /// Whether the queue holds anything.
    pub(crate) fn has_events(&self) -> bool {
        !self.queue.is_empty()
    }
}

/// Bars that are kept.
pub const RECENT_BARS: u32 = 64;
/// Notes that are kept at most: every drum on every step of all bars.
const MAX_NOTES: usize = 64 * 16 * 14;
/// The length of a note whose note-off was lost.
const DEFAULT_LENGTH_BEATS: f64 = 0.125;

/// The notes of the last bars, on a time line without jumps: after a seek or a stop the song continues at the
/// next position that lies in its bar as the song position does, so that bars stay whole.
#[derive(Clone, Debug, Default)]
pub struct RecentNotes {
    notes: VecDeque<RecentNote>,
    /// The end of the time line, in beats.
    end: f64,
    /// Position on the time line minus song position.
    shift: f64,
    bar_beats: f64,
    /// A position on the time line at which a bar of this length begins.
    bar_start: f64,
    lost: u32,
}

#[derive(Clone, Copy, Debug)]
struct RecentNote {
    note: Note,
    sounds: bool,
}

impl RecentNotes {
    /// The notes of the last `bars` bars that were played, with beat 0 at the start of the first, and the
    /// length of these bars in beats. Empty where nothing was played.
    pub fn last_bars(&self, bars: u32) -> (Vec<Note>, f64) {
        if self.bar_beats <= 0.0 || self.notes.is_empty() {
            return (Vec::new(), 0.0);
        }
        let bar_at = |beats: f64| ((beats - self.bar_start) / self.bar_beats).floor();
        // A bar that has just begun counts once it has a note.
        let last = self.notes.iter().map(|entry| entry.note.beats).fold(0.0, f64::max);
        let end = (bar_at((self.end - ROUNDING_BEATS).max(last)) + 1.0) * self.bar_beats + self.bar_start;
        let first = self.notes.iter().map(|entry| entry.note.beats).fold(f64::INFINITY, f64::min);
        let oldest = bar_at(first) * self.bar_beats + self.bar_start;
        let start = oldest.max(end - f64::from(bars) * self.bar_beats);
        let kept = self.notes.iter().filter(|entry| entry.note.beats >= start - 1e-9);
        let notes = kept.map(|entry| Note { beats: entry.note.beats - start, ..entry.note });
        (notes.collect(), end - start)
    }

    /// Events that the queue had no room for.
    pub fn lost(&self) -> u32 {
        self.lost
    }

    pub(crate) fn record(&mut self, event: CaptureEvent) {
        match event {
            CaptureEvent::Jump(jump) => self.jump_to(&jump),
            CaptureEvent::Until(beats) => self.end = self.end.max(beats + self.shift),
            CaptureEvent::On { beats, channel, note, velocity } => {
                let beats = beats + self.shift;
                self.end = self.end.max(beats);
                let note = Note { beats, length_beats: DEFAULT_LENGTH_BEATS, channel, note, velocity };
                self.notes.push_back(RecentNote { note, sounds: true });
                self.forget_old();
            }
            CaptureEvent::Off { beats, channel, note } => {
                let end = beats + self.shift;
                let sounding =
                    self.notes.iter_mut().rev().find(|entry| {
                        entry.sounds && (entry.note.channel, entry.note.note) == (channel, note)
                    });
                if let Some(entry) = sounding {
                    entry.note.length_beats = (end - entry.note.beats).max(0.0);
                    entry.sounds = false;
                }
                self.end = self.end.max(end);
            }
        }
    }

    /// Continues the time line at another song position. The note-offs of sounding notes come after the jump,
    /// at its sample, so these notes end here.
    fn jump_to(&mut self, jump: &Jump) {
        for entry in self.notes.iter_mut().rev().take(128).filter(|entry| entry.sounds) {
            entry.note.length_beats = (self.end - entry.note.beats).max(0.0);
            entry.sounds = false;
        }
        if jump.bar_beats != self.bar_beats {
            self.bar_beats = jump.bar_beats;
            self.bar_start = self.end;
        }
        let into_bar = (self.end - self.bar_start).rem_euclid(self.bar_beats);
        let mut ahead = (jump.into_bar - into_bar).rem_euclid(self.bar_beats);
        // Almost a bar ahead is a little behind: hosts round.
        if self.bar_beats - ahead < ROUNDING_BEATS {
            ahead -= self.bar_beats;
        }
        self.shift = self.end + ahead - jump.beats;
        self.end = self.end.max(self.end + ahead);
    }

    fn forget_old(&mut self) {
        let oldest = self.end - (f64::from(RECENT_BARS) + 1.0) * self.bar_beats.max(0.25);
        while self.notes.len() > MAX_NOTES
            || self.notes.front().is_some_and(|entry| entry.note.beats < oldest)
        {
            self.notes.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of an eighth of a beat.
    fn block(beats: f64, playing: bool) -> Transport {
        let (tempo, sample_rate, frames) = (120.0, 48_000.0, 3_000);
        Transport { playing, beats, tempo, sample_rate, frames, loop_range: None, bar: None, compound: false }
    }

    fn hit(sample: u32, kind: NoteKind) -> NoteEvent {
        NoteEvent { sample, channel: 9, note: 36, kind }
    }

    #[test]
    fn a_loop_is_one_continuous_recording() {
        let (mut input, mut output) = capture_queue();
        let mut recent = RecentNotes::default();
        for round in 0..3 {
            for step in 0..32 {
                input.begin(&block(8.0 + f64::from(step) / 8.0, true));
                if step % 8 == 0 {
                    input.play(&hit(0, NoteKind::On { velocity: 90 + round }));
                    input.play(&hit(1_500, NoteKind::Off));
                }
            }
            output.drain_into(&mut recent);
        }
        input.begin(&block(12.0, false));
        output.drain_into(&mut recent);
        let (notes, beats) = recent.last_bars(RECENT_BARS);
        assert_eq!(beats, 12.0);
        let starts: Vec<f64> = notes.iter().map(|note| note.beats).collect();
        assert_eq!(starts, (0..12).map(f64::from).collect::<Vec<_>>());
        assert_eq!((notes[4].velocity, notes[4].length_beats), (91, 0.0625));
    }

    #[test]
    fn what_finds_no_room_is_lost_and_counted_and_the_next_block_says_where_the_song_is() {
        let (mut input, mut output) = capture_queue();
        input.begin(&block(0.0, true));
        (0..CAPACITY + 9).for_each(|_| input.play(&hit(0, NoteKind::Off)));
        let mut recent = RecentNotes::default();
        output.drain_into(&mut recent);
        assert_eq!(recent.lost(), 10, "the jump and all but ten notes found room");
        assert!(!output.has_events());
        input.begin(&block(0.125, true));
        assert_eq!(
            output.queue.pop(),
            Ok(CaptureEvent::Jump(Jump { beats: 0.125, into_bar: 0.125, ..JUMP }))
        );
    }

    const JUMP: Jump = Jump { beats: 0.0, into_bar: 0.0, bar_beats: 4.0 };

    fn on(beats: f64) -> CaptureEvent {
        CaptureEvent::On { beats, channel: 9, note: 36, velocity: 100 }
    }

    fn starts(recent: &RecentNotes, bars: u32) -> (Vec<f64>, f64) {
        let (notes, beats) = recent.last_bars(bars);
        (notes.iter().map(|note| note.beats).collect(), beats)
    }

    #[test]
    fn a_seek_leaves_the_rest_of_its_bar_empty_and_bars_stay_bars() {
        let mut recent = RecentNotes::default();
        recent.record(CaptureEvent::Jump(Jump { beats: 16.0, ..JUMP }));
        recent.record(on(16.0));
        recent.record(CaptureEvent::Until(17.5));
        recent.record(CaptureEvent::Jump(Jump { beats: 1.0, into_bar: 1.0, bar_beats: 4.0 }));
        recent.record(on(1.0));
        assert_eq!(starts(&recent, 64), (vec![0.0, 5.0], 8.0));
        assert_eq!(starts(&recent, 1), (vec![1.0], 4.0));
    }

    #[test]
    fn the_oldest_bars_are_forgotten() {
        let mut recent = RecentNotes::default();
        recent.record(CaptureEvent::Jump(JUMP));
        (0..1_000).for_each(|beat| recent.record(on(f64::from(beat))));
        let (notes, beats) = recent.last_bars(RECENT_BARS);
        assert_eq!((notes.len(), beats), (256, 256.0));
        assert!(recent.notes.len() < 300);
        (0..100_000).for_each(|_| recent.record(on(1_000.0)));
        assert!(recent.notes.len() <= MAX_NOTES);
    }

    #[test]
    fn nothing_played_is_nothing_kept_and_a_lone_note_off_is_ignored() {
        let mut recent = RecentNotes::default();
        assert_eq!(starts(&recent, 64), (vec![], 0.0));
        recent.record(CaptureEvent::Off { beats: 3.0, channel: 9, note: 36 });
        recent.record(on(2.0));
        assert_eq!(starts(&recent, 64), (vec![], 0.0), "without a jump its bars are unknown");
    }
}
