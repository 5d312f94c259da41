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
mod tests;
