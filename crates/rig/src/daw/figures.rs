//! What is counted in a recording, note by note.

use super::reference::{Place, STEPS_A_BEAT};
use super::takes::{Rest, Take};
use super::{Heard, TICKS_A_BEAT};
use std::collections::BTreeSet;

/// How far a recorded note may lie from its step, in ticks of 1/1920 of a quarter note: Ardour rounds the
/// position that it tells the plugin to one tick, and the place of the note that it writes to another.
pub const TOLERANCE_TICKS: f64 = 2.0;
/// The part of a step that notes last: the plugin's default.
const GATE: f64 = 0.5;
/// Faults that are described in words.
const MOST_WORDS: usize = 8;

/// Figures of one take; all but the first three should be 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Notes that were recorded.
    pub notes: usize,
    /// How many of them lie where X rests and were compared with the rig's own host.
    pub compared: usize,
    /// The largest distance from a step, in ticks of 1/1920 of a quarter note.
    pub worst_ticks: f64,
    /// Notes farther from their step than [`TOLERANCE_TICKS`].
    pub off_grid: usize,
    /// Notes that start while the same note sounds, or on a step that has it already.
    pub doubled: usize,
    /// Notes that the rig's own host plays and the recording lacks.
    pub missing: usize,
    /// Notes without a note-off, or with one that is later than the gate. Ardour itself ends what sounds
    /// when it stops, so a note that the stop cuts is shorter and not counted.
    pub hanging: usize,
    /// Notes that the rig's own host does not play.
    pub unexpected: usize,
    /// The first faults in words.
    pub words: Vec<String>,
}

impl Figures {
    /// Counts what a recording shows by itself.
    pub fn of_itself(take: &Take, heard: &[Heard]) -> Self {
        let mut figures = Self { notes: heard.len(), ..Self::default() };
        let mut seen = BTreeSet::new();
        for note in heard {
            let step = (note.start * STEPS_A_BEAT).round();
            let off = (note.start - step / STEPS_A_BEAT).abs() * TICKS_A_BEAT;
            figures.worst_ticks = figures.worst_ticks.max(off);
            if off > TOLERANCE_TICKS {
                figures.off_grid += 1;
                figures.say(take, note, &format!("lies {off:.1} ticks from its step"));
            }
            if !seen.insert((step as i64, note.channel, note.note)) || note.over_another {
                figures.doubled += 1;
                figures.say(take, note, "is doubled");
            }
            let latest = (step + GATE) / STEPS_A_BEAT + TOLERANCE_TICKS / TICKS_A_BEAT;
            if note.end.is_none_or(|end| end > latest) {
                figures.hanging += 1;
                figures.say(take, note, "hangs");
            }
        }
        figures
    }

    /// Compares the part of the recording in which X rests with what the rig's own host plays there.
    pub(crate) fn compare(&mut self, take: &Take, rest: &Rest, heard: &[Heard], expected: &BTreeSet<Place>) {
        let place = |note: &Heard| ((note.start * STEPS_A_BEAT).round() as i64, note.note, note.velocity);
        let rests = |&&(step, ..): &&Place| {
            let beats = step as f64 / STEPS_A_BEAT;
            rest.spans.iter().any(|span| span.contains(&beats))
        };
        let played: BTreeSet<Place> = heard.iter().map(place).collect();
        self.compared += played.iter().filter(rests).count();
        for &(step, note, velocity) in expected.difference(&played).filter(rests) {
            self.missing += 1;
            self.put(format!("{}: step {step} lacks note {note} with velocity {velocity}", take.name));
        }
        for &(step, note, velocity) in played.difference(expected).filter(rests) {
            self.unexpected += 1;
            self.put(format!("{}: step {step} has note {note} with velocity {velocity}", take.name));
        }
    }

    /// Whether nothing was wrong.
    pub fn are_clean(&self) -> bool {
        self.off_grid + self.doubled + self.missing + self.hanging + self.unexpected == 0
    }

    fn say(&mut self, take: &Take, note: &Heard, what: &str) {
        let (start, end) = (note.start, note.end.unwrap_or(f64::NAN));
        self.put(format!("{}: note {} from beat {start:.4} to {end:.4} {what}", take.name, note.note));
    }

    fn put(&mut self, words: String) {
        if self.words.len() < MOST_WORDS {
            self.words.push(words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daw::takes;

    fn note(start: f64, end: Option<f64>) -> Heard {
        Heard { start, end, channel: 9, note: 36, velocity: 100, over_another: false }
    }

    /// Counts of off grid, doubled and hanging.
    fn check(heard: &[Heard], expected: (usize, usize, usize)) {
        let figures = Figures::of_itself(&takes()[0], heard);
        assert_eq!((figures.off_grid, figures.doubled, figures.hanging), expected, "{figures:?}");
        assert_eq!(figures.are_clean(), expected == (0, 0, 0));
    }

    #[test]
    fn a_note_within_the_hosts_rounding_is_clean() {
        check(&[note(0.25, Some(0.375)), note(0.5 - 2.0 / 1920.0, Some(0.625))], (0, 0, 0));
    }

    #[test]
    fn each_fault_is_counted_once() {
        check(&[note(0.25 + 3.0 / 1920.0, Some(0.375))], (1, 0, 0));
        check(&[note(0.25, Some(0.375)), note(0.25, Some(0.375))], (0, 1, 0));
        check(&[Heard { over_another: true, ..note(0.25, Some(0.375)) }], (0, 1, 0));
        check(&[note(0.25, None)], (0, 0, 1));
        check(&[note(0.25, Some(0.5))], (0, 0, 1));
    }

    #[test]
    fn a_note_that_the_stop_cuts_does_not_hang() {
        check(&[note(31.75, Some(31.76))], (0, 0, 0));
    }

    #[test]
    fn only_where_x_rests_notes_are_missed() {
        let take = &takes()[1];
        let expected = BTreeSet::from([(0, 36, 100), (2, 36, 100), (40, 36, 100)]);
        let mut figures = Figures::default();
        figures.compare(take, &take.rests[0], &[note(0.25, None), note(0.5, None)], &expected);
        assert_eq!((figures.compared, figures.missing, figures.unexpected), (2, 1, 1));
    }
}
