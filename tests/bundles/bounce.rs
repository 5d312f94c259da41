//! Offline rendering: a bounce is what one hears live, and it is the same each time.

use crate::studio::{
    assert_clean, assert_no_faults, blocks, bounce, each_format, heard, perform, play_busily,
};
use rig::{HostError, Instance, Mode, Recording, Session, Setup};
use std::time::{Duration, Instant};

/// How long a busy machine may take to decode one bank.
const PATIENCE: Duration = Duration::from_secs(20);

/// Two bars while X, Y and the temperature move in every block.
fn moving(session: &mut Session<'_>) -> Result<(), HostError> {
    play_busily(session)?;
    let names = ["X", "Y", "Temperature"];
    let [x, y, temperature] = names.map(|name| session.instance().parameter(name));
    let (x, y, temperature) = (x?, y?, temperature?);
    session.transport().play();
    for block in 0..800 {
        let part = f64::from(block) / 800.0;
        session.set(x, part);
        session.set(y, (part * 19.0).sin() * 0.5 + 0.5);
        session.set(temperature, part * 0.6);
        session.render(480)?;
    }
    session.transport().stop();
    session.render(480)
}

#[test]
fn two_bounces_with_moving_automation_are_identical() {
    each_format(|instance| {
        let first = bounce(instance, moving);
        assert_clean(&first, 30);
        assert_eq!(bounce(instance, moving), first);
    });
}

/// Two bars from the start, at a place that every call sets.
fn two_bars(session: &mut Session<'_>) -> Result<(), HostError> {
    session.transport().stop();
    session.transport().seek(0.0);
    play_busily(session)?;
    session.set_text("X", "0.3")?;
    session.set_text("Y", "0.7")?;
    session.render(480)?;
    session.transport().play();
    session.render_beats(8.0, blocks(480))?;
    session.transport().stop();
    session.render(480)
}

/// Plays two bars live until they are `expected`, once the decode thread has come that far.
fn plays_live(instance: &mut dyn Instance, expected: &Recording) {
    let asked = Instant::now();
    loop {
        let live = perform(instance, Setup::new(Mode::Realtime), two_bars);
        assert_no_faults(&live);
        if heard(&live) == heard(expected) {
            return;
        }
        assert!(asked.elapsed() < PATIENCE, "live play never became what the bounce has");
    }
}

#[test]
fn a_bounce_is_what_plays_live_with_the_puck_at_rest() {
    each_format(|instance| {
        let bounced = bounce(instance, two_bars);
        assert_clean(&bounced, 20);
        plays_live(instance, &bounced);
        // Live, offline, live again: each time the plugin believes what the host says now.
        assert_eq!(heard(&bounce(instance, two_bars)), heard(&bounced));
        plays_live(instance, &bounced);
    });
}
