//! Quantises played hits to sixteenths: spans of 4/4, cut at long pauses, by whole bars.

use beat::{STEPS, STEPS_PER_BAR};

use crate::midi::{Hit, Part, TimeSignature};
use crate::notes::NoteTable;

/// Bars of the longest song that is read: 11 hours at 120 beats a minute.
pub const MOST_BARS: usize = 20_000;

/// More steps than this without a hit are a pause, which begins a new passage.
const PAUSE_STEPS: i64 = STEPS as i64;

/// The drums of one song, quantised.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuantisedSong {
    /// The passages between long pauses, in the order of time.
    pub passages: Vec<Passage>,
    /// Hits that were quantised.
    pub hits: usize,
    /// The sum over those of their distance to the nearest sixteenth, in steps.
    pub error_sum_steps: f64,
    /// Drum hits outside 4/4, or in a 4/4 bar that a change of meter cuts short.
    pub other_meter_hits: usize,
    /// Hits of notes that belong to no drum of the kit.
    pub unknown_notes: usize,
    /// Steps of all passages.
    used_steps: usize,
}

/// Whole bars of 4/4 without a long pause: step `16 * b + s` is step `s` of bar `b`, and bit `i` a hit
/// of instrument `i` of the default kit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// The steps; the length is a multiple of 16.
    pub steps: Vec<u16>,
}

/// The song is longer than [`MOST_BARS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has more than {MOST_BARS} bars of drums")]
pub struct TooLong;

impl QuantisedSong {
    /// Quantises the parts of one song.
    ///
    /// # Errors
    /// [`TooLong`] for a file that would fill the memory.
    pub fn of(parts: &[Part], notes: NoteTable) -> Result<Self, TooLong> {
        let mut song = Self::default();
        for part in parts {
            let mut hits = part.hits.as_slice();
            for span in spans(&part.time_signatures) {
                let inside = hits.partition_point(|hit| hit.step < span.end);
                let (here, later) = hits.split_at(inside);
                hits = later;
                if span.four_four {
                    song.add_span(&span, here, notes)?;
                } else {
                    song.other_meter_hits += here.len();
                }
            }
        }
        Ok(song)
    }

    /// The mean distance of the hits to their sixteenth, in steps (0..=0.5), or `None` without hits.
    pub fn mean_error_steps(&self) -> Option<f64> {
        (self.hits > 0).then(|| self.error_sum_steps / self.hits as f64)
    }

    /// The counts alone.
    #[must_use]
    pub fn without_passages(self) -> Self {
        Self { passages: Vec::new(), ..self }
    }

    fn add_span(&mut self, span: &MeterSpan, hits: &[Hit], notes: NoteTable) -> Result<(), TooLong> {
        let mut open: Option<OpenPassage> = None;
        for hit in hits {
            let Some(instrument) = notes.instrument(hit.note) else {
                self.unknown_notes += 1;
                continue;
            };
            let position = hit.step - span.start;
            let step = (position + 0.5) as i64; // never negative, so this rounds to the nearest
            if step >= span.whole_steps() {
                self.other_meter_hits += 1;
                continue;
            }
            self.hits += 1;
            self.error_sum_steps += (position - step as f64).abs();
            let current = match open.take() {
                Some(passage) if step - passage.last_step <= PAUSE_STEPS => passage,
                ended => {
                    self.close(ended);
                    OpenPassage::at(step)
                }
            };
            open = Some(current.with(step, instrument, MOST_BARS * STEPS_PER_BAR - self.used_steps)?);
        }
        self.close(open);
        Ok(())
    }

    fn close(&mut self, passage: Option<OpenPassage>) {
        if let Some(OpenPassage { steps, .. }) = passage {
            self.used_steps += steps.len();
            self.passages.push(Passage { steps });
        }
    }
}

/// A passage that is not complete yet.
struct OpenPassage {
    first_step: i64,
    last_step: i64,
    steps: Vec<u16>,
}

impl OpenPassage {
    /// One that begins at the bar of `step`.
    fn at(step: i64) -> Self {
        let first_step = step - step.rem_euclid(STEPS_PER_BAR as i64);
        Self { first_step, last_step: step, steps: Vec::new() }
    }

    fn with(mut self, step: i64, instrument: u8, room_steps: usize) -> Result<Self, TooLong> {
        let index = (step - self.first_step) as usize; // hits arrive in the order of time
        if index >= self.steps.len() {
            let length = (index / STEPS_PER_BAR + 1) * STEPS_PER_BAR;
            if length > room_steps {
                return Err(TooLong);
            }
            self.steps.resize(length, 0);
        }
        self.steps[index] |= 1 << instrument;
        self.last_step = step;
        Ok(self)
    }
}

/// A span with one meter, in sixteenths from the start of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
struct MeterSpan {
    start: f64,
    end: f64,
    four_four: bool,
}

impl MeterSpan {
    /// Steps of its whole bars; the last span has no end.
    fn whole_steps(&self) -> i64 {
        let bars = ((self.end - self.start) / STEPS_PER_BAR as f64 + 1e-6).floor();
        (bars as i64).saturating_mul(STEPS_PER_BAR as i64) // infinity saturates
    }
}

/// The spans from 0 to infinity. A repeated time signature changes nothing: bars are counted from where the
/// meter changed.
fn spans(signatures: &[TimeSignature]) -> Vec<MeterSpan> {
    let mut spans = vec![MeterSpan { start: 0.0, end: f64::INFINITY, four_four: true }];
    let mut current = (4, 2);
    for signature in signatures {
        let meter = (signature.beats, signature.unit_log2);
        if meter != current {
            current = meter;
            if let Some(last) = spans.last_mut() {
                last.end = signature.step;
            }
            spans.push(MeterSpan {
                start: signature.step,
                end: f64::INFINITY,
                four_four: signature.is_four_four(),
            });
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::midi::read_parts;
    use crate::midi::tests::{TICKS_PER_STEP, TrackBytes, file, song};

    const BAR: u64 = 16 * TICKS_PER_STEP;

    fn grid(bytes: &[u8]) -> QuantisedSong {
        QuantisedSong::of(&read_parts(bytes).unwrap(), NoteTable::Gm).unwrap()
    }

    /// Checks the bars of every passage, one character a step: `k` kick, `s` snare, `.` nothing.
    fn check(bytes: &[u8], passages: &[&str]) {
        let letter = |step: &u16| match step {
            0 => '.',
            1 => 'k',
            2 => 's',
            _ => '?',
        };
        let found: Vec<String> =
            grid(bytes).passages.iter().map(|passage| passage.steps.iter().map(letter).collect()).collect();
        assert_eq!(found, passages);
    }

    #[test]
    fn hits_go_to_the_nearest_sixteenth() {
        let track = TrackBytes::default()
            .hit(30, 36)
            .hit(4 * TICKS_PER_STEP - 59, 38)
            .hit(8 * TICKS_PER_STEP + 59, 36);
        let bytes = file(0, 480, &[track.end()]);
        check(&bytes, &["k...s...k......."]);
        let error = grid(&bytes).mean_error_steps().unwrap();
        assert!((error - (30.0 + 59.0 + 59.0) / 3.0 / 120.0).abs() < 1e-12, "{error}");
    }

    #[test]
    fn an_early_downbeat_belongs_to_the_bar_it_means() {
        let track = TrackBytes::default().hit(0, 36).hit(BAR - 20, 38);
        check(&file(0, 480, &[track.end()]), &["k...............s..............."]);
    }

    #[test]
    fn a_long_pause_begins_a_new_passage_at_its_own_bar() {
        let short = TrackBytes::default().hit(0, 36).hit(2 * BAR, 38).end();
        check(&file(0, 480, &[short]), &["k...............................s..............."]);
        let long = TrackBytes::default().hit(0, 36).hit(3 * BAR + 2 * TICKS_PER_STEP, 38).end();
        check(&file(0, 480, &[long]), &["k...............", "..s............."]);
    }

    #[test]
    fn only_four_four_is_taken_and_bars_are_counted_from_where_it_begins() {
        let waltz = 3 * 4 * TICKS_PER_STEP;
        let track = TrackBytes::default()
            .meter(0, 3, 2)
            .hit(0, 36)
            .hit(480, 38)
            .meter(waltz, 4, 2)
            .hit(waltz, 36)
            .hit(waltz + 480, 38)
            .meter(waltz + BAR, 7, 3)
            .hit(waltz + BAR, 36);
        let bytes = file(0, 480, &[track.end()]);
        check(&bytes, &["k...s..........."]);
        assert_eq!(grid(&bytes).other_meter_hits, 3);
    }

    #[test]
    fn a_repeated_signature_moves_no_bar_line() {
        let track = TrackBytes::default().meter(0, 4, 2).hit(0, 36).meter(480, 4, 2).hit(BAR, 38);
        check(&file(0, 480, &[track.end()]), &["k...............s..............."]);
    }

    #[test]
    fn a_bar_that_a_change_of_meter_cuts_short_is_left_out() {
        let track = TrackBytes::default().hit(0, 36).hit(BAR, 38).meter(BAR + 480, 3, 2).end();
        let bytes = file(0, 480, &[track]);
        check(&bytes, &["k..............."]);
        assert_eq!(grid(&bytes).other_meter_hits, 1);
    }

    #[test]
    fn notes_of_no_drum_are_counted() {
        let track = TrackBytes::default().hit(0, 36).hit(480, 5).hit(480, 120).end();
        let bytes = file(0, 480, &[track]);
        check(&bytes, &["k..............."]);
        assert_eq!(grid(&bytes).unknown_notes, 2);
    }

    #[test]
    fn a_file_that_would_fill_the_memory_is_refused() {
        // 31 silent steps between hits keep one passage growing: 14,000 hits are 27,000 bars.
        let track =
            (0..14_000).fold(TrackBytes::default(), |track, hit| track.hit(hit * 31 * TICKS_PER_STEP, 36));
        let parts = read_parts(&file(0, 480, &[track.end()])).unwrap();
        assert_eq!(QuantisedSong::of(&parts, NoteTable::Gm), Err(TooLong));
        // Far apart, the same hits are many short passages, which count as well.
        let track = (0..21_000).fold(TrackBytes::default(), |track, hit| track.hit(hit * 4 * BAR, 36));
        let parts = read_parts(&file(0, 480, &[track.end()])).unwrap();
        assert_eq!(QuantisedSong::of(&parts, NoteTable::Gm), Err(TooLong));
    }

    #[test]
    fn a_song_without_drums_has_no_passage_and_no_error() {
        let bytes = song("................");
        check(&bytes, &[]);
        assert_eq!(grid(&bytes).mean_error_steps(), None);
    }
}
