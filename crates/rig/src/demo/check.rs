//! The demo's check of its own recording.

use super::files::TICKS_A_BEAT;
use super::onsets;
use super::run::{DemoRecording, FRAMES, RATE, Tour};
use crate::Recording;
use beat::Grid;
use std::collections::BTreeSet;

/// The largest distance of an onset from its step: one tick of the MIDI file.
const TOLERANCE_BEATS: f64 = 1.0 / TICKS_A_BEAT as f64;
/// MIDI channel 10, counted from 0.
const DRUMS: u8 = 9;

/// Which model plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelOrigin {
    /// The shipped model, whose beats are dense and varied.
    BuiltIn,
    /// A user's model, which may be as sparse as its corpus.
    Own,
}

impl ModelOrigin {
    /// The fewest notes in 4/4 and the fewest distinct bars.
    fn fewest(self) -> (usize, usize) {
        match self {
            Self::BuiltIn => (500, 8),
            Self::Own => (1, 1),
        }
    }
}

/// Statistics of a recording, and what is wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoCheck {
    /// The number of notes.
    pub notes: usize,
    /// The number of distinct bars.
    pub distinct_bars: usize,
    /// The largest distance of an onset from its step, in samples at 48 kHz and 120 BPM.
    pub worst_samples: f64,
    /// A sentence for each fault; empty for a good recording.
    pub complaints: Vec<String>,
}

impl DemoCheck {
    /// Checks the notes and the audio of a demo.
    pub fn of_demo(played: &DemoRecording, origin: ModelOrigin) -> Self {
        let mut verdict = Self::of(&played.recording, played.tour, &played.grid, origin);
        verdict.complaints.extend(audio_complaints(&played.audio, &played.starts()));
        verdict
    }

    /// Checks the notes of a tour on a grid.
    pub fn of(recording: &Recording, tour: Tour, grid: &Grid, origin: ModelOrigin) -> Self {
        let notes = &recording.notes;
        let mut bars: Vec<BTreeSet<(usize, u8)>> = vec![BTreeSet::new(); tour.bars() as usize];
        let mut worst = 0.0_f64;
        for note in notes {
            let steps = note.start_beats / grid.step_beats();
            worst = worst.max((steps - steps.round()).abs() * grid.step_beats());
            let step = steps.round().max(0.0) as usize;
            if let Some(bar) = bars.get_mut(step / grid.bar_steps()) {
                bar.insert((step % grid.bar_steps(), note.note));
            }
        }
        let distinct_bars = bars.iter().collect::<BTreeSet<_>>().len();
        let elsewhere = notes.iter().filter(|note| note.channel != DRUMS).count();

        let (in_four, fewest_bars) = origin.fewest();
        // Fewer steps, fewer notes.
        let fewest_notes = (in_four * grid.steps() / Grid::FOUR_FOUR.steps()).max(1);
        let mut complaints = Vec::new();
        if notes.len() < fewest_notes {
            complaints.push(format!("only {} notes, fewer than {fewest_notes}", notes.len()));
        }
        if elsewhere > 0 {
            complaints.push(format!("{elsewhere} notes are not on channel 10"));
        }
        if worst > TOLERANCE_BEATS {
            complaints.push(format!("an onset lies {worst:.5} beats from its step"));
        }
        if distinct_bars < fewest_bars {
            complaints.push(format!("only {distinct_bars} distinct bars, fewer than {fewest_bars}"));
        }
        for (sample, fault, event) in recording.faults.iter().take(5) {
            complaints.push(format!("{fault:?} at sample {sample}: {event:?}"));
        }
        if recording.faults.len() > 5 {
            complaints.push(format!("{} more faults of this kind", recording.faults.len() - 5));
        }
        Self { notes: notes.len(), distinct_bars, worst_samples: worst * 24_000.0, complaints }
    }
}

/// What is wrong with audio in which notes start at these samples.
fn audio_complaints(audio: &[Vec<f32>; 2], starts: &[u64]) -> Vec<String> {
    // The limiter keeps peaks below full scale; beyond this the file would clip.
    const FULL_SCALE: f32 = 0.999;
    const AUDIBLE: f32 = 0.1;
    // Ghost notes under a loud cymbal have no detectable onset.
    const RECALL: f64 = 0.85;
    const PRECISION: f64 = 0.95;
    const ROUGHNESS: f64 = 1.25;
    let mut complaints = Vec::new();
    let peak = onsets::peak(audio);
    if !(AUDIBLE..FULL_SCALE).contains(&peak) {
        complaints.push(format!("the loudest sample of the audio is {peak:.3} of full scale"));
    }
    let matched = onsets::match_onsets(&onsets::detect(audio, RATE), starts, RATE);
    if matched.recall < RECALL {
        complaints.push(format!("only {:.1} % of the notes have a detected onset", 100.0 * matched.recall));
    }
    if matched.precision < PRECISION {
        let unexplained = 100.0 * (1.0 - matched.precision);
        complaints.push(format!("{unexplained:.1} % of the detected onsets are no note"));
    }
    let rough = onsets::roughness_at_borders(audio, FRAMES as usize, starts);
    if rough > ROUGHNESS {
        complaints.push(format!("the audio is {rough:.2} times as rough where blocks meet"));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RecordedNote;

    const GRID: Grid = Grid::FOUR_FOUR;

    /// A recording with a kick on every sixteenth, and a hat on a step that differs from bar to bar.
    fn good() -> Recording {
        let mut recording = Recording::default();
        for step in 0..Tour::Journey.bars() * GRID.bar_steps() as u32 {
            let note = RecordedNote {
                start: u64::from(step) * 6000,
                end: u64::from(step) * 6000 + 3000,
                start_beats: f64::from(step) * GRID.step_beats(),
                length_beats: 0.125,
                channel: 9,
                note: 36,
                velocity: 100,
            };
            recording.notes.push(note);
            if step % 17 == 0 {
                recording.notes.push(RecordedNote { note: 42, ..note });
            }
        }
        recording
    }

    #[test]
    fn a_good_recording_passes_and_each_damage_is_named() {
        assert_eq!(
            DemoCheck::of(&good(), Tour::Journey, &GRID, ModelOrigin::BuiltIn).complaints,
            Vec::<String>::new()
        );
        let check = |damage: fn(&mut Recording), complaint: &str| {
            let mut recording = good();
            damage(&mut recording);
            let complaints = DemoCheck::of(&recording, Tour::Journey, &GRID, ModelOrigin::BuiltIn).complaints;
            assert!(complaints.iter().any(|found| found.contains(complaint)), "{complaints:?}");
        };
        check(|recording| recording.notes.truncate(499), "only 499 notes");
        check(|recording| recording.notes[7].channel = 0, "1 notes are not on channel 10");
        check(|recording| recording.notes[7].start_beats += 0.01, "from its step");
        check(|recording| recording.notes.retain(|note| note.note == 36), "only 1 distinct bars");
    }

    #[test]
    fn a_users_model_may_be_sparse_but_not_silent() {
        let mut recording = good();
        recording.notes.truncate(1);
        assert_eq!(
            DemoCheck::of(&recording, Tour::Journey, &GRID, ModelOrigin::Own).complaints,
            Vec::<String>::new()
        );
        recording.notes.clear();
        assert_eq!(
            DemoCheck::of(&recording, Tour::Journey, &GRID, ModelOrigin::Own).complaints,
            ["only 0 notes, fewer than 1"]
        );
    }
}
