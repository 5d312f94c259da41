//! The two bars that play, gathered from the notes that are heard.

use crate::hosts::model::KitCard;
use beat::{INSTRUMENTS, NoteEvent, NoteKind, STEPS, STEPS_PER_BEAT};

/// The 14 x 32 grid of the current cycle.
#[derive(Clone, Debug)]
pub struct Grid {
    names: [String; INSTRUMENTS],
    notes: [u8; INSTRUMENTS],
    cycle: i64,
    cells: [u32; INSTRUMENTS],
    playhead: usize,
}

impl Grid {
    /// An empty grid over this kit.
    pub fn new(kit: &KitCard) -> Self {
        Self { names: kit.names.clone(), notes: kit.notes, cycle: 0, cells: [0; INSTRUMENTS], playhead: 0 }
    }

    /// Takes in the events of a block that starts at `beats`; returns how many notes started.
    pub(crate) fn hear(&mut self, beats: f64, beats_a_sample: f64, events: &[NoteEvent]) -> usize {
        let mut started = 0;
        self.go_to(beats);
        for event in events.iter().filter(|event| event.kind != NoteKind::Off) {
            started += 1;
            // A sound belongs to the nearest step: it is half a sample off at most.
            let step = self.go_to(beats + f64::from(event.sample) * beats_a_sample + 1e-3);
            if let Some(instrument) = self.notes.iter().position(|&note| note == event.note) {
                self.cells[instrument] |= 1 << step;
            }
        }
        started
    }

    /// The row of an instrument (0..14): its name, and a character a step.
    pub fn row(&self, instrument: usize) -> (&str, String) {
        let cell = |step: usize| if self.cells[instrument] >> step & 1 == 1 { 'x' } else { '.' };
        (&self.names[instrument], (0..STEPS).map(cell).collect())
    }

    /// The step that plays, 0..32.
    pub fn playhead(&self) -> usize {
        self.playhead
    }

    /// Which pass through the 32 steps this is, from 0.
    pub fn cycle(&self) -> i64 {
        self.cycle
    }

    /// Moves the playhead; a new cycle starts with an empty grid.
    fn go_to(&mut self, beats: f64) -> usize {
        let step = (beats * STEPS_PER_BEAT as f64).floor() as i64;
        let cycle = step.div_euclid(STEPS as i64);
        if cycle != self.cycle {
            self.cycle = cycle;
            self.cells = [0; INSTRUMENTS];
        }
        self.playhead = step.rem_euclid(STEPS as i64) as usize;
        self.playhead
    }
}
