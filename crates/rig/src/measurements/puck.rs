//! Measures the latency from a moved puck to the bank that the audio thread plays, by its notes alone.
//!
//! A seek is a commit point, so a block of one sample that seeks to a step plays that step from the newest bank.
//! On a step that differs between two positions of the puck, the notes tell which of the two plays.

use crate::{HostError, ParameterId, Session};
use beat::{Grid, NoteKind};
use std::time::{Duration, Instant};

/// Two values of X, far apart.
const POSITIONS: [f64; 2] = [0.2, 0.8];
/// Longer than a decode takes.
const SETTLED: Duration = Duration::from_millis(200);
/// How long a bank may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The pause between blocks of one sample. It is longer than a sample, so that the plugin does not take this for
/// an offline render.
const POLL_INTERVAL: Duration = Duration::from_micros(60);

/// The step that is observed in one session.
pub(super) struct PuckProbe {
    x: ParameterId,
    step: usize,
    /// The notes of the step at either position.
    notes: [Vec<u8>; 2],
    /// The index of the current position.
    at: usize,
}

impl PuckProbe {
    /// Finds a step that differs between both positions; leaves the puck at the second.
    pub(super) fn new(session: &mut Session<'_>) -> Result<Self, HostError> {
        let x = session.instance().parameter("X")?;
        session.transport().play();
        let mut patterns = Vec::<Vec<Vec<u8>>>::new();
        for position in POSITIONS {
            session.set(x, position);
            let pattern = settled(session, patterns.first())?;
            patterns.push(pattern);
        }
        let step = (0..Grid::FOUR_FOUR.steps()).find(|&step| patterns[0][step] != patterns[1][step]);
        let step = step.ok_or(HostError::Missing("difference between two places of its map"))?;
        let notes = [0, 1].map(|position: usize| patterns[position][step].clone());
        Ok(Self { x, step, notes, at: 1 })
    }

    /// Moves the puck to the other position; returns how long it takes until that plays.
    pub(super) fn move_puck(&mut self, session: &mut Session<'_>) -> Result<Duration, HostError> {
        self.at = 1 - self.at;
        session.set(self.x, POSITIONS[self.at]);
        let begin = Instant::now();
        loop {
            if notes_of(session, self.step)? == self.notes[self.at] {
                return Ok(begin.elapsed());
            }
            if begin.elapsed() > TIMEOUT {
                return Err(HostError::Missing("bank within five seconds"));
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

/// The notes of all steps, once they differ from `before` and stay the same.
fn settled(session: &mut Session<'_>, before: Option<&Vec<Vec<u8>>>) -> Result<Vec<Vec<u8>>, HostError> {
    let begin = Instant::now();
    let mut last = Vec::new();
    while begin.elapsed() < TIMEOUT {
        let now = (0..Grid::FOUR_FOUR.steps())
            .map(|step| notes_of(session, step))
            .collect::<Result<Vec<_>, _>>()?;
        let plays = now.iter().any(|notes| !notes.is_empty());
        if plays && now == last && Some(&now) != before {
            return Ok(now);
        }
        last = now;
        let settling = Instant::now();
        while settling.elapsed() < SETTLED {
            notes_of(session, 0)?;
            std::thread::sleep(POLL_INTERVAL);
        }
    }
    Err(HostError::Missing("bank within five seconds"))
}

/// The notes of a step, from the newest bank.
fn notes_of(session: &mut Session<'_>, step: usize) -> Result<Vec<u8>, HostError> {
    // A seek to the end of the last block would be linear play, so each seek comes from half a step away.
    for half in [0.5, 0.0] {
        session.transport().seek((step as f64 + half) * Grid::FOUR_FOUR.step_beats());
        session.render(1)?;
    }
    let ons = session.last_events().iter().filter(|event| matches!(event.kind, NoteKind::On { .. }));
    Ok(ons.map(|event| event.note).collect())
}
