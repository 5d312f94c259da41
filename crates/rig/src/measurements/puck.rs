//! An ear on a rolling instance: tells by the notes themselves when a moved puck has reached the audio thread.
//!
//! A seek is a commit point, so a block of one sample that seeks to a step plays that step from the newest bank
//! there is. On a step that differs between two places of the puck, its notes say which of the two is heard.
//! Nothing locks and nobody is asked: this is the way that the music takes.

use crate::{HostError, ParameterId, Session};
use beat::{NoteKind, STEPS, STEPS_PER_BEAT};
use std::time::{Duration, Instant};

/// Two places far apart.
const PLACES: [f64; 2] = [0.2, 0.8];
/// Longer than any bank takes to come.
const SETTLED: Duration = Duration::from_millis(200);
/// How long a bank may take before nobody waits for it any more.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often is listened: a block of one sample, far behind the clock, so that nobody takes it for a bounce.
const LISTEN_EVERY: Duration = Duration::from_micros(60);

pub(super) struct Ear {
    x: ParameterId,
    /// The step that differs, and what it plays at either place.
    step: usize,
    notes: [Vec<u8>; 2],
    at: usize,
}

impl Ear {
    /// Learns what both places play; the puck stands at the second afterwards.
    pub(super) fn new(session: &mut Session<'_>) -> Result<Self, HostError> {
        let x = session.instance().parameter("X")?;
        session.transport().play();
        let mut patterns = Vec::<Vec<Vec<u8>>>::new();
        for place in PLACES {
            session.set(x, place);
            let pattern = settled(session, patterns.first())?;
            patterns.push(pattern);
        }
        let step = (0..STEPS).find(|&step| patterns[0][step] != patterns[1][step]);
        let step = step.ok_or(HostError::Missing("difference between two places of its map"))?;
        let notes = [0, 1].map(|place: usize| patterns[place][step].clone());
        Ok(Self { x, step, notes, at: 1 })
    }

    /// Moves the puck to the other place and listens until it plays; how long that took.
    pub(super) fn move_puck(&mut self, session: &mut Session<'_>) -> Result<Duration, HostError> {
        self.at = 1 - self.at;
        session.set(self.x, PLACES[self.at]);
        let begin = Instant::now();
        loop {
            if notes_of(session, self.step)? == self.notes[self.at] {
                return Ok(begin.elapsed());
            }
            if begin.elapsed() > PATIENCE {
                return Err(HostError::Missing("bank within five seconds"));
            }
            std::thread::sleep(LISTEN_EVERY);
        }
    }
}

/// What all steps play, once that is something other than `before` and stays.
fn settled(session: &mut Session<'_>, before: Option<&Vec<Vec<u8>>>) -> Result<Vec<Vec<u8>>, HostError> {
    let begin = Instant::now();
    let mut last = Vec::new();
    while begin.elapsed() < PATIENCE {
        let now = (0..STEPS).map(|step| notes_of(session, step)).collect::<Result<Vec<_>, _>>()?;
        let plays = now.iter().any(|notes| !notes.is_empty());
        if plays && now == last && Some(&now) != before {
            return Ok(now);
        }
        last = now;
        let listen = Instant::now();
        while listen.elapsed() < SETTLED {
            notes_of(session, 0)?;
            std::thread::sleep(LISTEN_EVERY);
        }
    }
    Err(HostError::Missing("bank within five seconds"))
}

/// What sounds on a step, from the newest bank.
fn notes_of(session: &mut Session<'_>, step: usize) -> Result<Vec<u8>, HostError> {
    // A seek to where the last block ended would be the song going on, so each comes from half a step away.
    for half in [0.5, 0.0] {
        session.transport().seek((step as f64 + half) / STEPS_PER_BEAT as f64);
        session.render(1)?;
    }
    let ons = session.last_events().iter().filter(|event| matches!(event.kind, NoteKind::On { .. }));
    Ok(ons.map(|event| event.note).collect())
}
