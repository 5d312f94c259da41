//! The same take in the rig's own VST3 host, with X at rest: what Ardour should have recorded there.

use super::takes::{FRAMES, LOOP, RATE, SETTINGS, TEMPO, Take};
use crate::{Bundle, HostError, Mode, Session, Setup};
use std::collections::BTreeSet;

/// Steps of a quarter note.
pub(crate) const STEPS_A_BEAT: f64 = 4.0;
/// Samples for which the transport stands before it rolls.
const BEFORE: u32 = 4800;

/// A note's place: the step since the start of the take, all passes of a loop added up, its number and its
/// velocity.
pub(crate) type Place = (i64, u8, u8);

/// Bounces `take` with X at `x` from start to end, and returns where its notes lie.
///
/// # Errors
/// The plugin fails in our host.
pub(crate) fn play(bundle: &Bundle, take: &Take, x: f64) -> Result<BTreeSet<Place>, HostError> {
    let mut instance = bundle.create()?;
    let setup = Setup { rate: RATE, most_frames: BEFORE, mode: Mode::Offline };
    let mut session = Session::start(&mut *instance, setup, TEMPO)?;
    session.set_bounce(Mode::Offline)?;
    for (name, value) in SETTINGS {
        session.set_text(name, &value.to_string())?;
    }
    session.set_text("X", &x.to_string())?;
    session.render(BEFORE)?;
    let from = session.recorder().elapsed();
    if take.looped {
        session.transport().set_loop(Some(LOOP));
    }
    session.transport().seek(take.start());
    session.transport().play();
    session.render_beats(take.beats, std::iter::repeat(FRAMES))?;
    session.transport().stop();
    session.render(FRAMES)?;
    let recording = session.finish()?;
    let steps_a_sample = STEPS_A_BEAT * TEMPO / (60.0 * RATE);
    let places = recording.notes.iter().map(|note| {
        let step = (note.start.saturating_sub(from) as f64 * steps_a_sample).round() as i64;
        (step, note.note, note.velocity)
    });
    Ok(places.collect())
}
