//! The last bars as they were played. Wound by the decode thread, read by the window, under a lock that
//! the audio thread never sees.

use std::collections::VecDeque;

use score::Note;

use super::{Played, SEAM_BEATS, Seam};

/// Bars that are kept.
pub const TAPE_BARS: u32 = 64;
/// Notes that are kept at most: every drum on every step of all bars.
const MOST_NOTES: usize = 64 * 16 * 14;
/// What a note lasts whose end was lost.
const LOST_END_BEATS: f64 = 0.125;

/// Notes on a time line of their own, on which the song never jumps: after a seek or a stop it goes on at
/// the next place that lies in its bar as the song does, so that bars stay bars.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    notes: VecDeque<Wound>,
    /// How far it is wound, in beats.
    end: f64,
    /// What is added to song positions.
    shift: f64,
    bar_beats: f64,
    /// Where on the tape a bar of this length begins.
    bar_start: f64,
    lost: u32,
}

#[derive(Clone, Copy, Debug)]
struct Wound {
    note: Note,
    sounds: bool,
}

impl Tape {
    /// The notes of the last `bars` bars that have been played, from beat 0 of the first of them on, and how
    /// many beats these are. Nothing where nothing was played.
    pub fn last_bars(&self, bars: u32) -> (Vec<Note>, f64) {
        if self.bar_beats <= 0.0 || self.notes.is_empty() {
            return (Vec::new(), 0.0);
        }
        let bar_at = |beats: f64| ((beats - self.bar_start) / self.bar_beats).floor();
        // A bar that has only just begun and has no note yet is none.
        let last = self.notes.iter().map(|wound| wound.note.beats).fold(0.0, f64::max);
        let end = (bar_at((self.end - SEAM_BEATS).max(last)) + 1.0) * self.bar_beats + self.bar_start;
        let first = self.notes.iter().map(|wound| wound.note.beats).fold(f64::INFINITY, f64::min);
        let oldest = bar_at(first) * self.bar_beats + self.bar_start;
        let start = oldest.max(end - f64::from(bars) * self.bar_beats);
        let kept = self.notes.iter().filter(|wound| wound.note.beats >= start - 1e-9);
        let notes = kept.map(|wound| Note { beats: wound.note.beats - start, ..wound.note });
        (notes.collect(), end - start)
    }

    /// Events that nobody wound in time.
    pub fn lost(&self) -> u32 {
        self.lost
    }

    pub(super) fn set_lost(&mut self, lost: u32) {
        self.lost = lost;
    }

    pub(crate) fn wind(&mut self, played: Played) {
        match played {
            Played::Seam(seam) => self.go_on(&seam),
            Played::Until(beats) => self.end = self.end.max(beats + self.shift),
            Played::On { beats, channel, note, velocity } => {
                let beats = beats + self.shift;
                self.end = self.end.max(beats);
                let note = Note { beats, length_beats: LOST_END_BEATS, channel, note, velocity };
                self.notes.push_back(Wound { note, sounds: true });
                self.forget();
            }
            Played::Off { beats, channel, note } => {
                let end = beats + self.shift;
                let sounding =
                    self.notes.iter_mut().rev().find(|wound| {
                        wound.sounds && (wound.note.channel, wound.note.note) == (channel, note)
                    });
                if let Some(wound) = sounding {
                    wound.note.length_beats = (end - wound.note.beats).max(0.0);
                    wound.sounds = false;
                }
                self.end = self.end.max(end);
            }
        }
    }

    /// The song goes on elsewhere. What still sounds has its note-off behind the seam, at the seam's
    /// sample: it ends where the tape is now.
    fn go_on(&mut self, seam: &Seam) {
        for wound in self.notes.iter_mut().rev().take(128).filter(|wound| wound.sounds) {
            wound.note.length_beats = (self.end - wound.note.beats).max(0.0);
            wound.sounds = false;
        }
        if seam.bar_beats != self.bar_beats {
            // Bars of another length are counted from where they begin.
            self.bar_beats = seam.bar_beats;
            self.bar_start = self.end;
        }
        let into_bar = (self.end - self.bar_start).rem_euclid(self.bar_beats);
        let mut ahead = (seam.into_bar - into_bar).rem_euclid(self.bar_beats);
        // A hair behind its place is its place: hosts round.
        if self.bar_beats - ahead < SEAM_BEATS {
            ahead -= self.bar_beats;
        }
        self.shift = self.end + ahead - seam.beats;
        self.end = self.end.max(self.end + ahead);
    }

    /// Lets go of what lies too far back.
    fn forget(&mut self) {
        let oldest = self.end - (f64::from(TAPE_BARS) + 1.0) * self.bar_beats.max(0.25);
        while self.notes.len() > MOST_NOTES
            || self.notes.front().is_some_and(|wound| wound.note.beats < oldest)
        {
            self.notes.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEAM: Seam = Seam { beats: 0.0, into_bar: 0.0, bar_beats: 4.0 };

    fn on(beats: f64) -> Played {
        Played::On { beats, channel: 9, note: 36, velocity: 100 }
    }

    fn starts(tape: &Tape, bars: u32) -> (Vec<f64>, f64) {
        let (notes, beats) = tape.last_bars(bars);
        (notes.iter().map(|note| note.beats).collect(), beats)
    }

    #[test]
    fn a_seek_leaves_the_rest_of_its_bar_empty_and_bars_stay_bars() {
        let mut tape = Tape::default();
        tape.wind(Played::Seam(Seam { beats: 16.0, ..SEAM }));
        tape.wind(on(16.0));
        tape.wind(Played::Until(17.5));
        tape.wind(Played::Seam(Seam { beats: 1.0, into_bar: 1.0, bar_beats: 4.0 }));
        tape.wind(on(1.0));
        assert_eq!(starts(&tape, 64), (vec![0.0, 5.0], 8.0));
        assert_eq!(starts(&tape, 1), (vec![1.0], 4.0));
    }

    #[test]
    fn the_oldest_bars_are_let_go() {
        let mut tape = Tape::default();
        tape.wind(Played::Seam(SEAM));
        (0..1_000).for_each(|beat| tape.wind(on(f64::from(beat))));
        let (notes, beats) = tape.last_bars(TAPE_BARS);
        assert_eq!((notes.len(), beats), (256, 256.0));
        assert!(tape.notes.len() < 300);
        (0..100_000).for_each(|_| tape.wind(on(1_000.0)));
        assert!(tape.notes.len() <= MOST_NOTES);
    }

    #[test]
    fn nothing_played_is_nothing_kept_and_stray_ends_disturb_nobody() {
        let mut tape = Tape::default();
        assert_eq!(starts(&tape, 64), (vec![], 0.0));
        tape.wind(Played::Off { beats: 3.0, channel: 9, note: 36 });
        tape.wind(on(2.0));
        assert_eq!(starts(&tape, 64), (vec![], 0.0), "without a seam nobody knows its bars");
    }
}
